import type { z } from 'zod';
import { cameraSchema } from '../../src/config/camera-schema.ts';
import { CameraRules } from '../../src/events/camera-rules.ts';
import type { CameraRulesOptions } from '../../src/events/camera-rules-options.ts';
import type { EventDraft } from '../../src/flow/domain-event.ts';
import type { BoxPx } from '../../src/flow/geometry.ts';
import type { AppearanceAt } from '../../src/flow/scene-memory.ts';
import type { Track } from '../../src/flow/track.ts';

export const SOURCE = { widthPx: 1000, heightPx: 500 };
export const START_AT_MS = 1_700_000_000_000;

const STILL: readonly [number, number] = [0, 0];

export interface Seen {
  readonly trackId: number;
  readonly label?: string;
  readonly score?: number;
  readonly boxPx: BoxPx;
  readonly velocityPxPerS?: readonly [number, number];
}

export interface Told {
  /** Media time at which it was told, ms. */
  readonly onMs: number;
  readonly draft: EventDraft;
}

type Places = 'objects' | 'zones' | 'lines';

/** The rules as a configuration file states them, and the rest of the options. */
export type SceneRules = Partial<Omit<CameraRulesOptions, Places>> &
  Pick<z.input<typeof cameraSchema>, Places>;

/** Rules fed with tracks that a test states frame by frame; unseen tracks stay `lost` as long as a tracker keeps them. */
export class Scene {
  readonly rules: CameraRules;
  readonly told: Told[] = [];
  readonly #tracks = new Map<number, Track>();
  readonly #keepMs: number;

  constructor({ objects, zones, lines, ...options }: SceneRules = {}, keepMs = 3_000) {
    const camera = cameraSchema.parse({ source: 'sim://scene', objects, zones, lines });
    let ids = 0;
    this.#keepMs = keepMs;
    this.rules = new CameraRules({
      cameraId: 'front',
      objects: camera.objects,
      zones: camera.zones,
      lines: camera.lines,
      newObjectId: () => `object-${++ids}`,
      ...options,
    });
  }

  frame(atMs: number, seen: readonly Seen[], at?: AppearanceAt): EventDraft[] {
    const ended: Track[] = [];
    for (const track of this.#tracks.values()) {
      if (atMs - track.lastSeenMonoMs < this.#keepMs) {
        this.#tracks.set(track.trackId, { ...track, state: 'lost' });
      } else {
        this.#tracks.delete(track.trackId);
        ended.push(track);
      }
    }
    for (const { trackId, label = 'person', score = 0.9, boxPx, velocityPxPerS = STILL } of seen) {
      const before = this.#tracks.get(trackId);
      this.#tracks.set(trackId, {
        trackId,
        label,
        classId: 0,
        state: before === undefined ? 'tentative' : 'confirmed',
        score,
        topScore: Math.max(score, before?.topScore ?? 0),
        boxPx,
        velocityPxPerS,
        hits: (before?.hits ?? 0) + 1,
        firstSeenMonoMs: before?.firstSeenMonoMs ?? atMs,
        lastSeenMonoMs: atMs,
      });
    }
    const drafts = this.rules.update(
      { atMonoMs: atMs, tracks: [...this.#tracks.values()], ended },
      {
        source: SOURCE,
        times: {
          captureAtMs: START_AT_MS + atMs,
          captureMonoMs: atMs,
          decodedAtMs: START_AT_MS + atMs + 5,
        },
        inferredAtMs: START_AT_MS + atMs + 20,
      },
      at,
    );
    this.told.push(...drafts.map((draft) => ({ onMs: atMs, draft })));
    return drafts;
  }

  /** Frames at `fps` in [fromMs, toMs), with what `seen` gives for each. */
  play(
    fromMs: number,
    toMs: number,
    fps: number,
    seen: (atMs: number, index: number) => readonly Seen[],
  ): void {
    const frames = Math.ceil(((toMs - fromMs) * fps) / 1000 - 1e-9);
    for (let i = 0; i < frames; i++) {
      const atMs = fromMs + (i * 1000) / fps;
      this.frame(atMs, seen(atMs, i));
    }
  }

  end(): void {
    this.told.push(...this.rules.endAll('stopped').map((draft) => ({ onMs: Number.NaN, draft })));
  }

  /** Types told so far, in order, without `object.updated`. */
  get types(): string[] {
    return this.told.map(({ draft }) => draft.type).filter((type) => type !== 'object.updated');
  }

  of<T extends EventDraft['type']>(type: T): (Told & { draft: Extract<EventDraft, { type: T }> })[] {
    return this.told.filter((told) => told.draft.type === type) as (Told & {
      draft: Extract<EventDraft, { type: T }>;
    })[];
  }
}

/** A person of 60 x 150 px that stands at (x, y), the middle of its lower edge. */
export function personAt(x: number, y: number): BoxPx {
  return [x - 30, y - 150, x + 30, y];
}
