import type { EventSealer } from '../events/event-sealer.ts';
import type { CameraState } from '../flow/camera-state.ts';
import type { DomainEvent, EventDraft } from '../flow/domain-event.ts';
import type { Frame } from '../flow/frame.ts';
import { toNorm } from '../flow/geometry.ts';
import type { TrackUpdate } from '../flow/track.ts';
import type { MqttPublisher } from '../mqtt/publisher.ts';
import type { PipelineOutlet, PresenceCounts } from './pipeline-outlet.ts';

export interface EventOutletParts {
  readonly sealer: EventSealer;
  /** Absent: events go to `onEvent` alone. */
  readonly mqtt: MqttPublisher | undefined;
  /** Hears every event as it is published. */
  readonly onEvent: (event: DomainEvent) => void;
  readonly publishTracks: boolean;
}

/** Where the pipelines meet the outside: numbers events once for the whole device and hands everything to MQTT. */
export class EventOutlet implements PipelineOutlet {
  readonly #parts: EventOutletParts;

  constructor(parts: EventOutletParts) {
    this.#parts = parts;
  }

  event(draft: EventDraft): void {
    const event = this.#parts.sealer.seal(draft);
    this.#parts.mqtt?.publishEvent(event);
    this.#parts.onEvent(event);
  }

  cameraState(cameraId: string, state: CameraState): void {
    this.#parts.mqtt?.cameraState(cameraId, state);
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

  counts(cameraId: string, counts: PresenceCounts): void {
    this.#parts.mqtt?.counts(cameraId, counts);
  }

  motion(cameraId: string, moving: boolean): void {
    this.#parts.mqtt?.motion(cameraId, moving);
  }

  inForce(cameraId: string, values: { enabled: boolean; detect: boolean; fps: number }): void {
    for (const name of ['enabled', 'detect', 'fps'] as const) {
      this.#parts.mqtt?.commandOutcome(cameraId, name, values[name]);
    }
  }

  tracks(frame: Frame, update: TrackUpdate): void {
    this.#parts.mqtt?.pictureSize(frame.cameraId, frame.source);
    if (!this.#parts.publishTracks) return;
    this.#parts.mqtt?.publishTracks(frame.cameraId, {
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
