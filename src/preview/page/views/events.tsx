import { useState } from 'preact/hooks';
import { EventList } from '../parts/event-list.tsx';
import { useTimeline } from '../parts/use-timeline.ts';
import { formatRoute } from '../route.ts';
import { cameras } from '../state/cameras.ts';
import { type EventFilter, filterOf, queryOf } from '../state/event-filter.ts';

const TYPES = [
  'object.started',
  'object.updated',
  'object.ended',
  'zone.entered',
  'zone.left',
  'zone.dwelled',
  'zone.occupied',
  'zone.cleared',
  'line.crossed',
  'camera.state',
];

/** The whole timeline, with filters that are part of the page's address. */
export function Events({ query }: { readonly query: URLSearchParams }) {
  const filter = filterOf(query);
  const timeline = useTimeline(filter);
  return (
    <div class="events-view">
      <h1 class="hidden">Events</h1>
      <Filters filter={filter} />
      <EventList timeline={timeline} />
    </div>
  );
}

function Filters({ filter }: { readonly filter: EventFilter }) {
  // On a narrow screen only: elsewhere there is room for all of them.
  const [open, setOpen] = useState(false);
  const inForce = Object.values(filter).filter((value) => value !== undefined).length;
  const list = cameras.value ?? [];
  const chosen = list.filter(({ cameraId }) => filter.camera === undefined || cameraId === filter.camera);
  const labels = distinct(chosen.flatMap(({ labels, counts }) => [...labels, ...Object.keys(counts)]));
  const zones = distinct(chosen.flatMap((camera) => camera.zones.map(({ zoneId }) => zoneId)));
  const set = (change: EventFilter) => {
    location.hash = formatRoute({ view: 'events', query: queryOf({ ...filter, ...change }) });
  };
  const select = (
    name: 'camera' | 'label' | 'zone' | 'type' | 'severity',
    title: string,
    values: readonly string[],
  ) => (
    <label class="field">
      <span>{title}</span>
      <select
        value={filter[name] ?? ''}
        onChange={({ currentTarget }) => set({ [name]: currentTarget.value })}
      >
        <option value="">all</option>
        {values.map((value) => (
          <option key={value} value={value}>
            {value}
          </option>
        ))}
      </select>
    </label>
  );
  const time = (name: 'fromMs' | 'toMs', title: string) => (
    <label class="field">
      <span>{title}</span>
      <input
        type="datetime-local"
        value={localTime(filter[name])}
        onChange={({ currentTarget: { value } }) =>
          set({ [name]: value === '' ? undefined : new Date(value).getTime() })
        }
      />
    </label>
  );
  return (
    <search class="filters card" data-open={open} aria-label="Filter events">
      <button
        type="button"
        class="button quiet filters-toggle"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        {inForce === 0 ? 'Filters' : `Filters (${inForce})`}
      </button>
      {select(
        'camera',
        'Camera',
        list.map(({ cameraId }) => cameraId),
      )}
      {select('label', 'Label', labels)}
      {select('zone', 'Zone', zones)}
      {select('type', 'What', TYPES)}
      {select('severity', 'Severity', ['alert', 'detection'])}
      {time('fromMs', 'From')}
      {time('toMs', 'To')}
      <label class="field">
        <span>Text</span>
        <input
          type="search"
          value={filter.text ?? ''}
          onChange={({ currentTarget: { value } }) => set({ text: value.trim() })}
        />
      </label>
      <a class="button quiet" href="#/events">
        Clear
      </a>
    </search>
  );
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}

/** As an input of the type datetime-local takes it: in the browser's own time zone. */
function localTime(atMs: number | undefined): string {
  if (atMs === undefined) return '';
  return new Date(atMs - new Date(atMs).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
