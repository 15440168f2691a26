import type Database from 'libsql';
import type { EventQuery } from '../flow/event-query.ts';

/** Numbers that one search looks at, both inclusive. */
export interface SeqWindow {
  readonly fromSeq: number;
  readonly toSeq: number;
}

interface Condition {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

/** Reads past events. In the store's thread: each search is bounded by its window, so that no commit waits long behind one. */
export class EventFinder {
  readonly #db: Database.Database;

  constructor(db: Database.Database) {
    this.#db = db;
  }

  /** First and last number among the events of a time; null when there is none. Without times, of all. */
  bounds({ fromMs, toMs }: Pick<EventQuery, 'fromMs' | 'toMs'>): SeqWindow | null {
    const timed = fromMs !== undefined || toMs !== undefined;
    // One pass of the index on times, which holds nothing else; without times, both ends of the table.
    const sql = timed
      ? 'SELECT min(seq) AS first, max(seq) AS last FROM events WHERE at_ms BETWEEN ? AND ?'
      : 'SELECT (SELECT min(seq) FROM events) AS first, (SELECT max(seq) FROM events) AS last';
    const values = timed ? [fromMs ?? 0, toMs ?? Number.MAX_SAFE_INTEGER] : [];
    const row = this.#db.prepare(sql).get(...values) as { first: number | null; last: number | null };
    return row.first === null || row.last === null ? null : { fromSeq: row.first, toSeq: row.last };
  }

  /** Events of the window that match, newest first, as JSON. */
  search(query: EventQuery, { fromSeq, toSeq }: SeqWindow): { seq: number; json: string }[] {
    const all = [
      { sql: 'seq BETWEEN ? AND ?', values: [fromSeq, toSeq] },
      ...conditionsOf(query),
    ] satisfies Condition[];
    const where = all.map(({ sql }) => `(${sql})`).join(' AND ');
    const values = all.flatMap((condition) => [...condition.values]);
    return this.#db
      .prepare(`SELECT seq, json FROM events WHERE ${where} ORDER BY seq DESC LIMIT ?`)
      .all(...values, query.limit) as { seq: number; json: string }[];
  }

  /** Oldest first. */
  after(seq: number, limit: number): string[] {
    const rows = this.#db
      .prepare('SELECT json FROM events WHERE seq > ? ORDER BY seq LIMIT ?')
      .all(seq, limit) as { json: string }[];
    return rows.map(({ json }) => json);
  }

  /** Ids grow with numbers: halving the numbers finds one in twenty steps. */
  byId(eventId: string): string | undefined {
    const at = this.#db.prepare(
      `SELECT seq, json, json_extract(json, '$.eventId') AS id FROM events WHERE seq >= ? ORDER BY seq LIMIT 1`,
    );
    let { fromSeq, toSeq } = this.bounds({}) ?? { fromSeq: 1, toSeq: 0 };
    while (fromSeq <= toSeq) {
      const middle = Math.floor((fromSeq + toSeq) / 2);
      const row = at.get(middle) as { seq: number; json: string; id: string } | undefined;
      if (row?.id === eventId) return row.json;
      if (row === undefined || row.id > eventId) toSeq = middle - 1;
      else fromSeq = row.seq + 1;
    }
    return undefined;
  }
}

function conditionsOf(query: EventQuery): Condition[] {
  const { fromMs, toMs, cameraIds, types, label, zone, line, objectId, severity, attribute, text } = query;
  const conditions: Condition[] = [];
  const add = (sql: string, ...values: (string | number)[]) => conditions.push({ sql, values });
  const oneOf = (column: string, among: readonly string[]) =>
    add(`${column} IN (${among.map(() => '?').join(', ')})`, ...among);
  if (fromMs !== undefined) add('+at_ms >= ?', fromMs);
  if (toMs !== undefined) add('+at_ms <= ?', toMs);
  if (cameraIds !== undefined) oneOf('camera_id', cameraIds);
  if (types !== undefined) oneOf('type', types);
  if (label !== undefined) add('label = ?', label);
  if (objectId !== undefined) add('object_id = ?', objectId);
  if (severity !== undefined) add(`json_extract(json, '$.severity') = ?`, severity);
  if (line !== undefined) add(`json_extract(json, '$.line') = ?`, line);
  if (zone !== undefined) {
    const inside = `EXISTS (SELECT 1 FROM json_each(events.json, '$.zones') WHERE value = ?)`;
    add(`json_extract(json, '$.zone') = ? OR ${inside}`, zone, zone);
  }
  if (attribute !== undefined) {
    const { name, value } = attribute;
    add(
      `EXISTS (SELECT 1 FROM json_each(events.json, '$.attributes') WHERE key = ? AND value ->> '$.value' = ?)`,
      name,
      value,
    );
  }
  for (const word of text?.split(/\s+/).filter((part) => part !== '') ?? []) {
    add(`instr(lower(${WORDS}), ?) > 0`, word.toLowerCase());
  }
  return conditions;
}

/** What a person would look for in an event. */
const WORDS = [
  'camera_id',
  'type',
  `coalesce(label, '')`,
  ...['zone', 'line', 'rule', 'cause', 'state', 'zones', 'attributes'].map(
    (key) => `coalesce(json_extract(json, '$.${key}'), '')`,
  ),
].join(` || ' ' || `);
