import { useEffect, useState } from 'preact/hooks';
import type { EventFilter } from '../state/event-filter.ts';
import { queryOf } from '../state/event-filter.ts';
import { Timeline } from '../state/timeline.ts';

/** The events that match a filter, followed as long as the component is there. */
export function useTimeline(filter: EventFilter): Timeline {
  const key = queryOf(filter).toString();
  const [timeline, setTimeline] = useState(() => new Timeline(filter));
  useEffect(() => {
    const next = new Timeline(filter);
    const stop = new AbortController();
    setTimeline(next);
    next.start(stop.signal);
    return () => stop.abort();
  }, [key]);
  return timeline;
}
