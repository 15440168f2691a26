/**
 * `outbox` has one small row per event that waits, so that an acknowledgement rewrites a page of numbers and not the event.
 * `age_ms` is the store's own time (src/store/age-clock.ts): it grows with `seq`, which is why no index on it is needed.
 */
export const events = `
CREATE TABLE events (
  seq INTEGER PRIMARY KEY,
  age_ms INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  camera_id TEXT NOT NULL,
  type TEXT NOT NULL,
  object_id TEXT,
  json TEXT NOT NULL
) STRICT;
CREATE TABLE outbox (seq INTEGER PRIMARY KEY) STRICT;
CREATE TABLE live_objects (object_id TEXT PRIMARY KEY, camera_id TEXT NOT NULL, json TEXT NOT NULL) STRICT;
CREATE TABLE occupancies (
  camera_id TEXT NOT NULL,
  zone TEXT NOT NULL,
  rule TEXT NOT NULL,
  json TEXT NOT NULL,
  PRIMARY KEY (camera_id, zone, rule)
) STRICT;
CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL, configured TEXT NOT NULL) STRICT;
CREATE TABLE progress (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  seq INTEGER NOT NULL,
  event_id TEXT,
  age_ms INTEGER NOT NULL,
  wall_ms INTEGER NOT NULL,
  dropped INTEGER NOT NULL
) STRICT;
INSERT INTO progress VALUES (1, 0, NULL, 0, 0, 0);
`;
