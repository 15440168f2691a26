import { expect, it } from 'vitest';
import { type SoakOptions, type SoakResult, soak } from '../soak/soak.ts';

/** `npm run soak` sets an hour; in CI it is three minutes. */
const SECONDS = Number(process.env.SOAK_SECONDS ?? 180);

/**
 * Growth per hour that would be a leak. Flat is: the 95 % confidence interval of the slope begins at or below it. The shorter
 * the run, the wider the interval, and the larger a leak must be to be found.
 */
const LEAK_PER_HOUR = {
  rssMiB: 120,
  heapMiB: 20,
  externalMiB: 20,
  handles: 20,
  threads: 5,
  files: 20,
} as const;

const growing = ({ trends }: SoakResult) =>
  Object.entries(LEAK_PER_HOUR)
    .filter(([measure, bound]) => trends[measure as keyof typeof LEAK_PER_HOUR].lowPerHour > bound)
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
