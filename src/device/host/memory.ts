import type { MemoryMetrics, Pressure } from './host-metrics.ts';
import { type HostTree, numberOf } from './host-tree.ts';

/** `/proc/meminfo`. On a Jetson the GPU uses this memory too. */
export async function readMemory(tree: HostTree): Promise<Omit<MemoryMetrics, 'limit'>> {
  const text = (await tree.text('proc/meminfo')) ?? '';
  const bytes = (name: string) => {
    const kib = numberOf(new RegExp(`^${name}: *(\\d+) kB$`, 'm').exec(text)?.[1]);
    return kib === null ? null : kib * 1024;
  };
  return {
    totalBytes: bytes('MemTotal'),
    availableBytes: bytes('MemAvailable'),
    swapTotalBytes: bytes('SwapTotal'),
    swapFreeBytes: bytes('SwapFree'),
  };
}

/**
 * Pressure Stall Information, https://docs.kernel.org/accounting/psi.html; null where the kernel was built or started
 * without it, as on JetPack 4.
 */
export async function readPressure(
  tree: HostTree,
  resource: 'cpu' | 'memory' | 'io',
): Promise<Pressure | null> {
  const text = await tree.text(`proc/pressure/${resource}`);
  if (text === null) return null;
  const percent = (line: 'some' | 'full', field: 'avg10' | 'avg60') =>
    percentOf(new RegExp(`^${line} .*\\b${field}=(\\S+)`, 'm').exec(text)?.[1]);
  const pressure = {
    someAvg10Percent: percent('some', 'avg10'),
    someAvg60Percent: percent('some', 'avg60'),
    fullAvg10Percent: percent('full', 'avg10'),
    fullAvg60Percent: percent('full', 'avg60'),
  };
  return Object.values(pressure).every((value) => value === null) ? null : pressure;
}

function percentOf(text: string | undefined): number | null {
  const value = numberOf(text);
  return value !== null && value >= 0 && value <= 100 ? value : null;
}
