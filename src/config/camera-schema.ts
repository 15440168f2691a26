import { z } from 'zod';
import { identifier, labels, point, polygon, unit } from './schema-parts.ts';

// The sections of one camera. See schema.ts.

const clockTime = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'use HH:MM, 00:00 to 23:59')
  .meta({ examples: ['22:00'] });

export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export const ANCHORS = ['bottom', 'centre', 'top'] as const;
export const SEVERITIES = ['alert', 'detection'] as const;
export const HWACCELS = ['none', 'auto', 'cuda', 'vaapi', 'jetson-nvmpi', 'jetson-nvv4l2', 'rkmpp'] as const;

export const captureSchema = z.strictObject({
  backend: z
    .enum(['auto', 'ffmpeg', 'gstreamer'])
    .default('auto')
    .describe('Program that reads the camera; auto: gstreamer for csi:// and for a pipeline, else ffmpeg'),
  transport: z.enum(['tcp', 'udp']).default('tcp').describe('RTSP media transport'),
  hwaccel: z.enum(HWACCELS).default('none').describe('Hardware decoding'),
  inputArgs: z.array(z.string()).default([]).describe('Extra ffmpeg arguments before the input'),
  pipeline: z
    .string()
    .optional()
    .describe('GStreamer pipeline of raw I420 video that ends in "! fdsink", instead of the built-in one'),
  ffmpeg: z.string().default('ffmpeg').describe('ffmpeg program'),
  gstLaunch: z.string().default('gst-launch-1.0').describe('gst-launch program'),
  openTimeoutMs: z
    .int()
    .min(500)
    .default(15_000)
    .describe('A camera without a first frame by then is given up and tried again'),
  stallTimeoutMs: z
    .int()
    .min(500)
    .default(10_000)
    .describe('A live camera without a frame for so long is stalled'),
  backoffInitialMs: z.int().min(10).default(1_000).describe('Longest wait before the first reconnect'),
  backoffMaxMs: z.int().min(10).default(60_000).describe('Longest wait before any reconnect'),
  stableAfterMs: z
    .int()
    .min(100)
    .default(30_000)
    .describe('Live for so long, a camera starts again from the first backoff'),
});

export const detectSchema = z.strictObject({
  enabled: z.boolean().default(true).describe('Off: the camera is read, nothing is inferred'),
  fps: z.number().min(0.1).max(120).default(5).describe('Frames per second to look at'),
  widthPx: z
    .int()
    .min(32)
    .max(4096)
    .optional()
    .describe('Box that frames are scaled into; default: the input of the model'),
  heightPx: z.int().min(32).max(4096).optional().describe('Height of that box'),
});

export const motionSchema = z.strictObject({
  mode: z
    .enum(['on', 'off'])
    .default('on')
    .describe('on: infer where something moves; off: infer on every frame'),
  sensitivity: unit.default(0.5).describe('0: only large, strong changes; 1: the slightest'),
  heartbeatMs: z.int().min(100).default(5_000).describe('Infer at least so often without motion'),
  masks: z.array(polygon).default([]).describe('Areas whose motion does not count'),
});

export const scheduleSchema = z.strictObject({
  timeZone: z
    .string()
    .optional()
    .describe('IANA name such as Europe/Berlin; default: the time zone of this device'),
  days: z
    .array(z.enum(WEEKDAYS))
    .min(1)
    .default([...WEEKDAYS])
    .describe('Days on which a span begins'),
  from: clockTime.describe('Local time at which it begins'),
  to: clockTime.describe('Local time at which it ends, on the next day where it is not after `from`'),
});

const severity = z.enum(SEVERITIES).default('detection').describe('Severity of the events of this rule');

