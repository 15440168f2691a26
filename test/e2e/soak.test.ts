import { expect, it } from 'vitest';
import { type SoakOptions, type SoakResult, soak } from '../soak/soak.ts';

/** `npm run soak` sets an hour; in CI it is three minutes. */
const SECONDS = Number(process.env.SOAK_SECONDS ?? 180);

/**
 * What may be gained over the time that is measured, after the warm-up: noise, and what is filled once. Flat is: the 95 %
 * confidence interval of the slope reaches down to that. So the longer the run, the smaller a leak it finds.
 */
const NOISE = { rssMiB: 10, heapMiB: 1.5, externalMiB: 1.5, handles: 1, threads: 1, files: 1 } as const;

const growing = ({ trends, measuredHours }: SoakResult) =>
  Object.entries(NOISE)
    .filter(([measure, noise]) => trends[measure as keyof typeof NOISE].lowPerHour * measuredHours > noise)
    .map(([measure]) => measure);

async function run(options: SoakOptions): Promise<SoakResult> {
  const result = await soak(options);
  process.stdout.write(`${JSON.stringify({ ...options, ...result })}\n`);
  return result;
}

it(
  'nothing grows while cameras drop, the broker drops and the configuration is reloaded again and again',
  async () => {
    const result = await run({ seconds: SECONDS, warmUpSeconds: Math.max(60, SECONDS / 4) });
    expect(growing(result), JSON.stringify(result.trends)).toEqual([]);
    expect(result.refused).toBe(0);
    for (const count of [result.cameraDrops, result.brokerDrops, result.reloads]) {
      expect(count).toBeGreaterThan(SECONDS / 30);
    }
  },
  (SECONDS + 120) * 1000,
);

it.each([
  ['memory', 'heapMiB'],
  ['files', 'files'],
  ['timers', 'handles'],
] as const)('a leak of %s is found out', async (leak, measure) => {
  expect(growing(await run({ seconds: 60, warmUpSeconds: 20, leak }))).toContain(measure);
});
