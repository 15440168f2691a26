import { z } from 'zod';
import { LOG_LEVELS } from '../base/log.ts';

// The one statement of the configuration: types, defaults, JSON Schema and documentation come from here.
// Every section is strict, and every default makes a working device.

const unit = z.number().min(0).max(1);
const point = z.tuple([unit, unit]).describe('x, y in 0..1 of the picture, from the top left');
const polygon = z.array(point).min(3).max(64);
const identifier = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/,
    'use 1 to 64 letters, digits, "-" and "_", a letter or digit first',
  );

export const PROVIDERS = ['tensorrt', 'cuda', 'cpu'] as const;
export const HWACCELS = ['none', 'auto', 'cuda', 'vaapi', 'jetson-nvmpi', 'jetson-nvv4l2', 'rkmpp'] as const;
export const OUTPUT_DECODERS = ['yolov5', 'yolox', 'yolov8', 'end2end'] as const;

export const deviceSchema = z.strictObject({
  id: identifier.default('ocellus').describe('Name of this device in topics and messages'),
});

export const logSchema = z.strictObject({
  level: z.enum(LOG_LEVELS).default('info'),
});

export const mqttSchema = z.strictObject({
  url: z
    .string()
    .regex(/^(mqtts?|wss?):\/\/[^/\s]+/, 'use mqtt://host:port, mqtts://, ws:// or wss://')
    .describe('The broker, mqtt://host:1883'),
  username: z.string().optional(),
  password: z.string().optional().describe(`Better: passwordFile, or \${env:NAME}`),
  passwordFile: z.string().optional().describe('File that holds the password; a trailing newline is ignored'),
  clientId: z.string().optional().describe('Default: ocellus-<device id>'),
  protocolVersion: z.literal([4, 5]).default(5).describe('4 is MQTT 3.1.1'),
  keepaliveS: z.int().min(5).max(3600).default(30),
  caFile: z.string().optional().describe('Certificate authority of the broker, PEM'),
  tracks: z.boolean().default(false).describe('Also publish the tracks of every frame, QoS 0'),
  outboxEvents: z
    .int()
    .min(100)
    .max(1_000_000)
    .default(10_000)
    .describe('Events kept while the broker is away; beyond it the oldest are dropped, counted and reported'),
  homeAssistant: z
    .strictObject({
      discovery: z.boolean().default(false),
    })
    .prefault({}),
});

export const modelSchema = z.strictObject({
  file: z.string().describe('ONNX file; relative to the configuration file'),
  providers: z
    .array(z.enum(PROVIDERS))
    .min(1)
    .default(['cpu'])
    .describe('Execution providers in the order to try'),
  backend: z.enum(['auto', 'ort-c-api', 'onnxruntime-node']).default('auto'),
  libonnxruntime: z
    .string()
    .optional()
    .describe('libonnxruntime.so of 1.18 or newer to use instead of the bundled one (ort-c-api only)'),
  providerOptions: z
    .partialRecord(z.enum(PROVIDERS), z.record(z.string(), z.string()))
    .default({})
    .describe('Options per provider as ONNX Runtime names them, e.g. tensorrt: { trt_fp16_enable: "1" }'),
  sessions: z.int().min(1).max(16).default(1).describe('Inferences that may run at the same time'),
  threads: z.int().min(1).max(64).default(1).describe('Threads of one session'),
  runTimeoutMs: z
    .int()
    .min(100)
    .default(10_000)
    .describe('A run that takes longer is ended and its session is opened anew'),
  minScore: unit.default(0.35).describe('Detections below are not reported'),
  nmsIou: unit.default(0.65).describe('Boxes of one class that overlap more are one object'),
  decoder: z.enum(OUTPUT_DECODERS).optional().describe('How to read the outputs; default: recognised'),
  labels: z.array(z.string().min(1)).min(1).optional().describe('Class names; default: from the model'),
});