export const objectSchema = z.strictObject({
  minScore: unit.optional().describe('Overrides the minScore of the model for this label'),
  minArea: unit.default(0).describe('Smallest box that counts, as a share of the picture'),
  maxArea: unit.default(1).describe('Largest box that counts, as a share of the picture'),
  minAspect: z.number().min(0).default(0).describe('Least width of a box by its height, in pixels'),
  maxAspect: z.number().min(0).default(100).describe('Greatest width of a box by its height, in pixels'),
  minSpeed: z
    .number()
    .min(0)
    .default(0)
    .describe(
      'Believed only once it has moved so fast: lengths of its own box (root of the area) per second',
    ),
  masks: z.array(polygon).default([]).describe('Areas in which this label is not believed'),
  schedule: scheduleSchema.optional().describe('When this label is reported; default: always'),
  severity,
});

export const occupancySchema = z.strictObject({
  objects: labels.optional().describe('Labels that count together; default: all that the zone counts'),
  moreThan: z
    .int()
    .min(0)
    .describe('Reported when more objects than this are in the zone')
    .meta({ examples: [3] }),
  forMs: z.int().min(0).default(0).describe('And have been for so long without a break'),
  severity: z.enum(SEVERITIES).default('alert').describe('Severity of the events of this rule'),
});

export const zoneSchema = z.strictObject({
  polygon: polygon.describe('Corners as [x, y] in 0..1 of the picture, from the top left').meta({
    examples: [
      [
        [0.1, 0.5],
        [0.9, 0.5],
        [0.9, 1],
        [0.1, 1],
      ],
    ],
  }),
  objects: z.array(z.string()).optional().describe('Labels that count; default: all that the camera reports'),
  anchor: z.enum(ANCHORS).default('bottom').describe('Point of the box that is in the zone or not'),
  marginPx: z
    .number()
    .min(0)
    .optional()
    .describe('Source pixels beyond the border to change sides; default: 4 % of the height of the box'),
  enterMs: z.int().min(0).default(250).describe('An object must be inside for so long to have entered'),
  leaveMs: z.int().min(0).default(250).describe('And outside for so long to have left'),
  dwellMs: z.int().min(100).optional().describe('Report zone.dwelled after so long in the zone'),
  occupancy: z
    .record(identifier, occupancySchema)
    .default({})
    .describe('Report zone.occupied when too many are in the zone for too long'),
  ground: z
    .array(
      z.strictObject({
        at: point.describe('A point on the ground, in 0..1 of the picture'),
        metres: z.tuple([z.number(), z.number()]).describe('The same point on a plan, metres'),
      }),
    )
    .length(4)
    .optional()
    .describe('Four ground points, no three on one line: speeds of objects in the zone in m/s'),
  severity,
});

export const lineSchema = z.strictObject({
  from: point.describe('Start as [x, y] in 0..1 of the picture').meta({ examples: [[0.2, 0.8]] }),
  to: point.describe('End as [x, y] in 0..1 of the picture').meta({ examples: [[0.8, 0.8]] }),
  objects: z.array(z.string()).optional().describe('Labels that count; default: all that the camera reports'),
  severity,
});

export const snapshotsSchema = z.strictObject({
  enabled: z
    .boolean()
    .default(true)
    .describe('Keep the best view of each object, and publish that of the newest of each label, retained'),
  quality: z.int().min(1).max(100).default(85).describe('Of the JPEG'),
  fullSize: z
    .boolean()
    .default(true)
    .describe("Take them from the camera's own stream, at its size; off: at the size of detection"),
  bufferMiB: z
    .int()
    .min(1)
    .max(256)
    .default(8)
    .describe(
      'Most memory of the stream that they are taken from; a camera that records has record.bufferMiB',
    ),
});

export const recordSchema = z.strictObject({
  enabled: z.boolean().default(false).describe("Record clips of events from the camera's own stream"),
  objects: labels.optional().describe('Labels that start a clip; default: all that the camera reports'),
  preRollMs: z.int().min(0).max(60_000).default(5_000).describe('Before the object was first seen'),
  postRollMs: z.int().min(0).max(60_000).default(5_000).describe('After it was last seen'),
  maxMs: z.int().min(1_000).max(3_600_000).default(120_000).describe('Longest clip'),
  bufferMiB: z.int().min(1).max(1024).default(32).describe('Most memory of the pre-roll'),
});

