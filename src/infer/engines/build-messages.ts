import { z } from 'zod';

// What the daemon and the process that builds an engine say to each other.

const options = z.record(z.string(), z.string());

/** A `BuildJob`, without its deadline: whoever started the process ends it. */
export const buildRequestSchema = z.strictObject({
  file: z.string(),
  providers: z.array(z.enum(['tensorrt', 'cuda', 'cpu'])).min(1),
  providerOptions: z.strictObject({
    tensorrt: options.optional(),
    cuda: options.optional(),
    cpu: options.optional(),
  }),
  threads: z.int().positive(),
  libonnxruntime: z.string().nullable(),
});

export type BuildRequest = z.infer<typeof buildRequestSchema>;

export const buildAnswerSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('built') }),
  z.strictObject({ type: z.literal('failed'), message: z.string() }),
]);

export type BuildAnswer = z.infer<typeof buildAnswerSchema>;
