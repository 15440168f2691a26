import { useEffect, useRef, useState } from 'preact/hooks';
import type { DomainEvent } from '../../../flow/domain-event.ts';
import { requestJson } from '../server/request.ts';
import { merged } from '../state/timeline.ts';
import { timelineOf, type Visit } from '../state/visits.ts';
import { clockTime, describeEvent, percent } from '../state/words.ts';
import { Icon } from './icon.tsx';

interface VisitDialogProps {
  readonly visit: Visit;
  readonly onClose: () => void;
}

/** One visit: its clip or best view, and all that happened. */
export function VisitDialog({ visit: known, onClose }: VisitDialogProps) {
  const visit = useWholeVisit(known);
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const { label, cameraId, topScore, events } = visit;
  return (
    // A click beside the dialog closes it, as the key Escape does.
    <dialog
      ref={dialog}
      class="dialog"
      aria-label={`${label} at ${cameraId}`}
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && dialog.current?.close()}
      onKeyDown={(event) => event.key === 'Escape' && dialog.current?.close()}
    >
      <header class="dialog-head">
        <h2>
          {label} <span class="muted">{cameraId}</span>
        </h2>
        <button type="button" class="button quiet" aria-label="Close" onClick={() => dialog.current?.close()}>
          <Icon name="close" />
        </button>
      </header>
      <Media visit={visit} />
      <dl class="facts">
        <dt>Best score</dt>
        <dd>{percent(topScore)}</dd>
        <dt>Object</dt>
        <dd class="mono">{visit.objectId}</dd>
        {visit.attributes.map(([name, value]) => [
          <dt key={`${name}-name`}>{name}</dt>,
          <dd key={name}>{value}</dd>,
        ])}
      </dl>
      <ol class="happened">
        {events.toReversed().map((event) => (
          <li key={event.eventId}>
            <time dateTime={new Date(event.atMs).toISOString()}>{clockTime(event.atMs)}</time>
            <span>{describeEvent(event)}</span>
          </li>
        ))}
      </ol>
    </dialog>
  );
}

/** With the events that the list does not hold (yet): it shows a page of them. */
function useWholeVisit(visit: Visit): Visit {
  const [stored, setStored] = useState<readonly DomainEvent[]>([]);
  useEffect(() => {
    const stop = new AbortController();
    const path = `/api/events?limit=200&object=${encodeURIComponent(visit.objectId)}`;
    requestJson<{ events: readonly DomainEvent[] }>(path, { signal: stop.signal }).then(
      ({ events }) => setStored(events),
      // What the list knows is shown as it is.
      () => {},
    );
    return () => stop.abort();
  }, [visit.objectId]);
  const [entry] = timelineOf(merged(stored, visit.events));
  return entry?.kind === 'visit' ? entry.visit : visit;
}

/** The clip where there is one, or else the best view. */
function Media({ visit: { clipEventId, pictureEventId, label } }: { readonly visit: Visit }) {
  const [broken, setBroken] = useState<'clip' | 'all'>();
  const path = (eventId: string, file: string) => `/api/events/${encodeURIComponent(eventId)}/${file}`;
  if (clipEventId !== null && broken === undefined) {
    return (
      <video
        class="dialog-media"
        controls
        autoplay
        muted
        playsInline
        aria-label={`Clip of ${label}`}
        src={path(clipEventId, 'clip.mp4')}
        onError={() => setBroken('clip')}
      />
    );
  }
  const note = clipEventId !== null && <p class="notice">The clip is not complete yet, or was deleted.</p>;
  if (pictureEventId === null || broken === 'all') return note || null;
  return (
    <>
      {note}
      <img
        class="dialog-media"
        alt={`Best view of ${label}`}
        src={path(pictureEventId, 'snapshot.jpg')}
        onError={() => setBroken('all')}
      />
    </>
  );
}
