import { events } from './0001-events.ts';
import { eventSearch } from './0002-event-search.ts';

/** Every migration in order, one numbered file each. The schema's version is how many have been applied; none ever changes. */
export const migrations: readonly string[] = [events, eventSearch];
