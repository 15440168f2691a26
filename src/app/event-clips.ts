import type { EventDraft } from '../flow/domain-event.ts';
import type { ClipRecorder } from '../store/media/clip-recorder.ts';

/** Tells the recorder what begins and ends, and links the event to its clip. */
export function withClip(draft: EventDraft, recorder: ClipRecorder | undefined): EventDraft {
  if (recorder === undefined || !('objectId' in draft)) return draft;
  const { objectId, label, startedAtMs, atMs } = draft;
  if (draft.type === 'object.started') recorder.objectStarted(objectId, label, startedAtMs);
  const clip = recorder.linkOf(objectId);
  if (draft.type === 'object.ended') recorder.objectEnded(objectId, atMs);
  return { ...draft, clip };
}
