/** Pressure on the host, from wherever it is read. Null: nobody says. */
export interface HostPressure {
  /** Of the sensor that is closest to throttling, degrees Celsius. */
  readonly temperatureC: number | null;
  /** From there to the temperature at which the kernel throttles; negative above it. */
  readonly headroomC: number | null;
  /** The kernel or the firmware slows the device down for its temperature. */
  readonly thermalThrottling: boolean;
  /** The same for its power supply, now or since the last measurement. */
  readonly powerThrottling: boolean;
  readonly memory: MemoryPressure | null;
}

/** Linux pressure stall information (Documentation/accounting/psi.rst) and the limit of the control group. */
export interface MemoryPressure {
  /** Share of the last 10 s in which at least one task waited for memory, 0..100. */
  readonly somePercent: number | null;
  /** Share of the last 10 s in which all tasks did, 0..100. */
  readonly fullPercent: number | null;
  /** Memory in use of the limit that the service has, 0..100; null without a limit. */
  readonly usedPercent: number | null;
}

/** A host that says nothing. */
export const NO_PRESSURE: HostPressure = {
  temperatureC: null,
  headroomC: null,
  thermalThrottling: false,
  powerThrottling: false,
  memory: null,
};

/** What one camera wants. */
export interface CameraDemand {
  readonly cameraId: string;
  /** `cameras.<name>.priority`. */
  readonly priority: number;
  /** Name of the model that it is configured for. */
  readonly model: string;
  /** Frames per second that it would have inferred if nothing held it back: those that arrive, that were asked for, and that are worth it. */
  readonly fps: number;
}

/** A model as it runs. */
export interface ModelLoad {
  /** Inferences that may run at the same time. */
  readonly sessions: number;
  /** Time that one frame occupies a session, ms; null before the first. */
  readonly costMs: number | null;
  /** Name of the model that takes its place when rates alone do not suffice. */
  readonly smaller?: string | undefined;
}

export interface Measurements {
  readonly monoMs: number;
  readonly host: HostPressure;
  readonly cameras: readonly CameraDemand[];
  readonly models: ReadonlyMap<string, ModelLoad>;
}

export const governorReasons = ['temperature', 'power', 'memory', 'overload'] as const;
export type GovernorReason = (typeof governorReasons)[number];

/** What a camera may do. */
export interface CameraGrant {
  /** Most frames per second that are inferred; null: as many as it wants. */
  readonly fps: number | null;
  /** Name of the model that infers them. */
  readonly model: string;
  /** A frame that waits longer for its turn is left; null: it waits. */
  readonly maxWaitMs: number | null;
}

export interface GovernorDecision {
  /** 0: everything that is wanted; 8: about a sixth of it. */
  readonly level: number;
  /** Of the inference that is wanted, what is granted, 0..1. */
  readonly share: number;
  /** Why less than all; strongest first. */
  readonly reasons: readonly GovernorReason[];
  readonly cameras: ReadonlyMap<string, CameraGrant>;
  /** Nothing may be begun that takes memory of its own, such as another viewer. */
  readonly saveMemory: boolean;
}
