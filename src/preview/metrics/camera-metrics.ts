import type { Metric } from 'prom-client';
import { cameraStateNames } from '../../flow/camera-state.ts';
import type { PreviewCamera } from '../ports.ts';
import { ReadHistogram, type Reading, readCounter, readGauge } from './read-metrics.ts';

/** Frames, states, objects and latencies of every camera. */
export function cameraMetrics(
  cameras: ReadonlyMap<string, PreviewCamera>,
): readonly (Metric | ReadHistogram<string>)[] {
  const counts = <Label extends string>(
    label: Label,
    of: (camera: PreviewCamera) => Readonly<Record<string, number>>,
  ) =>
    function* (): Generator<Reading<'camera' | Label>> {
      for (const camera of cameras.values()) {
        for (const [name, value] of Object.entries(of(camera))) {
          const labels = { camera: camera.cameraId, [label]: name } as Record<'camera' | Label, string>;
          yield { labels, value };
        }
      }
    };
  return [
    readCounter(
      {
        name: 'ocellus_frames_total',
        help: 'Frames by what became of them; captured are all of them',
        labelNames: ['camera', 'outcome'],
        registers: [],
      },
      counts('outcome', (camera) => camera.frames),
    ),
    readCounter(
      {
        name: 'ocellus_pictures_lost_total',
        help: 'Pictures lost before they became frames',
        labelNames: ['camera', 'reason'],
        registers: [],
      },
      counts('reason', (camera) => camera.captureDrops),
    ),
    readCounter(
      {
        name: 'ocellus_reconnects_total',
        help: 'Connections to cameras lost or not made, by cause',
        labelNames: ['camera', 'cause'],
        registers: [],
      },
      counts('cause', (camera) => camera.losses),
    ),
    readGauge(
      {
        name: 'ocellus_camera_state',
        help: '1 for the state that the camera is in',
        labelNames: ['camera', 'state'],
        registers: [],
      },
      counts('state', ({ state: { state } }) =>
        Object.fromEntries(cameraStateNames.map((name) => [name, name === state ? 1 : 0])),
      ),
    ),
    readGauge(
      {
        name: 'ocellus_capture_frames_per_second',
        help: 'Frames that arrive now',
        labelNames: ['camera'],
        registers: [],
      },
      () =>
        [...cameras.values()].map((camera) => ({
          labels: { camera: camera.cameraId },
          value: camera.capturedPerS,
        })),
    ),
    readGauge(
      {
        name: 'ocellus_granted_frames_per_second',
        help: 'Most frames that are inferred while inference is held back',
        labelNames: ['camera'],
        registers: [],
      },
      () =>
        [...cameras.values()].flatMap(({ cameraId, limit }) =>
          limit?.fps == null ? [] : [{ labels: { camera: cameraId }, value: limit.fps }],
        ),
    ),
    readGauge(
      {
        name: 'ocellus_objects',
        help: 'Objects that are tracked and present now',
        labelNames: ['camera', 'label'],
        registers: [],
      },
      counts('label', ({ present }) => present.byLabel),
    ),
    new ReadHistogram(
      {
        name: 'ocellus_stage_seconds',
        help: 'Time that frames spend in each stage; run is the inference itself',
      },
      function* () {
        for (const { cameraId, histograms } of cameras.values()) {
          for (const [stage, histogram] of histograms) {
            yield { labels: { camera: cameraId, stage }, counts: histogram.counts() };
          }
        }
      },
    ),
  ];
}
