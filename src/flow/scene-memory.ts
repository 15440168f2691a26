import { z } from 'zod';
import { attributesSchema } from './domain-event.ts';

/** Cells along each side of an appearance. */
export const APPEARANCE_CELLS = 8;
export const APPEARANCE_LENGTH = 3 * APPEARANCE_CELLS ** 2;

/** Means (0..255) of 8 x 8 cells of a box, row by row: of Y, then of U, then of V. */
export type Appearance = readonly number[];

/** How a box of the source picture looks in the frame at hand; undefined where too little of it is visible. */
export type AppearanceAt = (boxPx: readonly [number, number, number, number]) => Appearance | undefined;

const px = z.number();

export const rememberedObjectSchema = z.strictObject({
  objectId: z.string().min(1),
  label: z.string().min(1),
  boxPx: z.tuple([px, px, px, px]),
  source: z.strictObject({ widthPx: z.number().positive(), heightPx: z.number().positive() }),
  appearance: z.array(z.number()).length(APPEARANCE_LENGTH),
  /** What a re-identification model told of it; absent without one. */
  embedding: z.array(z.number()).min(2).max(8192).optional(),
  topScore: z.number().min(0).max(1),
  startedAtMs: z.int().nonnegative(),
  lastSeenAtMs: z.int().nonnegative(),
  /** The zones that hold it: for how long so far, and whether that was told. */
  zones: z
    .record(z.string(), z.strictObject({ stayMs: z.number().nonnegative(), dwelled: z.boolean() }))
    .default({}),
  attributes: attributesSchema.default({}),
});

/** A stationary object as it outlives the daemon: a plain JSON value. */
export type RememberedObject = z.infer<typeof rememberedObjectSchema>;

/** Keeps the stationary objects of each camera over a restart. */
export interface SceneMemoryStore {
  /** What was saved last; empty when there is nothing usable. */
  load(cameraId: string): RememberedObject[];
  /** Takes the present state; equal states cost nothing. @returns false when it could not be kept */
  save(cameraId: string, objects: readonly RememberedObject[]): boolean;
}