export const captureSchema = z.strictObject({
  backend: z.enum(['auto', 'ffmpeg', 'gstreamer']).default('auto'),
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
  backoffInitialMs: z.int().min(10).default(1_000),
  backoffMaxMs: z.int().min(10).default(60_000),
  stableAfterMs: z
    .int()
    .min(100)
    .default(30_000)
    .describe('Live for so long, a camera starts again from the first backoff'),
});

export const detectSchema = z.strictObject({
  enabled: z.boolean().default(true),
  fps: z.number().min(0.1).max(120).default(5).describe('Frames per second to look at'),
  widthPx: z
    .int()
    .min(32)
    .max(4096)
    .optional()
    .describe('Box that frames are scaled into; default: the input of the model'),
  heightPx: z.int().min(32).max(4096).optional(),
});

export const motionSchema = z.strictObject({
  mode: z.enum(['on', 'off']).default('on').describe('off: infer on every frame'),
  sensitivity: unit.default(0.5).describe('0: only large, strong changes; 1: the slightest'),
  heartbeatMs: z.int().min(100).default(5_000).describe('Infer at least so often without motion'),
  masks: z.array(polygon).default([]).describe('Areas whose motion does not count'),
});

export const objectSchema = z.strictObject({
  minScore: unit.optional().describe('Overrides the minScore of the model for this label'),
});

export const zoneSchema = z.strictObject({
  polygon,
  objects: z.array(z.string()).optional().describe('Labels that count; default: all that the camera reports'),
  dwellMs: z.int().min(100).optional().describe('Report zone.dwelled after so long in the zone'),
});

export const lineSchema = z.strictObject({
  from: point,
  to: point,
  objects: z.array(z.string()).optional().describe('Labels that count; default: all that the camera reports'),
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
    ),
  enabled: z.boolean().default(true),
  model: z.string().default('default').describe('Name of one of `models`'),
  capture: captureSchema.prefault({}),
  detect: detectSchema.prefault({}),
  motion: motionSchema.prefault({}),
  track: trackSchema.prefault({}),
  objects: z
    .record(z.string().min(1), objectSchema)
    .default({})
    .describe('Labels to report; default: every label of the model'),
  zones: z.record(identifier, zoneSchema).default({}),
  lines: z.record(identifier, lineSchema).default({}),
});

export const httpSchema = z.strictObject({
  listen: z
    .string()
    .regex(/^(\[[0-9a-fA-F:.]+\]|[^:\s]+):\d{1,5}$/, 'use address:port, such as 127.0.0.1:8080')
    .default('127.0.0.1:8080'),
});

export const storageSchema = z.strictObject({
  path: z.string().default('/var/lib/ocellus'),
  retention: z
    .strictObject({
      eventsDays: z.number().positive().default(30),
      clipsGiB: z.number().positive().default(20),
    })
    .prefault({}),
});

export const configSchema = z.strictObject({
  device: deviceSchema.prefault({}),
  log: logSchema.prefault({}),
  mqtt: mqttSchema.optional().describe('Absent: events go to the log only'),
  models: z.record(identifier, modelSchema).default({}),
  cameras: z.record(identifier, cameraSchema).default({}),
  http: httpSchema.prefault({}),
  storage: storageSchema.prefault({}),
});

export type Config = z.infer<typeof configSchema>;
export type MqttConfig = z.infer<typeof mqttSchema>;
export type ModelConfig = z.infer<typeof modelSchema>;
export type CameraConfig = z.infer<typeof cameraSchema>;
export type CaptureConfig = z.infer<typeof captureSchema>;
export type MotionConfig = z.infer<typeof motionSchema>;
export type TrackConfig = z.infer<typeof trackSchema>;
export type ZoneConfig = z.infer<typeof zoneSchema>;
export type LineConfig = z.infer<typeof lineSchema>;
export type Provider = (typeof PROVIDERS)[number];
export type HwAccel = (typeof HWACCELS)[number];
export type OutputDecoderName = (typeof OUTPUT_DECODERS)[number];
