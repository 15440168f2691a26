import type { CameraConfig } from '../config/camera-schema.ts';
import type { RecognitionOptions } from './recognition.ts';
import type { Places } from './subject.ts';

/** What the operator asks of one camera, and where ids come from. */
export interface CameraRulesOptions {
  readonly cameraId: string;
  /** Labels to report and their minimum scores; empty: every label. */
  readonly objects: CameraConfig['objects'];
  readonly zones: CameraConfig['zones'];
  readonly lines: CameraConfig['lines'];
  /** Minimum score of labels without one of their own, 0..1. */
  readonly minScore?: number;
  /** An object unseen for so long ends, unless it stood still. */
  readonly lostMs?: number;
  /** Absent: nothing knows objects again by their looks. */
  readonly recognition?: RecognitionOptions | undefined;
  /** A fresh id. @param atMs when the object was first seen, ms since the epoch */
  readonly newObjectId: (atMs: number) => string;
}

/** The zones and lines that count for one label. */
export function placesFor(label: string, { zones, lines }: Pick<CameraConfig, 'zones' | 'lines'>): Places {
  const counting = <P extends { objects?: string[] | undefined }>(places: Record<string, P>) =>
    new Map(Object.entries(places).filter(([, place]) => place.objects?.includes(label) ?? true));
  return { zones: counting(zones), lines: counting(lines) };
}
