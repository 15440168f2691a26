import type { TracksMessage } from '../server/contract.ts';

/** Names one shown picture, as its transport can. */
export interface ShownPicture {
  /** When it was captured; undefined while the transport does not know. */
  readonly captureAtMs: number | undefined;
}

/** Where a transport puts what it receives. */
export interface LiveStage {
  readonly cameraId: string;
  readonly video: HTMLVideoElement;
  /** For pictures that come one by one. */
  readonly canvas: HTMLCanvasElement;
  /** Which of the two is to be seen. */
  show(surface: 'video' | 'canvas'): void;
  /** A new picture is on the screen. */
  onPicture(picture: ShownPicture): void;
  onTracks(message: TracksMessage): void;
}

/** Why a transport does not, or does not any longer, show pictures. */
export class TransportFailure extends Error {
  /** It will not work later either: the browser or the camera cannot. */
  readonly hopeless: boolean;

  constructor(message: string, hopeless = false) {
    super(message);
    this.hopeless = hopeless;
  }
}

/** Shows live pictures until `signal` aborts. @throws TransportFailure, or what the network throws */
export type Transport = (stage: LiveStage, signal: AbortSignal) => Promise<void>;

/** The address of a camera's resource. */
export function cameraPath(cameraId: string, resource: string): string {
  return `/api/cameras/${encodeURIComponent(cameraId)}/${resource}`;
}
