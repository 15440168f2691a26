import type { EventDraft } from '../flow/domain-event.ts';
import type { ClipRecorder } from '../store/media/clip-recorder.ts';
import type { ViewStage } from './view-stage.ts';

/** Tells the recorder what begins and ends, and links an event to its object's best view and clip. */
export function withLinks(
  draft: EventDraft,
  recorder: ClipRecorder | undefined,
  views: Pick<ViewStage, 'linkOf'>,
): EventDraft {
  if (!('objectId' in draft)) return draft;
  const { objectId, label, startedAtMs, atMs } = draft;
  if (draft.type === 'object.started') recorder?.objectStarted(objectId, label, startedAtMs);
  const clip = recorder?.linkOf(objectId) ?? null;
  if (draft.type === 'object.ended') recorder?.objectEnded(objectId, atMs);
  return { ...draft, snapshot: views.linkOf(draft), clip };
}
