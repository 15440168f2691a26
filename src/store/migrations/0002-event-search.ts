/**
 * Finding events of the past. Each index is one more page that a commit writes, which SD cards feel: so only times and what
 * people look for first have one. `eventId` grows with `seq` and needs none.
 */
export const eventSearch = `
ALTER TABLE events ADD COLUMN label TEXT GENERATED ALWAYS AS (json_extract(json, '$.label')) VIRTUAL;
CREATE INDEX events_at ON events (at_ms);
CREATE INDEX events_seen ON events (camera_id, label);
`;
