import { describe, expect, it } from 'vitest';
import { cameraSchema } from '../../../src/config/camera-schema.ts';
import { cameraDevice } from '../../../src/mqtt/home-assistant/camera-device.ts';
import { joined } from '../../../src/mqtt/home-assistant/discovery-payload.ts';
import { earlierComponents } from '../../../src/mqtt/home-assistant/earlier-payload.ts';
import { hubDevice } from '../../../src/mqtt/home-assistant/hub-device.ts';
import { Topics } from '../../../src/mqtt/topics.ts';
import { devicePayloadSchema } from './discovery-schema.ts';

const topics = new Topics('porch');

function device(camera: object = {}) {
  return cameraDevice(topics, 'porch', 'front', cameraSchema.parse({ source: 'sim://scene', ...camera }), {
    inPicture: new Set(['person', 'traffic light']),
    inZones: new Map([['drive', new Set(['person'])]]),
  });
}

describe('the entities of a camera', () => {
  it('are what the schema of Home Assistant documents', () => {
    const lines = { gate: { from: [0, 0], to: [1, 1] } };
    for (const payload of [device({ lines }), hubDevice(topics, 'porch')]) {
      expect(() => devicePayloadSchema.parse(payload)).not.toThrow();
    }
  });

  it.each([
    ['person_occupancy', 'binary_sensor', 'state_topic', 'counts/person'],
    ['person_count', 'sensor', 'state_topic', 'counts/person'],
    ['person_snapshot', 'image', 'image_topic', 'snapshot/person'],
    ['traffic_-20-light_count', 'sensor', 'state_topic', 'counts/traffic light'],
    ['zone_drive_person_occupancy', 'binary_sensor', 'state_topic', 'zones/drive/counts/person'],
    ['motion', 'binary_sensor', 'state_topic', 'motion'],
    ['state', 'sensor', 'json_attributes_topic', 'state'],
    ['enabled', 'switch', 'command_topic', 'set/enabled'],
    ['detect', 'switch', 'state_topic', 'detect'],
    ['fps', 'number', 'command_topic', 'set/fps'],
    ['snapshot', 'button', 'command_topic', 'set/snapshot'],
    ['picture', 'image', 'image_topic', 'snapshot'],
  ])('have %s, a %s', (key, platform, topicKey, tail) => {
    const component = device().components[key];
    expect(component).toMatchObject({ platform, [topicKey]: `ocellus/porch/cameras/front/${tail}` });
  });

  it('have ids of their own each', () => {
    const ids = Object.values(device().components).map((component) => component.unique_id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('keep the rate within what is configured, and have no number where there is nothing to choose', () => {
    expect(device({ detect: { fps: 7 } }).components.fps).toMatchObject({ min: 0.1, max: 7 });
    expect(device({ detect: { fps: 0.1 } }).components.fps).toBeUndefined();
  });

  it('have no snapshots where none are kept', () => {
    expect(device({ snapshots: { enabled: false } }).components.person_snapshot).toBeUndefined();
  });

  it('hang on the Ocellus device', () => {
    expect(device().device.via_device).toBe(hubDevice(topics, 'porch').device.identifiers?.[0]);
  });
});

it.each([
  [['a_b'], ['a', 'b']],
  [
    ['a_', 'b'],
    ['a', 'b'],
  ],
  [['a b'], ['a_b']],
])('joins %j otherwise than %j', (left, right) => {
  expect(joined(...left)).not.toBe(joined(...right));
});

describe('what an earlier run announced', () => {
  const text = JSON.stringify(device());

  it.each([
    ['porch', text, true, 'its own'],
    ['por', text, false, 'another device whose name starts the same'],
    ['porch', '{', false, 'no JSON'],
    ['porch', text.replaceAll('"name":"Ocellus"', '"name":"Zigbee2MQTT"'), false, 'other software'],
    ['porch', JSON.stringify({ device: {} }), false, 'no identifiers'],
  ])('of %s is known or not', (deviceId, payload, own) => {
    expect(earlierComponents(deviceId, payload) !== undefined).toBe(own);
  });

  it('of a device whose name goes on with "_" is another device', () => {
    const other = cameraDevice(topics, 'porch_2', 'front', cameraSchema.parse({ source: 'sim://x' }), {
      inPicture: new Set(),
      inZones: new Map(),
    });
    expect(earlierComponents('porch', JSON.stringify(other))).toBeUndefined();
  });
});
