/**
 * What one sample tells of the machine. Null and empty lists mean that this machine does not tell, or not to this user;
 * no number is ever NaN.
 */
export interface HostMetrics {
  /** When the sample was complete, monotonic clock, ms. */
  readonly monoMs: number;
  readonly cpu: CpuMetrics;
  readonly memory: MemoryMetrics;
  /** Pressure Stall Information of the kernel, of the whole machine. */
  readonly pressure: {
    readonly cpu: Pressure | null;
    readonly memory: Pressure | null;
    readonly io: Pressure | null;
  };
  readonly gpu: GpuMetrics | null;
  /** The memory controller; on most Jetsons only root may see it. */
  readonly emc: EmcMetrics | null;
  readonly power: PowerMetrics;
  readonly thermal: ThermalMetrics;
  readonly throttling: ThrottlingMetrics;
  /** Null on anything but a Jetson. */
  readonly powerMode: PowerMode | null;
  readonly fan: FanMetrics | null;
}

export interface CpuMetrics {
  /** Of all processors, since the sample before, 0 to 100; null in the first sample. */
  readonly busyPercent: number | null;
  /** Runnable tasks, average of one minute. */
  readonly load1: number | null;
  /** Processors that are online. */
  readonly processors: number | null;
  /** Processors that the control group of this program may use at once; null without a limit. */
  readonly limit: number | null;
}

export interface MemoryMetrics {
  readonly totalBytes: number | null;
  /** What programs can still get without swapping. */
  readonly availableBytes: number | null;
  readonly swapTotalBytes: number | null;
  readonly swapFreeBytes: number | null;
  /** The control group of this program, or the tightest one above it; null without a limit. */
  readonly limit: { readonly bytes: number; readonly usedBytes: number | null } | null;
}

/** Shares of time that work stood still, 0 to 100. `some`: at least one task waited; `full`: all did. */
export interface Pressure {
  readonly someAvg10Percent: number | null;
  readonly someAvg60Percent: number | null;
  readonly fullAvg10Percent: number | null;
  readonly fullAvg60Percent: number | null;
}

export interface GpuMetrics {
  /** As the kernel calls it: `17000000.gpu`, `gpu-gpc-0`, `card0`. */
  readonly name: string;
  /** 0 to 100. */
  readonly loadPercent: number | null;
  readonly frequencyMhz: number | null;
  /** What the power mode allows. */
  readonly maxFrequencyMhz: number | null;
}

export interface EmcMetrics {
  readonly frequencyMhz: number | null;
  readonly maxFrequencyMhz: number | null;
  /** Share of its cycles that moved data, 0 to 100. */
  readonly loadPercent: number | null;
}

export interface PowerRail {
  /** As the board calls it: `VDD_CPU_GPU_CV`. */
  readonly name: string;
  readonly powerMw: number | null;
  readonly voltageMv: number | null;
  readonly currentMa: number | null;
  /** Above it the board throttles. */
  readonly limitMa: number | null;
}

export interface PowerMetrics {
  /** Of the rail that feeds the whole module; null where none is measured, since sums would count some rails twice. */
  readonly totalMw: number | null;
  readonly rails: readonly PowerRail[];
}

export interface ThermalZone {
  /** `cpu-thermal` */
  readonly name: string;
  readonly temperatureC: number | null;
  /** The lowest trip point at which the kernel slows something down (`passive`, `hot`). */
  readonly throttleAtC: number | null;
  /** The trip point at which the machine is switched off (`critical`). */
  readonly shutdownAtC: number | null;
  /** Degrees to the nearer of the two; negative beyond it. */
  readonly headroomC: number | null;
}

export interface ThermalMetrics {
  readonly zones: readonly ThermalZone[];
  readonly hottestC: number | null;
  /** The smallest of all zones. */
  readonly headroomC: number | null;
}

export interface ThrottlingMetrics {
  /** Something slows the machine down at this moment; null where nothing would tell. */
  readonly active: boolean | null;
  /** `thermal:gpu-throttle-alert`, `over_current:oc3`, `under_voltage`; without repetition. */
  readonly reasons: readonly string[];
  /** Events since the machine started, by their counter (`oc1` under-voltage, `oc2` average, `oc3` peak current on Orin). */
  readonly overCurrentEvents: Readonly<Record<string, number>>;
}

export interface PowerMode {
  readonly id: number;
  /** `MAXN`, `15W`; null when the table of modes does not have the id. */
  readonly name: string | null;
  /** The name of the fastest mode of this board. */
  readonly fastest: string | null;
}

export interface FanMetrics {
  readonly dutyPercent: number | null;
  readonly rpm: number | null;
}
