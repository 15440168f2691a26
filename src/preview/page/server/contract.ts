import type { CameraState } from '../../../flow/camera-state.ts';
import type { BoxNorm, PointNorm, SizePx } from '../../../flow/geometry.ts';

// What the page reads of the HTTP API. docs/reference/openapi.json is the whole of it.

export type Role = 'viewer' | 'operator' | 'admin';

export interface Session {
  readonly authentication: 'none' | 'password';
  /** null: nobody has logged in, and somebody must. */
  readonly user: { readonly name: string; readonly role: Role; readonly cameras: readonly string[] } | null;
  readonly deviceId: string;
  readonly version: string;
}

export interface Zone {
  readonly zoneId: string;
  readonly polygon: readonly PointNorm[];
}

export interface Line {
  readonly lineId: string;
  readonly from: PointNorm;
  readonly to: PointNorm;
}

export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
}

export interface Camera {
  readonly cameraId: string;
  readonly state: CameraState;
  /** What to do about the state's cause. */
  readonly advice: string | null;
  readonly source: string;
  readonly pictureSizePx: SizePx | null;
  readonly enabled: boolean;
  readonly detectEnabled: boolean;
  readonly labels: readonly string[];
  readonly zones: readonly Zone[];
  readonly lines: readonly Line[];
  readonly counts: Readonly<Record<string, number>>;
  readonly zoneCounts: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly motion: boolean;
  readonly rates: { readonly capturedPerS: number; readonly inferredPerS: number };
  /** Frames that were dropped since the start, by reason. */
  readonly drops: Readonly<Record<string, number>>;
  readonly latencyMs: Readonly<Record<string, Percentiles>>;
  readonly preview: {
    readonly webrtc: boolean;
    readonly mse: { readonly mime: string | null } | null;
    readonly mjpeg: boolean;
  };
  readonly recording: boolean;
  /** What holds detection back; null while nothing does. */
  readonly limit: {
    readonly fps: number | null;
    readonly model: string;
    readonly reasons: readonly string[];
  } | null;
}

/** An object of one inferred frame. */
export interface LiveTrack {
  readonly objectId: string;
  readonly label: string;
  readonly score: number;
  readonly boxNorm: BoxNorm;
  /** Of the centre, picture widths and heights per second. */
  readonly velocityNorm: readonly [x: number, y: number];
  readonly stationary: boolean;
  readonly zones: readonly string[];
}

export interface TracksMessage {
  readonly captureAtMs: number;
  /** WebRTC: when the picture was given to the encoder, ms of the sender's own clock. */
  readonly frame?: { readonly sentMs: number };
  readonly tracks: readonly LiveTrack[];
}

export interface ConfigIssue {
  readonly path: string;
  readonly message: string;
  readonly hint?: string;
}

/** application/problem+json. */
export interface Problem {
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  readonly hint?: string;
  readonly issues?: readonly ConfigIssue[];
}
