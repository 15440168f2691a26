import { z } from 'zod';
import { cameraCauses, cameraStateNames } from './camera-state.ts';

const unit = z.number().min(0).max(1);
const epochMs = z.int().nonnegative();
const id = z.string().min(1);

const boxNorm = z.tuple([unit, unit, unit, unit]).describe('x1, y1, x2, y2 in 0..1 of the source picture');

const envelope = {
  v: z.literal(1).describe('Version of this schema'),
  seq: z.int().positive().describe('Counts the events of a device without gaps'),
  eventId: z.uuidv7().describe('Idempotency key: the same event always has the same eventId'),
  deviceId: id,
  cameraId: id,
  atMs: epochMs.describe('Capture time of the frame that the event is about, ms since the epoch'),
  timings: z
    .strictObject({ captureAtMs: epochMs, decodedAtMs: epochMs, inferredAtMs: epochMs, emittedAtMs: epochMs })
    .describe('When each stage was done with that frame, ms since the epoch'),
  severity: z.enum(['alert', 'detection']).describe('As the rule that the event comes from says'),
  replayed: z.boolean().describe('True when the event was delivered after an outage, not when it happened'),
};

export const attributesSchema = z.record(id, z.strictObject({ value: z.string(), score: unit }));

/** What second models say of an object, by attribute. */
export type Attributes = z.infer<typeof attributesSchema>;

const object = {
  objectId: id.describe('One per physical object and visit; stable from object.started to object.ended'),
  label: id,
  score: unit.describe('Score of the newest detection'),
  topScore: unit.describe('Best score so far'),
  boxNorm,
  velocityNorm: z
    .tuple([z.number(), z.number()])
    .describe('Of the centre, picture widths and heights per second'),
  zones: z.array(id).describe('Zones that hold the object now'),
  stationary: z.boolean(),
  startedAtMs: epochMs.describe('Capture time of the first detection of the object'),
  speedMPerS: z.number().nonnegative().nullable().describe('On the ground, where a zone knows it; else null'),
  attributes: attributesSchema.describe(
    'What second models say of the object, by attribute; empty while they have not agreed',
  ),
  snapshot: z.string().nullable().describe('Where the best view is to be had, if anywhere'),
  clip: z.string().nullable().describe('Where the recording is to be had, if anywhere'),
};

const occupancy = {
  zone: id,
  rule: id.describe('Name of the occupancy rule'),
  count: z.int().nonnegative().describe('Objects that count, in the zone now'),
  moreThan: z.int().nonnegative(),
  sinceMs: epochMs.describe('Since when there are too many, or no longer, ms since the epoch'),
};

export const endCauses = ['gone', 'camera_lost', 'stopped', 'restarted'] as const;

/** Every message on `cameras/<cam>/events`. Closed: what is not stated here is never sent. */
export const domainEventSchema = z.discriminatedUnion('type', [
  z.strictObject({ ...envelope, type: z.literal('object.started'), ...object }),
  z.strictObject({ ...envelope, type: z.literal('object.updated'), ...object }),
  z.strictObject({
    ...envelope,
    type: z.literal('object.ended'),
    ...object,
    cause: z.enum(endCauses).describe('gone: left or was lost from view'),
  }),
  z.strictObject({ ...envelope, type: z.literal('zone.entered'), ...object, zone: id }),
  z.strictObject({ ...envelope, type: z.literal('zone.left'), ...object, zone: id }),
  z.strictObject({
    ...envelope,
    type: z.literal('zone.dwelled'),
    ...object,
    zone: id,
    dwellMs: z.int().nonnegative().describe('Time in the zone so far, ms'),
  }),
  z.strictObject({ ...envelope, type: z.literal('zone.occupied'), ...occupancy }),
  z.strictObject({ ...envelope, type: z.literal('zone.cleared'), ...occupancy }),
  z.strictObject({
    ...envelope,
    type: z.literal('line.crossed'),
    ...object,
    line: id,
    direction: z
      .enum(['forward', 'backward'])
      .describe(
        'forward: from the left to the right of somebody who looks along the line from `from` to `to`',
      ),
  }),
  z.strictObject({
    ...envelope,
    type: z.literal('camera.state'),
    state: z.enum(cameraStateNames),
    cause: z.enum(cameraCauses).nullable(),
  }),
]);

/** An event as it goes over the wire. */
export type DomainEvent = z.infer<typeof domainEventSchema>;
export type DomainEventType = DomainEvent['type'];
export const domainEventTypes = domainEventSchema.options.map(({ shape }) => shape.type.value);

type Unsealed<E> = E extends DomainEvent ? Omit<E, 'v' | 'seq' | 'eventId' | 'deviceId' | 'replayed'> : never;

/**
 * An event as the rules state it: what happened, where and when. The emitter adds what belongs to the device:
 * `v`, `seq`, `eventId`, `deviceId`, `replayed`; `timings.emittedAtMs` is set by it too.
 */
export type EventDraft = Unsealed<DomainEvent>;
