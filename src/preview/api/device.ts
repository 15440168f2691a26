import { z } from 'zod';
import { version } from '../../base/version.ts';
import type { PreviewParts } from '../ports.ts';
import { maySee, type PreviewApp } from '../server/preview-app.ts';
import { hardwareSchema } from './hardware-schema.ts';

const bytes = z.int().nonnegative();
const counts = z.record(z.string(), z.int().nonnegative());

const engineSchema = z
  .looseObject({
    state: z.string().describe('checking, loading, building, waiting, ready or failed'),
    progress: z.number().nullable().describe('Of a build, 0 to 1, by the time of an earlier one'),
    etaMs: z.number().nullable().describe('Until a build should be done'),
    attempts: z.int().describe('Builds that began since an engine was in use'),
    lastError: z.string().nullable(),
  })
  .describe('How its TensorRT engine comes along; null or absent: it has none to do with');

const deviceSchema = z.strictObject({
  deviceId: z.string(),
  version: z.string(),
  uptimeMs: z.int().nonnegative(),
  models: z
    .array(
      z.looseObject({
        name: z.string(),
        task: z.enum(['detect', 'classify']),
        provider: z.string().nullable(),
        engine: engineSchema.nullish(),
      }),
    )
    .describe('As they really run: file, provider, backend, sessions, what was refused and why'),
  store: z.strictObject({
    ok: z.boolean(),
    error: z.string().nullable(),
    unsaved: z.int().describe('Events in memory that the disk did not take'),
    lost: z.int().describe('Events that the disk never got'),
    outbox: z.strictObject({
      queued: z.int().describe('Events that the broker does not have yet'),
      oldestAgeMs: z.number().nullable(),
      dropped: z.int(),
    }),
  }),
  mqtt: z.strictObject({ state: z.enum(['off', 'connected', 'disconnected']) }),
  host: z.strictObject({
    loadPerCpu: z.number().describe('Of the machine over one minute'),
    busyPercent: z.number().nullable().describe('Of all processors of the machine, now'),
    cpuPercent: z.number().describe('Of this program, of one processor'),
    memoryBytes: bytes.describe('Of this program'),
    freeMemoryBytes: bytes,
    totalMemoryBytes: bytes,
    temperatureC: z.number().nullable().describe('Of the hottest sensor'),
  }),
  governor: z
    .strictObject({
      enabled: z.boolean(),
      level: z.int().describe('0: all is inferred that is wanted; 8: about a sixth'),
      reasons: z.array(z.string()).describe('temperature, power, memory, overload; the strongest first'),
      grantedPercent: z.number().describe('Of the inference that is wanted'),
      temperatureC: z.number().nullable().describe('Of the sensor that is closest to throttling'),
      headroomC: z.number().nullable().describe('From there to where the kernel throttles'),
      memorySomePercent: z.number().nullable().describe('Time in which some process waited for memory'),
      memoryFullPercent: z.number().nullable().describe('Time in which all processes did'),
      memoryUsedPercent: z.number().nullable().describe('Of the memory limit of the service'),
      savesMemory: z.boolean().describe('Nobody else may watch; best views have the size of detection'),
    })
    .describe('Whether and why less is inferred than is wanted'),
  storage: z.strictObject({ freeBytes: bytes.nullable(), diskFull: z.boolean() }),
  reload: z
    .strictObject({
      atMs: z.int().describe('ms since the epoch'),
      outcome: z.enum(['unchanged', 'applied', 'partly', 'refused']),
      changed: z.array(z.string()).describe('What differed from what was in force, by path'),
      restartNeeded: z.array(z.string()).describe('Of it, what is taken over only at the next start'),
      failures: z.array(z.strictObject({ part: z.string(), message: z.string() })),
    })
    .nullable()
    .describe('What came of the last reload of the configuration; null: there was none since the start'),
  ...hardwareSchema.shape,
});

const countsSchema = z.strictObject({
  cameras: z.record(
    z.string(),
    z.strictObject({ counts: counts.describe('By label'), zones: z.record(z.string(), counts) }),
  ),
});

/** The device, and how many objects are where. */
export function deviceRoutes(app: PreviewApp, { config, cameras, device }: PreviewParts): void {
  app.get(
    '/api/device',
    {
      config: { access: 'viewer', summary: 'The device, its models, store, broker and host' },
      schema: { response: { 200: deviceSchema } },
    },
    async () => {
      const report = await device();
      const models = report.models as z.infer<typeof deviceSchema>['models'];
      // The schema's arrays are not read-only.
      const governor = { ...report.governor, reasons: [...report.governor.reasons] };
      const reload =
        report.reload && (structuredClone(report.reload) as z.infer<typeof deviceSchema>['reload']);
      return { deviceId: config.device.id, version, ...report, governor, models: [...models], reload };
    },
  );
  app.get(
    '/api/counts',
    {
      config: { access: 'viewer', summary: 'Objects that are present now' },
      schema: { response: { 200: countsSchema } },
    },
    ({ user }) => ({
      cameras: Object.fromEntries(
        [...cameras.values()]
          .filter(({ cameraId }) => maySee(user, cameraId))
          .map(({ cameraId, present }) => [
            cameraId,
            { counts: { ...present.byLabel }, zones: { ...present.byZone } },
          ]),
      ),
    }),
  );
}
