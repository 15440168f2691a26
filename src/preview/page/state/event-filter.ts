import type { DomainEvent } from '../../../flow/domain-event.ts';

/** What of the events is shown; what is undefined does not restrict. The names are those of the API's query. */
export interface EventFilter {
  readonly camera?: string;
  readonly label?: string;
  readonly type?: string;
  readonly zone?: string;
  readonly severity?: string;
  readonly text?: string;
  readonly fromMs?: number;
  readonly toMs?: number;
}

const TEXTS = ['camera', 'label', 'type', 'zone', 'severity', 'text'] as const;
const TIMES = ['fromMs', 'toMs'] as const;

/** Reads a filter off the page's address; unknown names are left out. */
export function filterOf(query: URLSearchParams): EventFilter {
  const filter: Record<string, string | number> = {};
  for (const name of TEXTS) {
    const value = query.get(name);
    if (value) filter[name] = value;
  }
  for (const name of TIMES) {
    const value = Number(query.get(name) ?? Number.NaN);
    if (Number.isFinite(value)) filter[name] = value;
  }
  return filter;
}

/** The opposite of `filterOf`. */
export function queryOf(filter: EventFilter): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(filter)) {
    if (value !== undefined && value !== '') query.set(name, String(value));
  }
  return query;
}

/** Whether an event that comes live belongs to what is shown. */
export function matches(event: DomainEvent, filter: EventFilter): boolean {
  const { camera, label, type, zone, severity, text, fromMs, toMs } = filter;
  if (camera !== undefined && event.cameraId !== camera) return false;
  if (type !== undefined && event.type !== type) return false;
  if (severity !== undefined && event.severity !== severity) return false;
  if (fromMs !== undefined && event.atMs < fromMs) return false;
  if (toMs !== undefined && event.atMs > toMs) return false;
  if (label !== undefined && !('label' in event && event.label === label)) return false;
  if (zone !== undefined && !zonesOf(event).includes(zone)) return false;
  return text === undefined || wordsOf(event).includes(text.toLowerCase());
}

/** Zones that an event is about. */
export function zonesOf(event: DomainEvent): readonly string[] {
  const own = 'zone' in event ? [event.zone] : [];
  return 'zones' in event ? [...new Set([...own, ...event.zones])] : own;
}

function wordsOf(event: DomainEvent): string {
  const words: string[] = [event.type, event.cameraId, ...zonesOf(event)];
  if ('label' in event) words.push(event.label, ...Object.values(event.attributes).map(({ value }) => value));
  if ('line' in event) words.push(event.line);
  if ('rule' in event) words.push(event.rule);
  if ('cause' in event && event.cause !== null) words.push(event.cause);
  return words.join(' ').toLowerCase();
}
