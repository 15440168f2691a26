import { describe, expect, it } from 'vitest';
import { explain } from '../../src/base/errors.ts';
import { type CameraCommand, outcomePayload, parseCommand } from '../../src/mqtt/commands.ts';
import type { CommandName } from '../../src/mqtt/topics.ts';

describe('parseCommand', () => {
  it.each<[CommandName, string, CameraCommand['value'], string]>([
    ['enabled', 'ON', true, 'the form of Home Assistant'],
    ['enabled', ' off\n', false, 'a shell adds a newline'],
    ['detect', 'true', true, 'JSON'],
    ['detect', '0', false, 'a number'],
    ['fps', '7.5', 7.5, 'a fraction'],
    ['fps', '0.1', 0.1, 'the smallest'],
    ['fps', '120', 120, 'the largest'],
    ['snapshot', '', null, 'needs no payload'],
    ['snapshot', 'anything', null, 'a button sends what it likes'],
  ])('reads %s %j as %j: %s', (command, payload, value) => {
    expect(parseCommand('front', command, payload)).toEqual({ cameraId: 'front', command, value });
  });

  it.each<[CommandName, string, string, string]>([
    ['enabled', '', '"" is no value for enabled (send ON or OFF)', 'empty'],
    ['detect', 'maybe', '"maybe" is no value for detect (send ON or OFF)', 'no such word'],
    ['fps', '0', '"0" is no value for fps (send a number from 0.1 to 120)', 'below the smallest'],
    ['fps', '121', '"121" is no value for fps (send a number from 0.1 to 120)', 'above the largest'],
    ['fps', '1e2', '"1e2" is no value for fps (send a number from 0.1 to 120)', 'not plain digits'],
    ['fps', 'NaN', '"NaN" is no value for fps (send a number from 0.1 to 120)', 'not a number'],
  ])('refuses %s %j: %s', (command, payload, message) => {
    let thrown: unknown;
    try {
      parseCommand('front', command, payload);
    } catch (error) {
      thrown = error;
    }
    expect(explain(thrown)).toBe(message);
  });

  it('quotes no more of a payload than a line can bear', () => {
    expect(() => parseCommand('front', 'fps', 'x'.repeat(1_000_000))).toThrow(
      /^"x{64}" is no value for fps$/,
    );
  });
});

const JPEG = Buffer.from([0xff, 0xd8, 0xff]);

it.each([
  [true, 'ON'],
  [false, 'OFF'],
  [7.5, '7.5'],
  [JPEG, JPEG],
])('publishes the outcome %j as %s', (outcome, payload) => {
  expect(outcomePayload(outcome)).toBe(payload);
});
