import type { Metric } from 'prom-client';
import type { DeviceReport, EngineReport } from '../ports.ts';
import { readGauge } from './read-metrics.ts';

/** How the TensorRT engines of models come along; nothing where no model has one to do with. */
export function engineMetrics(reported: () => Promise<DeviceReport>): readonly Metric[] {
  const gauge = (name: string, help: string, read: (engine: EngineReport) => number | null) =>
    readGauge({ name, help, labelNames: ['model'], registers: [] }, async () =>
      engines(await reported()).flatMap(([model, engine]) => {
        const value = read(engine);
        return value === null ? [] : [{ labels: { model }, value }];
      }),
    );
  return [
    readGauge(
      {
        name: 'ocellus_engine_state',
        help: '1 for the state that the TensorRT engine of a model is in',
        labelNames: ['model', 'state'],
        registers: [],
      },
      async () =>
        engines(await reported()).map(([model, { state }]) => ({ labels: { model, state }, value: 1 })),
    ),
    gauge(
      'ocellus_engine_build_progress_ratio',
      'Of a build, by the time of an earlier one',
      (engine) => engine.progress,
    ),
    gauge('ocellus_engine_build_eta_seconds', 'Until a build should be done', ({ etaMs }) =>
      etaMs === null ? null : etaMs / 1000,
    ),
    gauge(
      'ocellus_engine_build_attempts',
      'Builds that began since an engine was in use',
      (engine) => engine.attempts,
    ),
  ];
}

function engines({ models }: DeviceReport): (readonly [model: string, engine: EngineReport])[] {
  return models.flatMap(({ name, engine }) =>
    engine === undefined || engine === null ? [] : [[String(name), engine as EngineReport] as const],
  );
}
