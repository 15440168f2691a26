import { z } from 'zod';
import type { FrameObjects } from './live-feed.ts';

const fraction = z.number().describe('0..1 of the picture');

/** The objects of one inferred frame, as server-sent events and WebRTC's data channel tell them. */
export const tracksMessageSchema = z.strictObject({
  captureAtMs: z.number().describe('When the picture arrived from the camera, ms since the epoch'),
  frame: z
    .strictObject({
      sentMs: z
        .number()
        .describe(
          'WebRTC: when the picture was given to the encoder, ms. Its RTP timestamp is 90 * sentMs + a constant of the connection, modulo 2^32, to about a millisecond',
        ),
    })
    .optional()
    .describe('How the transport names the picture'),
  tracks: z.array(
    z.strictObject({
      objectId: z.string(),
      label: z.string(),
      score: z.number().min(0).max(1),
      boxNorm: z.tuple([fraction, fraction, fraction, fraction]).describe('x1, y1, x2, y2'),
      velocityNorm: z
        .tuple([z.number(), z.number()])
        .describe('Of the centre, picture widths and heights per second'),
      stationary: z.boolean(),
      zones: z.array(z.string()),
    }),
  ),
});

export type TracksMessage = z.infer<typeof tracksMessageSchema>;

/** A message as JSON text. @param sentMs see the schema */
export function tracksMessage({ captureAtMs, objects }: FrameObjects, sentMs?: number): string {
  const message: TracksMessage = {
    captureAtMs: Math.round(captureAtMs),
    ...(sentMs !== undefined && { frame: { sentMs } }),
    tracks: objects.map(({ objectId, label, score, boxNorm, velocityNorm, stationary, zones }) => ({
      ...{ objectId, label, score: round(score), stationary, zones: [...zones] },
      boxNorm: [round(boxNorm[0]), round(boxNorm[1]), round(boxNorm[2]), round(boxNorm[3])],
      velocityNorm: [round(velocityNorm[0]), round(velocityNorm[1])],
    })),
  };
  return JSON.stringify(message);
}

/** To a tenth of a pixel of the largest pictures. */
function round(value: number): number {
  return Math.round(value * 1e5) / 1e5;
}
