import type { Camera, TracksMessage } from '../server/contract.ts';
import { paintLines, paintTrack, paintTrail, paintZones } from './paint.ts';
import { TrackTimeline } from './track-timeline.ts';

export interface OverlayOptions {
  readonly boxes: boolean;
  readonly trails: boolean;
  readonly zones: boolean;
  /** Scores and numbers too. */
  readonly detail: boolean;
}

/** Pictures as wide as this have room for scores and numbers. */
const ROOMY_PX = 560;
const TRAIL_MS = 4_000;

/** What is drawn over the pictures of one camera: always what belongs to the picture that is on the screen. */
export class Overlay {
  readonly #canvas: HTMLCanvasElement;
  readonly #timeline = new TrackTimeline();
  #camera: Pick<Camera, 'zones' | 'lines'> = { zones: [], lines: [] };
  #options: OverlayOptions = { boxes: true, trails: true, zones: true, detail: false };
  #shownAtMs: number | undefined;

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
  }

  update(camera: Pick<Camera, 'zones' | 'lines'>, options: OverlayOptions): void {
    this.#camera = camera;
    this.#options = options;
    this.draw();
  }

  add(message: TracksMessage): void {
    this.#timeline.add(message);
    // The picture may have been quicker than its tracks.
    this.draw();
  }

  /** @param captureAtMs of the picture that has just been shown; undefined: not known */
  shown(captureAtMs: number | undefined): void {
    this.#shownAtMs = captureAtMs;
    this.draw();
  }

  draw(): void {
    const canvas = this.#canvas;
    const pen = canvas.getContext('2d');
    const size = { width: canvas.clientWidth, height: canvas.clientHeight };
    if (pen === null || size.width === 0) return;
    const ratio = window.devicePixelRatio;
    const [width, height] = [Math.round(size.width * ratio), Math.round(size.height * ratio)];
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, size.width, size.height);
    const { boxes, trails, zones, detail } = this.#options;
    const atMs = this.#shownAtMs ?? this.#timeline.newest?.captureAtMs;
    const tracks = atMs === undefined ? [] : this.#timeline.at(atMs);
    if (zones) {
      paintZones(pen, size, this.#camera.zones, tracks);
      paintLines(pen, size, this.#camera.lines);
    }
    if (trails && atMs !== undefined) {
      for (const { objectId, label } of tracks) {
        paintTrail(pen, size, this.#timeline.trail(objectId, atMs, TRAIL_MS), label);
      }
    }
    const roomy = detail && size.width >= ROOMY_PX;
    if (boxes) for (const track of tracks) paintTrack(pen, size, track, roomy);
    // Says what is drawn to whoever cannot see it, a test among them.
    canvas.dataset.captureAtMs = atMs === undefined ? '' : String(Math.round(atMs));
    canvas.dataset.objects = String(tracks.length);
  }
}
