import { z } from 'zod';

export const cameraStateNames = ['connecting', 'live', 'reconnecting', 'failed', 'disabled'] as const;
export const cameraCauses = [
  'auth_failed',
  'unreachable',
  'not_found',
  'no_keyframe',
  'stalled',
  'frozen',
  'black',
  'decode_error',
  'ended',
] as const;

export type CameraStateName = (typeof cameraStateNames)[number];
export type CameraCause = (typeof cameraCauses)[number];

/** Payload of `cameras/<cam>/state`, retained. `cause` is null where there is nothing wrong. */
export const cameraStateSchema = z
  .strictObject({
    state: z.enum(cameraStateNames),
    cause: z.enum(cameraCauses).nullable(),
    sinceMs: z.int().describe('Since when, ms since the epoch'),
  })
  .describe('State of a camera');

export type CameraState = z.infer<typeof cameraStateSchema>;
