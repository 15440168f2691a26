import type { PresenceCounts } from '../events/presence.ts';
import type { CameraState } from '../flow/camera-state.ts';
import type { EventDraft } from '../flow/domain-event.ts';
import type { Frame } from '../flow/frame.ts';
import { toNorm } from '../flow/geometry.ts';
import type { TrackUpdate } from '../flow/track.ts';
import type { MqttPublisher } from '../mqtt/publisher.ts';
import type { EventStore } from '../store/event-store.ts';
import type { PipelineOutlet } from './pipeline-outlet.ts';
import type { ViewJpegs } from './view-keeper.ts';

export interface EventOutletParts {
  readonly store: Pick<EventStore, 'put'>;
  /** The broker's publisher; undefined without a broker. */
  readonly mqtt: () => MqttPublisher | undefined;
}

/** Where the pipelines meet the outside: events go to the store, which numbers them and has them published; all else goes to MQTT. */
export class EventOutlet implements PipelineOutlet {
  readonly #parts: EventOutletParts;

  constructor(parts: EventOutletParts) {
    this.#parts = parts;
  }

  get #mqtt(): MqttPublisher | undefined {
    return this.#parts.mqtt();
  }

  event(draft: EventDraft): void {
    this.#parts.store.put(draft);
  }

  cameraState(cameraId: string, state: CameraState): void {
    this.cameraStateAgain(cameraId, state);
    const { sinceMs } = state;
    this.event({
      type: 'camera.state',
      cameraId,
      state: state.state,
      cause: state.cause,
      severity: 'detection',
      atMs: sinceMs,
      timings: { captureAtMs: sinceMs, decodedAtMs: sinceMs, inferredAtMs: sinceMs, emittedAtMs: sinceMs },
    });
  }

  cameraStateAgain(cameraId: string, state: CameraState): void {
    this.#mqtt?.cameraState(cameraId, state);
  }

  counts(cameraId: string, counts: PresenceCounts): void {
    this.#mqtt?.counts(cameraId, counts);
  }

  motion(cameraId: string, moving: boolean): void {
    this.#mqtt?.motion(cameraId, moving);
  }

  bestView(cameraId: string, label: string, jpegs: ViewJpegs): void {
    this.#mqtt?.bestView(cameraId, label, jpegs);
  }

  inForce(cameraId: string, values: { enabled: boolean; detect: boolean; fps: number }): void {
    for (const name of ['enabled', 'detect', 'fps'] as const) {
      this.#mqtt?.commandOutcome(cameraId, name, values[name]);
    }
  }

  tracks(frame: Frame, update: TrackUpdate): void {
    this.#mqtt?.pictureSize(frame.cameraId, frame.source);
    if (this.#mqtt?.publishesTracks !== true) return;
    this.#mqtt.publishTracks(frame.cameraId, {
      seq: frame.seq,
      captureAtMs: Math.round(frame.times.captureAtMs),
      tracks: update.tracks.map((track) => ({
        trackId: track.trackId,
        state: track.state,
        label: track.label,
        score: track.score,
        boxNorm: toNorm(track.boxPx, frame.source),
      })),
    });
  }
}
