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
  level: z.enum(LOG_LEVELS).default('info').describe('Least important lines that are written'),
});

export const mqttSchema = z.strictObject({
  url: z
    .string()
    .regex(/^(mqtts?|wss?):\/\/[^/\s]+/, 'use mqtt://host:port, mqtts://, ws:// or wss://')
    .describe('The broker: mqtt://, mqtts://, ws:// or wss://')
    .meta({ examples: ['mqtt://127.0.0.1:1883'] }),
  username: z.string().optional().describe('Name that the broker knows this device by'),
  password: z.string().optional().describe(`Better: passwordFile, or \${env:NAME}`),
  passwordFile: z.string().optional().describe('File that holds the password; a trailing newline is ignored'),
  clientId: z.string().optional().describe('Default: ocellus-<device id>'),
  protocolVersion: z.literal([4, 5]).default(5).describe('4 is MQTT 3.1.1'),
  keepaliveS: z
    .int()
    .min(5)
    .max(3600)
    .default(30)
    .describe('A broker that hears nothing for one and a half times as many seconds sends the last will'),
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
      discovery: z.boolean().default(false).describe('Publish the configuration topics of Home Assistant'),
    })
    .prefault({})
    .describe('Home Assistant'),
});

export const modelSchema = z.strictObject({
  file: z
    .string()
    .min(1)
    .describe('ONNX file, relative to the configuration file; or the id of a manifest in models/')
    .meta({ examples: ['models/yolox-nano.onnx'] }),
  providers: z
    .array(z.enum(PROVIDERS))
    .min(1)
    .default(['cpu'])
    .describe('Execution providers in the order to try'),
  backend: z
    .enum(['auto', 'ort-c-api', 'onnxruntime-node'])
    .default('auto')
    .describe('Way to ONNX Runtime: its C API, or the npm package in worker threads'),
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
  minScore: unit
    .optional()
    .describe("Detections below are not reported; default: the model's own, else 0.35"),
  nmsIou: unit
    .optional()
    .describe("Boxes of one class that overlap more are one object; default: what the model's family uses"),
  decoder: z.enum(OUTPUT_DECODERS).optional().describe('How to read the outputs; default: recognised'),
  labels: z.array(z.string().min(1)).min(1).optional().describe('Class names; default: from the model'),
});

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

export const objectSchema = z.strictObject({
  minScore: unit.optional().describe('Overrides the minScore of the model for this label'),
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
  dwellMs: z.int().min(100).optional().describe('Report zone.dwelled after so long in the zone'),
});

export const lineSchema = z.strictObject({
  from: point.describe('Start as [x, y] in 0..1 of the picture').meta({ examples: [[0.2, 0.8]] }),
  to: point.describe('End as [x, y] in 0..1 of the picture').meta({ examples: [[0.8, 0.8]] }),
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
    )
    .meta({ examples: [`rtsp://user:\${env:CAM_PW}@192.0.2.10/stream2`] }),
  enabled: z.boolean().default(true).describe('Off: the camera is not opened'),
  model: z.string().default('default').describe('Name of one of `models`'),
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
});

export const httpSchema = z.strictObject({
  listen: z
    .string()
    .regex(/^(\[[0-9a-fA-F:.]+\]|[^:\s]+):\d{1,5}$/, 'use address:port, such as 127.0.0.1:8080')
    .default('127.0.0.1:8080')
    .describe('Address and port of the web page and the API'),
});

export const storageSchema = z.strictObject({
  path: z.string().min(1).default('/var/lib/ocellus').describe('Folder for what must survive a restart'),
  retention: z
    .strictObject({
      eventsDays: z.number().positive().default(30).describe('Days that events are kept'),
      clipsGiB: z.number().positive().default(20).describe('Disk space of clips; the oldest go first'),
    })
    .prefault({})
    .describe('How long things are kept'),
});

export const configSchema = z.strictObject({
  device: deviceSchema.prefault({}).describe('This device'),
  log: logSchema.prefault({}).describe('Log lines, JSON on stderr'),
  mqtt: mqttSchema.optional().describe('The broker; absent: events go to the log only'),
  models: z.record(identifier, modelSchema).default({}).describe('Detection models by name'),
  cameras: z.record(identifier, cameraSchema).default({}).describe('Cameras by name'),
  http: httpSchema.prefault({}).describe('Web page and API'),
  storage: storageSchema.prefault({}).describe('Disk'),
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
