import type { CpuMetrics } from './host-metrics.ts';
import { type HostTree, numberOf } from './host-tree.ts';

/** Time that all processors spent since the start, in ticks of the kernel. */
interface CpuTime {
  readonly busy: number;
  readonly total: number;
}

/** `/proc/stat` and `/proc/loadavg`. Remembers the sample before, for the share of time between the two. */
export class CpuReader {
  readonly #tree: HostTree;
  #before: CpuTime | undefined;

  constructor(tree: HostTree) {
    this.#tree = tree;
  }

  async read(): Promise<Omit<CpuMetrics, 'limit'>> {
    const stat = await this.#tree.text('proc/stat', 64 * 1024);
    const now = cpuTime(stat);
    const busyPercent = busyBetween(this.#before, now);
    this.#before = now;
    const processors = stat?.match(/^cpu\d+ /gm)?.length ?? null;
    return { busyPercent, load1: await this.#tree.number('proc/loadavg'), processors };
  }
}

/** The first line of `/proc/stat`: user nice system idle iowait irq softirq steal, and guest, which user includes. */
function cpuTime(stat: string | null): CpuTime | undefined {
  const fields = /^cpu +(.*)$/m
    .exec(stat ?? '')?.[1]
    ?.split(' ')
    .map((field) => numberOf(field));
  if (fields === undefined || fields.length < 5) return undefined;
  const times = fields.slice(0, 8);
  if (times.some((time) => time === null || time < 0)) return undefined;
  const total = times.reduce<number>((sum, time) => sum + time!, 0);
  return { busy: total - times[3]! - times[4]!, total };
}

function busyBetween(before: CpuTime | undefined, now: CpuTime | undefined): number | null {
  if (before === undefined || now === undefined || now.total <= before.total) return null;
  const share = (now.busy - before.busy) / (now.total - before.total);
  return Math.round(Math.min(1, Math.max(0, share)) * 1000) / 10;
}
