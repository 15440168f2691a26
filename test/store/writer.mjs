// A process that stores events as fast as it can until it is killed, printing the last seq that was told.

import { randomBytes } from 'node:crypto';
import { writeSync } from 'node:fs';
import { SystemClock } from '../../dist/base/clock.js';
import { silentLogger } from '../../dist/base/log.js';
import { storageSchema } from '../../dist/config/schema.js';
import { EventSealer } from '../../dist/events/event-sealer.js';
import { UuidV7 } from '../../dist/events/uuid-v7.js';
import { EventStore } from '../../dist/store/event-store.js';

const [folder, seed] = process.argv.slice(2);
const clock = new SystemClock();
const uuids = new UuidV7(randomBytes);
const sealer = new EventSealer('porch', clock, uuids);
const store = new EventStore({
  config: storageSchema.parse({ path: folder }),
  outbox: true,
  seal: (draft, seq) => sealer.seal(draft, seq),
  onEvent: (event) => writeSync(1, `${event.seq} ${event.eventId}\n`),
  clock,
  log: silentLogger,
});
await store.start(new AbortController().signal);
if (store.lastEventId !== null) uuids.follow(store.lastEventId);
await store.endOrphans();
store.outbox.connected();
store.outbox.listen(() => {
  // Acknowledges most of what it is handed, out of order now and then.
  for (let entry = store.outbox.next(); entry !== undefined; entry = store.outbox.next()) {
    if (entry.seq % 3 !== 0) store.outbox.acknowledge(entry.seq);
  }
});
const base = {
  cameraId: 'front',
  atMs: 1,
  severity: 'detection',
  timings: { captureAtMs: 1, decodedAtMs: 1, inferredAtMs: 1, emittedAtMs: 0 },
};
for (let i = 0; ; i++) {
  const objectId = `${seed}-${i}`;
  const object = {
    ...base,
    objectId,
    label: 'person',
    score: 0.5,
    topScore: 0.5,
    boxNorm: [0, 0, 1, 1],
    velocityNorm: [0, 0],
    zones: i % 2 === 0 ? ['drive'] : [],
    stationary: false,
    startedAtMs: 1,
    speedMPerS: null,
    attributes: {},
    snapshot: null,
    clip: null,
  };
  store.put({ ...object, type: 'object.started' });
  if (i >= 5)
    store.put({ ...object, objectId: `${seed}-${i - 5}`, zones: [], type: 'object.ended', cause: 'gone' });
  if (i % 4 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
}
