import { z } from 'zod';
import { LOG_LEVELS } from '../base/log.ts';
import { cameraSchema } from './camera-schema.ts';
import { governorSchema } from './governor-schema.ts';
import { cudaSchema, providerOptionsSchema, tensorrtSchema } from './gpu-schema.ts';
import { httpSchema } from './http-schema.ts';
import { identifier, unit } from './schema-parts.ts';

// The one statement of the configuration: types, defaults, JSON Schema and documentation come from here.
// Every section is strict, and every default makes a working device.

export const PROVIDERS = ['tensorrt', 'cuda', 'cpu'] as const;
export const OUTPUT_DECODERS = [
  ...([
    'yolov5',
    'yolox',
    'yolov8',
    'end2end',
    'nanodet',
    'yolo-fastestv2',
    'yolov5-raw',
    'yolo-nas',
  ] as const),
  ...(['detr', 'detr-deploy', 'tf-od', 'torchvision', 'detectron2'] as const),
] as const;

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
  password: z.string().optional().describe(`Better: passwordFile, \${credential:NAME} or \${env:NAME}`),
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
  homeAssistant: z
    .strictObject({
      discovery: z.boolean().default(false).describe('Publish the configuration topics of Home Assistant'),
      prefix: z.string().min(1).default('homeassistant').describe("Home Assistant's discovery prefix"),
    })
    .prefault({})
    .describe('Home Assistant'),
  frigate: z
    .strictObject({
      enabled: z
        .boolean()
        .default(false)
        .describe("Also publish Frigate's topics, for automations made for it"),
      prefix: z.string().min(1).default('frigate').describe("Frigate's topic_prefix"),
    })
    .prefault({})
    .describe('Compatibility with Frigate'),
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
  providerOptions: providerOptionsSchema,
  sessions: z.int().min(1).max(16).default(1).describe('Inferences that may run at the same time'),
  threads: z.int().min(1).max(64).default(1).describe('Threads of one session'),
  runTimeoutMs: z
    .int()
    .min(100)
    .default(10_000)
    .describe('A run that takes longer is ended and its session is opened anew'),
  tensorrt: tensorrtSchema,
  cuda: cudaSchema,
  allowFailedVerification: z
    .boolean()
    .default(false)
    .describe('Use the model although `models verify` found it worse than allowed'),
  minScore: unit
    .optional()
    .describe("Detections below are not reported; default: the model's own, else 0.35"),
  nmsIou: unit
    .optional()
    .describe("Boxes of one class that overlap more are one object; default: what the model's family uses"),
  decoder: z.enum(OUTPUT_DECODERS).optional().describe('How to read the outputs; default: recognised'),
  labels: z.array(z.string().min(1)).min(1).optional().describe('Class names; default: from the model'),
  widthPx: z
    .int()
    .min(32)
    .max(4096)
    .optional()
    .describe(
      'Input of a model that takes any size; default: what its manifest or its export says, else 640',
    ),
  heightPx: z.int().min(32).max(4096).optional().describe('Height of that input'),
  smaller: z
    .string()
    .optional()
    .describe(
      'Another of `models` with the same labels that costs less: cameras are moved to it when lower rates alone do not suffice',
    ),
});

const rgb = z.tuple([z.number(), z.number(), z.number()]);
const positiveRgb = z.tuple([z.number().positive(), z.number().positive(), z.number().positive()]);

/** How ONNX Runtime runs a model is said in the same words for every kind, how a crop becomes its input for two. */
const { providers, backend, libonnxruntime, providerOptions, threads, runTimeoutMs } = modelSchema.shape;
const cropModel = {
  mean: rgb.default([0.485, 0.456, 0.406]).describe('RGB of 0..1, subtracted from the picture'),
  std: positiveRgb.default([0.229, 0.224, 0.225]).describe('RGB of 0..1, divides the picture'),
  ...{ providers, backend, libonnxruntime, providerOptions, threads, runTimeoutMs },
};

