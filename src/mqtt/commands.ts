import { z } from 'zod';
import { OcellusError } from '../base/errors.ts';
import { type CommandName, commandNames } from './topics.ts';

/** A command to a camera, understood and within its limits. */
export type CameraCommand =
  | { readonly cameraId: string; readonly command: 'enabled' | 'detect'; readonly value: boolean }
  | { readonly cameraId: string; readonly command: 'fps'; readonly value: number }
  | { readonly cameraId: string; readonly command: 'snapshot'; readonly value: null };

/** What a command led to: the value now in force, or the snapshot as JPEG. */
export type CommandOutcome = boolean | number | Buffer;

/** Carries a command out. What it throws is told to whoever sent the command. */
export type CommandHandler = (command: CameraCommand) => Promise<CommandOutcome>;

const onOff = z
  .string()
  .trim()
  .toLowerCase()
  .pipe(z.enum(['on', 'off', 'true', 'false', '1', '0']))
  .transform((text) => text === 'on' || text === 'true' || text === '1');

const fps = z
  .string()
  .trim()
  .regex(/^\d{1,4}(\.\d{1,6})?$/)
  .transform(Number)
  .pipe(z.number().min(0.1).max(120));

/** True when there is a command of that name. */
export function isCommandName(name: string): name is CommandName {
  return (commandNames as readonly string[]).includes(name);
}

/**
 * Reads the payload of a command.
 * @throws OcellusError `data_invalid` with what would be valid
 */
export function parseCommand(cameraId: string, command: CommandName, payload: string): CameraCommand {
  const invalid = (expected: string) =>
    new OcellusError('data_invalid', `"${payload.slice(0, 64)}" is no value for ${command}`, {
      hint: `send ${expected}`,
    });
  switch (command) {
    case 'enabled':
    case 'detect': {
      const value = onOff.safeParse(payload);
      if (!value.success) throw invalid('ON or OFF');
      return { cameraId, command, value: value.data };
    }
    case 'fps': {
      const value = fps.safeParse(payload);
      if (!value.success) throw invalid('a number from 0.1 to 120');
      return { cameraId, command, value: value.data };
    }
    case 'snapshot':
      return { cameraId, command, value: null };
  }
}

/** An outcome as it is published. */
export function outcomePayload(outcome: CommandOutcome): string | Buffer {
  if (typeof outcome === 'boolean') return outcome ? 'ON' : 'OFF';
  return typeof outcome === 'number' ? String(outcome) : outcome;
}
