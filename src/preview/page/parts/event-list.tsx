import { useState } from 'preact/hooks';
import type { Timeline } from '../state/timeline.ts';
import { type TimelineEntry, timelineOf, type Visit } from '../state/visits.ts';
import { clockTime, describeEvent, duration, percent } from '../state/words.ts';
import { Icon } from './icon.tsx';
import { Thumbnail } from './thumbnail.tsx';
import { VisitDialog } from './visit-dialog.tsx';

interface EventListProps {
  readonly timeline: Timeline;
  /** Without the camera's name, which is clear from where the list stands. */
  readonly ofOneCamera?: boolean;
  /** At most so many entries, and none to load. */
  readonly limit?: number;
}

/** The timeline: one entry per visit of an object, newest first. */
export function EventList({ timeline, ofOneCamera = false, limit }: EventListProps) {
  const [openId, setOpenId] = useState<string>();
  const { events, loading, problem, more } = timeline.state.value;
  const entries = timelineOf(events).slice(0, limit);
  const open = entries.find((entry) => entry.key === openId);
  const days = byDay(entries);
  return (
    <div class="timeline">
      {problem !== undefined && (
        <p class="notice tone-alert" role="alert">
          {problem}
        </p>
      )}
      {days.map(([day, ofDay]) => (
        <section key={day} aria-label={day}>
          {limit === undefined && <h3 class="day">{day}</h3>}
          <ol class="entries">
            {ofDay.map((entry) => (
              <li key={entry.key}>
                {entry.kind === 'visit' ? (
                  <VisitRow
                    visit={entry.visit}
                    withCamera={!ofOneCamera}
                    onOpen={() => setOpenId(entry.key)}
                  />
                ) : (
                  <OtherRow entry={entry} withCamera={!ofOneCamera} />
                )}
              </li>
            ))}
          </ol>
        </section>
      ))}
      {entries.length === 0 && !loading && problem === undefined && <p class="empty">No events yet.</p>}
      {limit === undefined && more && (
        <button type="button" class="button wide" disabled={loading} onClick={() => void timeline.loadMore()}>
          {loading ? 'Loading…' : 'Older events'}
        </button>
      )}
      {open?.kind === 'visit' && <VisitDialog visit={open.visit} onClose={() => setOpenId(undefined)} />}
    </div>
  );
}

interface VisitRowProps {
  readonly visit: Visit;
  readonly withCamera: boolean;
  readonly onOpen: () => void;
}

function VisitRow({ visit, withCamera, onOpen }: VisitRowProps) {
  const { label, topScore, startedAtMs, endedAtMs, zones, lines, attributes, cameraId, severity } = visit;
  return (
    <button
      type="button"
      class={`entry ${severity === 'alert' ? 'entry-alert' : ''}`}
      data-object-id={visit.objectId}
      onClick={onOpen}
    >
      <Thumbnail eventId={visit.pictureEventId} label={label} />
      <span class="entry-text">
        <span class="entry-title">
          <strong>{label}</strong>
          <span class="muted">{percent(topScore)}</span>
          {severity === 'alert' && <span class="chip chip-alert">alert</span>}
          {endedAtMs === null && <span class="chip chip-now">here</span>}
        </span>
        <span class="muted">
          {clockTime(startedAtMs)}
          {endedAtMs !== null && `, ${duration(endedAtMs - startedAtMs)}`}
          {withCamera && ` · ${cameraId}`}
        </span>
        <span class="chips">
          {zones.map((zone) => (
            <span key={zone} class="chip">
              {zone}
            </span>
          ))}
          {lines.map((line) => (
            <span key={line} class="chip">
              {line}
            </span>
          ))}
          {attributes.map(([name, value]) => (
            <span key={name} class="chip">
              {name} {value}
            </span>
          ))}
        </span>
      </span>
      {visit.clipEventId !== null && (
        <span class="entry-clip" title="With a clip">
          <Icon name="play" />
          <span class="hidden">with a clip</span>
        </span>
      )}
    </button>
  );
}

interface OtherRowProps {
  readonly entry: Extract<TimelineEntry, { kind: 'other' }>;
  readonly withCamera: boolean;
}

function OtherRow({ entry: { event }, withCamera }: OtherRowProps) {
  return (
    <div class={`entry entry-plain ${event.severity === 'alert' ? 'entry-alert' : ''}`}>
      <span class="thumb thumb-letter">
        <Icon name={event.type === 'camera.state' ? 'cameras' : 'zone'} />
      </span>
      <span class="entry-text">
        <span class="entry-title">{describeEvent(event)}</span>
        <span class="muted">
          {clockTime(event.atMs)}
          {withCamera && ` · ${event.cameraId}`}
        </span>
      </span>
    </div>
  );
}

function byDay(entries: readonly TimelineEntry[]): [string, TimelineEntry[]][] {
  const days = new Map<string, TimelineEntry[]>();
  for (const entry of entries) {
    const atMs = entry.kind === 'visit' ? entry.visit.events[0]!.atMs : entry.event.atMs;
    const day = new Date(atMs).toLocaleDateString(undefined, {
      weekday: 'long',
      day: 'numeric',
      month: 'long',
    });
    days.set(day, [...(days.get(day) ?? []), entry]);
  }
  return [...days];
}
