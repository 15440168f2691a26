import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { hashPassword } from '../../src/preview/auth/password-hash.ts';
import { makeNumberedClip } from '../fixtures/numbered-clip.ts';
import { PreviewDaemon } from '../fixtures/preview-daemon.ts';
import { waitUntil } from '../fixtures/wait-until.ts';
import { WhepClient } from '../fixtures/whep-client.ts';

const PASSWORD = 'correct horse';
// A busy machine takes seconds until everything is open, and the length of a login is decided before.
const MAX_SESSION_MS = 20_000;

let folder: string;
let cameras: Record<string, Record<string, unknown>>;
let users: Record<string, unknown>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ocellus-logout-'));
  const path = join(folder, 'numbers.mp4');
  await makeNumberedClip({ path, fps: 10, seconds: 10, widthPx: 320, heightPx: 180, keyframeEvery: 10 });
  cameras = { yard: { source: `file:${path}?loop=1&realtime=1`, detect: { fps: 10 } } };
  users = { ann: { role: 'viewer', passwordHash: await hashPassword(PASSWORD) } };
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function login(daemon: PreviewDaemon): Promise<string> {
  const reply = await fetch(`${daemon.url}/api/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: daemon.url },
    body: JSON.stringify({ user: 'ann', password: PASSWORD }),
  });
  expect(reply.status).toBe(200);
  return reply.headers.get('set-cookie')!.split(';')[0]!;
}

/** Everything that a page has open for one login: how much came, and whether it has ended. */
class Watching {
  readonly #got = new Map<string, number>();
  readonly #ended = new Set<string>();
  readonly #peer: WhepClient;
  readonly #stop = new AbortController();

  constructor({ url }: PreviewDaemon, cookie: string) {
    const camera = `${url}/api/cameras/yard`;
    this.#peer = new WhepClient(`${camera}/whep`, cookie);
    const socket = new WebSocket(`${camera.replace('http', 'ws')}/live.mp4`, {
      headers: { cookie, origin: url },
    });
    socket.on('message', () => this.#count('mse'));
    socket.on('error', () => {});
    socket.on('close', () => this.#ended.add('mse'));
    this.#stop.signal.addEventListener('abort', () => socket.terminate());
    void this.#read('mjpeg', `${camera}/live.mjpeg`, cookie);
    void this.#read('tracks', `${camera}/tracks`, cookie);
    void this.#read('events', `${url}/api/events/stream`, cookie);
  }

  /** How much has come by each way. */
  get got(): Record<string, number> {
    return { ...Object.fromEntries(this.#got), whep: this.#peer.named('frame').length };
  }

  /** Ways that the server has ended. */
  get ended(): string[] {
    const hasClosed = this.#peer.named('closed').length > 0;
    return [...this.#ended, ...(hasClosed ? ['whep'] : [])].sort();
  }

  /** Resolves when pictures come by every way. */
  async running(): Promise<void> {
    const all = () =>
      ['whep', 'mse', 'mjpeg', 'tracks'].every((way) => (this.got[way] ?? 0) > 3) && this.got.events! > 0;
    await waitUntil(all, 'every way to give something', 30_000).catch((error: Error) => {
      throw new Error(`${error.message}: ${JSON.stringify(this.got)}`);
    });
  }

  stop(): void {
    this.#stop.abort();
    this.#peer.kill();
  }

  #count(way: string): void {
    this.#got.set(way, (this.#got.get(way) ?? 0) + 1);
  }

  async #read(way: string, url: string, cookie: string): Promise<void> {
    try {
      const { body } = await fetch(url, { headers: { cookie }, signal: this.#stop.signal });
      for await (const _ of body!) this.#count(way);
    } catch {
      // Cut off, which is an end as good as any.
    }
    this.#ended.add(way);
  }
}

const EVERY_WAY = ['events', 'mjpeg', 'mse', 'tracks', 'whep'];

describe('the end of a login', () => {
  it('ends all that it has open, WebRTC included, and nothing of another login', async () => {
    const daemon = await PreviewDaemon.start({ cameras, http: { users } });
    const [phone, desk] = [await login(daemon), await login(daemon)];
    await daemon.live('yard');
    const [onPhone, atDesk] = [new Watching(daemon, phone), new Watching(daemon, desk)];
    try {
      await Promise.all([onPhone.running(), atDesk.running()]);
      const reply = await fetch(`${daemon.url}/api/session`, {
        method: 'DELETE',
        headers: { cookie: phone, origin: daemon.url },
      });
      expect(reply.status).toBe(204);
      await waitUntil(() => onPhone.ended.length === EVERY_WAY.length, 'every way to end', 3_000);
      expect(onPhone.ended).toEqual(EVERY_WAY);
      const left = daemon.program.log.filter(({ msg }) => msg === 'WebRTC viewer left');
      expect(left).toMatchObject([{ why: 'logged out', viewers: 1 }]);

      const before = atDesk.got;
      const goesOn = () =>
        ['whep', 'mse', 'mjpeg', 'tracks'].every((way) => atDesk.got[way]! > before[way]! + 5);
      await waitUntil(goesOn, 'the other login to go on');
      expect(atDesk.ended).toEqual([]);
    } finally {
      onPhone.stop();
      atDesk.stop();
      await daemon.stop();
    }
  });

  it('comes by itself after the longest time, streams or not', async () => {
    const daemon = await PreviewDaemon.start({
      cameras,
      http: { users, session: { maxDays: MAX_SESSION_MS / 86_400_000 } },
    });
    await daemon.live('yard');
    const watching = new Watching(daemon, await login(daemon));
    try {
      await watching.running();
      await waitUntil(() => watching.ended.length === EVERY_WAY.length, 'every way to end', 40_000);
      expect(daemon.program.log.filter(({ why }) => why === 'logged out')).toHaveLength(1);
    } finally {
      watching.stop();
      await daemon.stop();
    }
  });
});
