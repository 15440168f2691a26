import { z } from 'zod';
import { identifier } from './schema-parts.ts';
import { webrtcSchema } from './webrtc-schema.ts';

// The section of the web page and the API. See schema.ts.

/** What somebody may do: see; change what cameras report; change anything. */
export const ROLES = ['viewer', 'operator', 'admin'] as const;

const grants = {
  role: z
    .enum(ROLES)
    .default('viewer')
    .describe('viewer: sees; operator: also edits zones and thresholds; admin: everything'),
  cameras: z
    .array(z.string().min(1))
    .min(1)
    .default(['*'])
    .describe('Cameras that they may see and edit; "*": all'),
};

export const userSchema = z.strictObject({
  passwordHash: z
    .string()
    .regex(
      /^\$scrypt\$ln=\d{1,2},r=\d{1,2},p=\d{1,2}\$[A-Za-z0-9+/]{16,86}\$[A-Za-z0-9+/]{43}$/,
      'use what `ocellus password` prints',
    )
    .optional()
    .describe('What `ocellus password` prints'),
  passwordFile: z.string().optional().describe('File that holds what `ocellus password` prints'),
  ...grants,
});

export const tokenSchema = z.strictObject({
  tokenHash: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'use what `ocellus password --token` prints')
    .optional()
    .describe('SHA-256 of the token, as `ocellus password --token` prints it'),
  tokenFile: z.string().optional().describe('File that holds the token, 32 characters or more'),
  ...grants,
});

export const tlsSchema = z.strictObject({
  certFile: z.string().optional().describe('Certificate and its chain, PEM'),
  keyFile: z.string().optional().describe('Private key, PEM'),
  selfSigned: z
    .boolean()
    .default(false)
    .describe('Make a certificate of its own, kept in storage.path; browsers ask once whether to trust it'),
});

export const httpSchema = z.strictObject({
  enabled: z
    .boolean()
    .default(true)
    .describe('Serve the web page and the API; false: the daemon listens nowhere'),
  listen: z
    .string()
    .regex(/^(\[[0-9a-fA-F:.]+\]|[^:\s]+):\d{1,5}$/, 'use address:port, such as 127.0.0.1:8080')
    .default('127.0.0.1:8080')
    .describe('Address and port of the web page and the API; other than loopback only with users or tokens'),
  tls: tlsSchema.optional().describe('HTTPS; absent: HTTP'),
  users: z.record(identifier, userSchema).default({}).describe('Who may log in to the page, by name'),
  tokens: z.record(identifier, tokenSchema).default({}).describe('Programs that may use the API, by name'),
  session: z
    .strictObject({
      idleMinutes: z
        .int()
        .min(1)
        .default(720)
        .describe('Somebody who does nothing for so long is logged out'),
      maxDays: z.number().positive().max(365).default(30).describe('Longest time without a new login'),
    })
    .prefault({})
    .describe('Logins of the page'),
  webrtc: webrtcSchema.prefault({}).describe('Live pictures over WebRTC'),
  trustedHosts: z
    .array(z.string().regex(/^[A-Za-z0-9._-]+$/, 'use a bare name such as porch.lan'))
    .default([])
    .describe('Names that this device is opened by, besides its addresses and its own name')
    .meta({ examples: [['porch.lan']] }),
  allowedOrigins: z
    .array(z.string().regex(/^https?:\/\/[^/\s]+$/, 'use scheme://host[:port] without a path'))
    .default([])
    .describe('Pages of other sites that may use the API with a token')
    .meta({ examples: [['https://dashboard.example']] }),
});

export type HttpConfig = z.infer<typeof httpSchema>;
export type Role = (typeof ROLES)[number];
