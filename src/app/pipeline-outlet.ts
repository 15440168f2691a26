import type { PresenceCounts } from '../events/presence.ts';
import type { CameraState } from '../flow/camera-state.ts';
import type { EventDraft } from '../flow/domain-event.ts';
import type { Frame } from '../flow/frame.ts';
import type { TrackUpdate } from '../flow/track.ts';
import type { ViewJpegs } from './view-keeper.ts';

/** What a camera's pipeline has to say to the rest of the program. Calls return at once and never throw. */
export interface PipelineOutlet {
  event(draft: EventDraft): void;
  cameraState(cameraId: string, state: CameraState): void;
  /** The state has not changed, and is stated again: no event comes of it. */
  cameraStateAgain(cameraId: string, state: CameraState): void;
  counts(cameraId: string, counts: PresenceCounts): void;
  motion(cameraId: string, moving: boolean): void;
  /** The best view so far of the newest object of a label. */
  bestView(cameraId: string, label: string, jpegs: ViewJpegs): void;
  /** What commands can change, as it is in force. */
  inForce(cameraId: string, values: { enabled: boolean; detect: boolean; fps: number }): void;
  tracks(frame: Frame, update: TrackUpdate): void;
}

/** For whoever wants the events and nothing else. */
export function eventsOnly(event: PipelineOutlet['event']): PipelineOutlet {
  return {
    event,
    cameraState() {},
    cameraStateAgain() {},
    counts() {},
    motion() {},
    bestView() {},
    inForce() {},
    tracks() {},
  };
}