export const classifierModelSchema = z.strictObject({
  file: z
    .string()
    .min(1)
    .describe('ONNX file, relative to the configuration file')
    .meta({ examples: ['models/clothes.onnx'] }),
  labels: z.array(z.string().min(1)).min(2).optional().describe('Class names; default: from the model'),
  minScore: unit.default(0.5).describe('Looks whose best class scores less do not count'),
  ...cropModel,
});

export const reidModelSchema = z.strictObject({
  file: z
    .string()
    .min(1)
    .describe('ONNX file, relative to the configuration file')
    .meta({ examples: ['models/osnet.onnx'] }),
  minSimilarity: unit
    .default(0.75)
    .describe('Views whose vectors have at least this cosine are of one object, below it of two'),
  gallery: z
    .string()
    .min(1)
    .optional()
    .describe('Folder with a folder of pictures for each known object, whose name becomes an attribute'),
  ...cropModel,
});

export const storageSchema = z.strictObject({
  path: z.string().min(1).default('/var/lib/ocellus').describe('Folder for what must survive a restart'),
  retention: z
    .strictObject({
      eventsDays: z.number().positive().default(30).describe('Days that events are kept'),
      clipsDays: z.number().positive().default(30).describe('Days that clips are kept'),
      clipsGiB: z.number().positive().default(20).describe('Disk space of clips; the oldest go first'),
      snapshotsDays: z.number().positive().default(30).describe('Days that best views are kept'),
      snapshotsGiB: z
        .number()
        .positive()
        .default(5)
        .describe('Disk space of best views; the oldest go first'),
    })
    .prefault({})
    .describe('How long things are kept'),
  reserveMiB: z
    .int()
    .min(0)
    .default(512)
    .describe('Disk space that is left free: below it no clip and no best view is written'),
  enginesGiB: z
    .number()
    .positive()
    .default(4)
    .describe('Disk space of TensorRT engines; of those that are not in use the oldest go first'),
  outbox: z
    .strictObject({
      maxEvents: z.int().min(100).default(200_000).describe('Most events that wait for the broker'),
      maxDays: z.number().positive().default(7).describe('Longest wait of an event'),
    })
    .prefault({})
    .describe('Events that the broker does not have yet; beyond these the oldest are dropped and counted'),
});

export const configSchema = z.strictObject({
  device: deviceSchema.prefault({}).describe('This device'),
  log: logSchema.prefault({}).describe('Log lines, JSON on stderr'),
  mqtt: mqttSchema.optional().describe('The broker; absent: events go to the log only'),
  models: z.record(identifier, modelSchema).default({}).describe('Detection models by name'),
  classifiers: z
    .record(identifier, classifierModelSchema)
    .default({})
    .describe('Models that look at the crops of objects, by name'),
  reid: z
    .record(identifier, reidModelSchema)
    .default({})
    .describe('Models that tell one object from another of its label, by name'),
  cameras: z.record(identifier, cameraSchema).default({}).describe('Cameras by name'),
  http: httpSchema.prefault({}).describe('Web page and API'),
  storage: storageSchema.prefault({}).describe('Disk'),
  governor: governorSchema
    .prefault({})
    .describe(
      'Keeps the device within its means: lowers detection rates when it is too hot, short of memory or overloaded',
    ),
});

export type Config = z.infer<typeof configSchema>;
export type MqttConfig = z.infer<typeof mqttSchema>;
export type ModelConfig = z.infer<typeof modelSchema>;
export type StorageConfig = z.infer<typeof storageSchema>;
export type ClassifierModelConfig = z.infer<typeof classifierModelSchema>;
export type ReidModelConfig = z.infer<typeof reidModelSchema>;
export type Provider = (typeof PROVIDERS)[number];
export type OutputDecoderName = (typeof OUTPUT_DECODERS)[number];
