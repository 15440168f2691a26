import { type LoadedSpan, measureOverload, type OverloadResult } from '../bench/overload.ts';
import type { CommandIo } from './command-io.ts';

export interface BenchOverloadOptions {
  readonly model: string;
  readonly seconds: number;
  readonly json?: boolean;
}

/** `ocellus bench --scenario overload`: what becomes of four times as many frames as the device carries. */
export async function benchOverload(
  io: CommandIo,
  { json, ...options }: BenchOverloadOptions,
): Promise<void> {
  const onProgress = (what: string) => io.stderr.write(`${what} ...\n`);
  const result = await measureOverload({ ...options, onProgress });
  io.stdout.write(json === true ? `${JSON.stringify(result, null, 2)}\n` : describe(result));
}

function describe({ model, carriedPerS, equal, byPriority, recoveryS }: OverloadResult): string {
  const lines = [
    `${model}: this device carries ${carriedPerS.toFixed(1)} frames per second`,
    ...describeSpan('cameras of one priority', equal),
    ...describeSpan('cameras, half of them with three times the priority', byPriority),
    recoveryS === null
      ? 'NOT recovered after the load had gone'
      : `recovered ${recoveryS.toFixed(1)} s after the load had gone`,
  ];
  return `${lines.join('\n')}\n`;
}

function describeSpan(what: string, span: LoadedSpan): string[] {
  const perPriority = [...new Set(span.shares.map(({ priority }) => priority))].map((priority) => {
    const counts = span.shares.filter((share) => share.priority === priority).map(({ inferred }) => inferred);
    return `priority ${priority}: ${Math.min(...counts)} to ${Math.max(...counts)} frames each`;
  });
  const { captured = 0, inferred = 0, ...dropped } = span.frames;
  const drops = Object.entries(dropped).map(([reason, count]) => `${reason} ${count}`);
  const ms = (value: number) => `${value.toFixed(1)} ms`;
  return [
    '',
    `${span.cameras} ${what}: ${span.offeredPerS.toFixed(1)} frames per second, of which ${span.inferredPerS.toFixed(1)} were inferred`,
    `  ${perPriority.join('; ')}; Jain's index by priority ${span.jainIndex.toFixed(4)}`,
    `  Run ${ms(span.runP50Ms)} (p50), ${ms(span.runP95Ms)} (p95)`,
    `  frame in memory -> event ${ms(span.frameToEventP50Ms)} (p50), ${ms(span.frameToEventP95Ms)} (p95)`,
    `  of ${captured} frames ${inferred} were inferred; dropped: ${drops.join(', ') || 'none'}; unaccounted for: ${span.unaccounted}`,
  ];
}
