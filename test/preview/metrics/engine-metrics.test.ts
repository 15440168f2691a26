import { expect, it } from 'vitest';
import { engineMetrics } from '../../../src/preview/metrics/engine-metrics.ts';
import type { DeviceReport } from '../../../src/preview/ports.ts';

const building = { state: 'building', progress: 0.4, etaMs: 360_000, attempts: 1 };
const first = { state: 'building', progress: null, etaMs: null, attempts: 1 };

async function samples(models: DeviceReport['models']): Promise<string[]> {
  const report = async () => ({ models }) as DeviceReport;
  const metrics = await Promise.all(engineMetrics(report).map((metric) => metric.get()));
  return metrics.flatMap(({ name, values }) =>
    values.map(({ labels, value }) => `${name} ${Object.values(labels).join(' ')} ${value}`),
  );
}

it('tells state, progress, time to go and attempts of each engine', async () => {
  expect(
    await samples([
      { name: 'default', engine: building },
      { name: 'plates', engine: null },
    ]),
  ).toEqual([
    'ocellus_engine_state default building 1',
    'ocellus_engine_build_progress_ratio default 0.4',
    'ocellus_engine_build_eta_seconds default 360',
    'ocellus_engine_build_attempts default 1',
  ]);
});

it('leaves out what no earlier build tells', async () => {
  expect(await samples([{ name: 'default', engine: first }])).toEqual([
    'ocellus_engine_state default building 1',
    'ocellus_engine_build_attempts default 1',
  ]);
});
