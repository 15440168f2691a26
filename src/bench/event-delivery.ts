import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { SystemClock } from '../base/clock.ts';
import { silentLogger } from '../base/log.ts';
import { mqttSchema, storageSchema } from '../config/schema.ts';
import { EventSealer } from '../events/event-sealer.ts';
import { UuidV7 } from '../events/uuid-v7.ts';
import type { EventDraft } from '../flow/domain-event.ts';
import { MqttPublisher } from '../mqtt/publisher.ts';
import { EventStore } from '../store/event-store.ts';

export interface EventDeliveryResult {
  /** From an event being handed to the store to its being on disk, one at a time, ms. */
  readonly commitP50Ms: number;
  readonly commitP95Ms: number;
  /** Written to the disk per event, one commit each and a camera's usual pace. */
  readonly bytesPerEvent: number;
  readonly writesPerEvent: number;
  /** The same in commits of 50 events, as a busy frame or a slow disk makes them. */
  readonly batchedBytesPerEvent: number;
  /** Events that waited for the broker, and how fast it got them. */
  readonly waited: number;
  readonly replayedPerS: number;
  readonly isInOrder: boolean;
  /** Median of the resident memory, broker included, in the second half of it against the first, MiB. */
  readonly memoryGrowthMiB: number;
}

const SINGLE_EVENTS = 1_000;
const BATCHES = 100;
const BATCH_EVENTS = 50;
const PAUSE_MS = 2;

/** Measures the way of events from the rules to a broker on this machine's disk. @param waiting events of the outage */
export async function measureEventDelivery(waiting: number): Promise<EventDeliveryResult> {
  const folder = await mkdtemp(join(tmpdir(), 'ocellus-delivery-'));
  const clock = new SystemClock();
  const sealer = new EventSealer('bench', clock, new UuidV7(randomBytes));
  let told: (seq: number) => void = () => {};
  const store = new EventStore({
    config: storageSchema.parse({ path: folder }),
    outbox: true,
    seal: (draft, seq) => sealer.seal(draft, seq),
    onEvent: ({ seq }) => told(seq),
    clock,
    log: silentLogger,
  });
  const never = new AbortController().signal;
  await store.start(never);
  let seq = 0;
  /** Puts so many events and waits until they are on disk. */
  const put = (count: number) =>
    new Promise<void>((resolve) => {
      seq += count;
      told = (stored) => {
        if (stored === seq) resolve();
      };
      for (let i = 0; i < count; i++) store.put(draft(seq));
    });
  try {
    await put(BATCH_EVENTS);
    const before = written();
    const commits: number[] = [];
    for (let i = 0; i < SINGLE_EVENTS; i++) {
      const startMs = clock.monoMs();
      await put(1);
      commits.push(clock.monoMs() - startMs);
      await clock.sleep(PAUSE_MS);
    }
    const single = written();
    for (let i = 0; i < BATCHES; i++) await put(BATCH_EVENTS);
    const batched = written();
    while (seq < waiting) await put(Math.min(2_000, waiting - seq));
    commits.sort((a, b) => a - b);
    return {
      commitP50Ms: commits[Math.floor(commits.length * 0.5)]!,
      commitP95Ms: commits[Math.floor(commits.length * 0.95)]!,
      bytesPerEvent: (single.bytes - before.bytes) / SINGLE_EVENTS,
      writesPerEvent: (single.calls - before.calls) / SINGLE_EVENTS,
      batchedBytesPerEvent: (batched.bytes - single.bytes) / (BATCHES * BATCH_EVENTS),
      waited: seq,
      ...(await measureReplay(store, seq)),
    };
  } finally {
    await store.close(10_000);
    await rm(folder, { recursive: true, force: true });
  }
}

/** Connects a broker, in a thread of its own as any broker is, and takes the time until it has everything. */
async function measureReplay(store: EventStore, events: number) {
  const broker = new Worker(fileURLToPath(new URL('./counting-broker.js', import.meta.url)));
  try {
    const url = await new Promise<string>((resolve) => broker.once('message', resolve));
    const clock = new SystemClock();
    const publisher = new MqttPublisher({
      config: mqttSchema.parse({ url }),
      deviceId: 'bench',
      cameras: {},
      outbox: store.outbox,
      onCommand: async () => true,
      clock,
      random: Math.random,
      log: silentLogger,
    });
    const rssMiB = () => process.memoryUsage.rss() / 2 ** 20;
    const memoryMiB: number[] = [];
    const startMs = clock.monoMs();
    await publisher.start(new AbortController().signal);
    while (store.outbox.status.queued > 0) {
      await clock.sleep(20);
      memoryMiB.push(rssMiB());
    }
    const tookMs = clock.monoMs() - startMs;
    const half = Math.ceil(memoryMiB.length / 2);
    await publisher.close(2_000);
    const heard = new Promise<{ events: number; isInOrder: boolean }>((resolve) =>
      broker.once('message', resolve),
    );
    broker.postMessage('report');
    const { events: arrived, isInOrder } = await heard;
    return {
      replayedPerS: (events * 1000) / tookMs,
      isInOrder: isInOrder && arrived === events,
      memoryGrowthMiB: median(memoryMiB.slice(half)) - median(memoryMiB.slice(0, half)),
    };
  } finally {
    await broker.terminate();
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** What this process has had written to the disk so far, and by how many system calls. */
function written(): { bytes: number; calls: number } {
  const io = readFileSync('/proc/self/io', 'utf8');
  const value = (name: string) => Number(new RegExp(`^${name}: (\\d+)`, 'm').exec(io)?.[1]);
  return { bytes: value('write_bytes'), calls: value('syscw') };
}

function draft(n: number): EventDraft {
  const atMs = Date.now();
  return {
    type: 'object.updated',
    cameraId: 'street',
    atMs,
    timings: { captureAtMs: atMs, decodedAtMs: atMs, inferredAtMs: atMs, emittedAtMs: 0 },
    severity: 'detection',
    objectId: `01890000-0000-7000-8000-${String(n % 20).padStart(12, '0')}`,
    label: 'person',
    score: 0.8123,
    topScore: 0.9123,
    boxNorm: [0.123, 0.234, 0.345, 0.456],
    velocityNorm: [0.0123, -0.0234],
    zones: ['drive'],
    stationary: false,
    startedAtMs: atMs,
    speedMPerS: null,
    attributes: {},
    snapshot: null,
    clip: null,
  };
}
