import { z } from 'zod';

// The section of live pictures over WebRTC. See schema.ts.

const port = z.int().min(1024).max(65_535);

export const iceServerSchema = z.strictObject({
  urls: z
    .array(z.string().regex(/^(stun|stuns|turn|turns):[^\s<>"]+$/, 'use stun:host:port or turn:host:port'))
    .min(1)
    .describe('Its addresses')
    .meta({ examples: [['turn:turn.example:3478']] }),
  username: z.string().optional().describe('For TURN'),
  credential: z
    .string()
    .optional()
    .describe('For TURN; viewers are told it, for they need it too')
    .meta({ examples: [`\${file:/etc/ocellus/turn.pw}`] }),
});

export const webrtcSchema = z.strictObject({
  enabled: z.boolean().default(true).describe('Show live pictures over WebRTC'),
  maxViewers: z
    .int()
    .min(1)
    .max(256)
    .default(8)
    .describe('Most viewers, of all cameras: each has an encoder of its own'),
  ports: z
    .strictObject({ min: port.describe('First of them'), max: port.describe('Last of them') })
    .refine(({ min, max }) => min <= max, 'min is above max')
    .optional()
    .describe('UDP and TCP ports that may be used, for a firewall; default: any free one'),
  iceServers: z
    .array(iceServerSchema)
    .default([])
    .describe('STUN and TURN servers; none: viewers reach the device by its own addresses, as on a LAN'),
});

export type WebrtcConfig = z.infer<typeof webrtcSchema>;
