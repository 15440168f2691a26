import type { FanMetrics } from './host-metrics.ts';
import { type HostTree, scaled } from './host-tree.ts';
import type { HwmonChip } from './hwmon.ts';

const DUTY_MAX = 255;

export interface FanPaths {
  /** 0 to 255 */
  readonly duty: string | null;
  readonly rpm: string | null;
}

/** The first fan: hwmon, NVIDIA's tachometer of JetPack 5 and 6, or the driver of JetPack 4. */
export async function findFan(tree: HostTree, chips: readonly HwmonChip[]): Promise<FanPaths | null> {
  const folders = chips.map(({ folder }) => folder);
  const duty = await tree.firstWithNumber([
    ...folders.map((folder) => `${folder}/pwm1`),
    'sys/devices/pwm-fan/cur_pwm',
  ]);
  const rpm = await tree.firstWithNumber([
    ...folders.flatMap((folder) => [`${folder}/fan1_input`, `${folder}/rpm`]),
    'sys/devices/pwm-fan/rpm_measured',
  ]);
  return duty === null && rpm === null ? null : { duty, rpm };
}

export async function readFan(tree: HostTree, { duty, rpm }: FanPaths): Promise<FanMetrics> {
  const step = duty === null ? null : await tree.number(duty);
  const turns = rpm === null ? null : await tree.number(rpm);
  return {
    dutyPercent: step !== null && step >= 0 && step <= DUTY_MAX ? scaled(step, DUTY_MAX / 100) : null,
    rpm: turns !== null && turns >= 0 ? turns : null,
  };
}
