import { z } from 'zod';
import { redactUrl } from '../../base/log.ts';
import { lineSchema, objectSchema, zoneSchema } from '../../config/camera-schema.ts';
import { polygon } from '../../config/schema-parts.ts';
import { cameraStateSchema } from '../../flow/camera-state.ts';
import type { PreviewCamera, PreviewParts } from '../ports.ts';
import { maySee, type PreviewApp } from '../server/preview-app.ts';
import { adviceFor } from './advice.ts';

const count = z.int().nonnegative();
const counts = z.record(z.string(), count);
const perSecond = z.number().nonnegative();

export const cameraReportSchema = z.strictObject({
  cameraId: z.string(),
  state: cameraStateSchema,
  advice: z.string().nullable().describe('What to do about its state'),
  source: z.string().describe('Without its password'),
  pictureSizePx: z
    .strictObject({ widthPx: z.int(), heightPx: z.int() })
    .nullable()
    .describe("Of the camera's own picture; null before the first"),
  enabled: z.boolean(),
  detectEnabled: z.boolean(),
  detectFps: z.number(),
  limit: z
    .strictObject({
      fps: z.number().nullable().describe('Most frames per second that are inferred; null: no limit'),
      model: z.string().describe('Name of the model that infers them'),
      reasons: z.array(z.string()).describe('As of the governor in /api/device'),
    })
    .nullable()
    .describe('What holds its detection back; null while nothing does'),
  labels: z.array(z.string()).describe('Labels that are reported; empty: all of the model'),
  objects: z.record(z.string(), objectSchema),
  zones: z.array(zoneSchema.extend({ zoneId: z.string() })),
  lines: z.array(lineSchema.extend({ lineId: z.string() })),
  masks: z.array(polygon).describe('Areas whose motion does not count'),
  counts: counts.describe('Objects present now, by label'),
  zoneCounts: z.record(z.string(), counts),
  motion: z.boolean(),
  rates: z.strictObject({ capturedPerS: perSecond, inferredPerS: perSecond }),
  frames: counts.describe('Frames by what became of them, since the start'),
  drops: counts.describe('Frames and pictures that were lost, by reason, since the start'),
  reconnects: counts.describe('Connections lost or not made, by cause'),
  latencyMs: z.record(z.string(), z.strictObject({ p50: z.number(), p95: z.number() })),
  preview: z
    .strictObject({
      webrtc: z.boolean(),
      mse: z
        .strictObject({
          mime: z.string().nullable().describe('Null before the first picture, and where it has none'),
        })
        .nullable(),
      mjpeg: z.literal(true),
    })
    .describe('Ways to watch it live'),
  recording: z.boolean(),
});

type CameraReport = z.infer<typeof cameraReportSchema>;

/** Outcomes of a frame that was lost, as opposed to one that nobody needed to look at. */
const LOST_FRAMES = ['governed', 'replaced', 'late', 'closed', 'inference_failed'] as const;

/** The cameras and how they are. */
export function cameraRoutes(app: PreviewApp, { cameras, config }: PreviewParts): void {
  const report = (camera: PreviewCamera) => cameraReport(camera, config.http.webrtc.enabled);
  app.get(
    '/api/cameras',
    {
      config: { access: 'viewer', summary: 'The cameras that you may see' },
      schema: { response: { 200: z.strictObject({ cameras: z.array(cameraReportSchema) }) } },
    },
    (request) => ({
      cameras: [...cameras.values()].filter(({ cameraId }) => maySee(request.user, cameraId)).map(report),
    }),
  );
  app.get(
    '/api/cameras/:cameraId',
    {
      config: { access: 'viewer', camera: true, summary: 'One camera' },
      schema: {
        params: z.strictObject({ cameraId: z.string() }),
        response: { 200: cameraReportSchema },
      },
    },
    // Known, or the access check would have refused it.
    (request) => report(cameras.get(request.params.cameraId)!),
  );
}

/** A camera as the API tells it. */
function cameraReport(camera: PreviewCamera, webrtc: boolean): CameraReport {
  const { cameraId, config, state, enabled, detecting, limit, present, frames, captureDrops } = camera;
  const lost = LOST_FRAMES.flatMap((reason) => (frames[reason] ? [[reason, frames[reason]] as const] : []));
  return {
    cameraId,
    state,
    advice: adviceFor(state),
    source: redactUrl(config.source),
    pictureSizePx: camera.pictureSizePx,
    enabled,
    detectEnabled: detecting,
    detectFps: config.detect.fps,
    limit: limit && { ...limit, reasons: [...limit.reasons] },
    labels: Object.keys(config.objects),
    objects: config.objects,
    zones: Object.entries(config.zones).map(([zoneId, zone]) => ({ zoneId, ...zone })),
    lines: Object.entries(config.lines).map(([lineId, line]) => ({ lineId, ...line })),
    masks: config.motion.masks,
    counts: { ...present.byLabel },
    zoneCounts: { ...present.byZone },
    motion: camera.moving,
    rates: { capturedPerS: tenth(camera.capturedPerS), inferredPerS: tenth(camera.inferredPerS) },
    frames: { ...frames },
    drops: { ...Object.fromEntries(lost), ...captureDrops },
    reconnects: { ...camera.losses },
    latencyMs: camera.latencies(),
    preview: { webrtc, mse: config.preview.mse ? { mime: camera.live.mediaMime } : null, mjpeg: true },
    recording: config.record.enabled,
  };
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}