export const previewSchema = z.strictObject({
  mse: z
    .boolean()
    .default(true)
    .describe("Show the camera's own video, not transcoded; its newest group of pictures is kept in memory"),
});

export const classifierSchema = z.strictObject({
  model: z
    .string()
    .min(1)
    .describe('Name of one of `classifiers`')
    .meta({ examples: ['clothes'] }),
  objects: labels.describe('Labels whose crops are looked at').meta({ examples: [['person']] }),
});

export const reidSchema = z.strictObject({
  model: z
    .string()
    .min(1)
    .describe('Name of one of `reid`')
    .meta({ examples: ['people'] }),
  objects: labels.describe('Labels that the model was trained for').meta({ examples: [['person']] }),
  attribute: identifier
    .default('known_as')
    .describe('Attribute that says who of the gallery of the model it is'),
});

export const trackSchema = z.strictObject({
  classAgnostic: z.boolean().default(false).describe('Let a track change its class'),
  lostMs: z.int().min(100).default(3_000).describe('A track unseen for so long ends'),
});

export const cameraSchema = z.strictObject({
  source: z
    .string()
    .min(1)
    .describe(
      'rtsp://, rtsps://, http(s)://, v4l2:/dev/video0, csi://0, file:clip.mp4?loop=1&realtime=1, sim://scene?seed=7',
    )
    .meta({ examples: [`rtsp://user:\${env:CAM_PW}@192.0.2.10/stream2`] }),
  enabled: z.boolean().default(true).describe('Off: the camera is not opened'),
  model: z.string().default('default').describe('Name of one of `models`'),
  priority: z
    .number()
    .min(0.1)
    .max(100)
    .default(1)
    .describe(
      'Weight in the sharing of inference when there is too little for all: 2 may have twice the rate of 1',
    ),
  capture: captureSchema.prefault({}).describe('How pictures are taken from the camera'),
  detect: detectSchema.prefault({}).describe('What is looked at'),
  motion: motionSchema.prefault({}).describe('The motion gate, which spares inference on still pictures'),
  track: trackSchema.prefault({}).describe('How objects are followed'),
  objects: z
    .record(z.string().min(1), objectSchema)
    .default({})
    .describe('Labels to report; default: every label of the model'),
  zones: z
    .record(identifier, zoneSchema)
    .default({})
    .describe('Areas that report who enters, leaves and stays'),
  lines: z.record(identifier, lineSchema).default({}).describe('Lines that report who crosses them'),
  classify: z
    .record(identifier, classifierSchema)
    .default({})
    .describe('Attributes that a second model tells of believed objects, by attribute'),
  reid: reidSchema
    .optional()
    .describe('Knows objects again by their looks; default: by place and a coarse picture alone'),
  snapshots: snapshotsSchema.prefault({}).describe('Best views'),
  record: recordSchema.prefault({}).describe('Clips of events'),
  preview: previewSchema.prefault({}).describe('Watching it live'),
});

export type CameraConfig = z.infer<typeof cameraSchema>;
export type CaptureConfig = z.infer<typeof captureSchema>;
export type MotionConfig = z.infer<typeof motionSchema>;
export type ObjectConfig = z.infer<typeof objectSchema>;
export type OccupancyConfig = z.infer<typeof occupancySchema>;
export type ScheduleConfig = z.infer<typeof scheduleSchema>;
export type RecordConfig = z.infer<typeof recordSchema>;
export type SnapshotsConfig = z.infer<typeof snapshotsSchema>;
export type TrackConfig = z.infer<typeof trackSchema>;
export type ZoneConfig = z.infer<typeof zoneSchema>;
export type LineConfig = z.infer<typeof lineSchema>;
export type Severity = (typeof SEVERITIES)[number];
export type HwAccel = (typeof HWACCELS)[number];
