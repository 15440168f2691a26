import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { PreviewDaemon } from '../fixtures/preview-daemon.ts';
import { waitUntil } from '../fixtures/wait-until.ts';
import { WhepClient } from '../fixtures/whep-client.ts';

const MAX_VIEWERS = 3;

let daemon: PreviewDaemon;
let endpoint: string;
const clients: WhepClient[] = [];

beforeAll(async () => {
  daemon = await PreviewDaemon.start({
    cameras: { yard: { source: 'sim://street?seed=7', detect: { fps: 10 } } },
    http: { webrtc: { maxViewers: MAX_VIEWERS } },
  });
  await daemon.live('yard');
  endpoint = `${daemon.url}/api/cameras/yard/whep`;
});
afterAll(async () => {
  for (const client of clients) client.kill();
  await daemon.stop();
});

function join(): WhepClient {
  const client = new WhepClient(endpoint);
  clients.push(client);
  return client;
}

/** One that sees pictures. On a busy machine a client may lose the first one, waits for it in vain, and comes again, as people do. */
async function watching(): Promise<WhepClient> {
  for (let tries = 1; ; tries++) {
    const client = join();
    const sees = () => client.named('frame').length > 5;
    try {
      await waitUntil(sees, 'pictures', 12_000);
      return client;
    } catch (error) {
      await client.leave();
      if (tries === 3) throw error;
    }
  }
}

/** A test that failed leaves a viewer behind: the next one must not pay for it. */
afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  for (const client of clients.splice(0)) client.kill();
  await sleep(16_000);
}, 30_000);

const left = () => daemon.program.log.filter(({ msg }) => msg === 'WebRTC viewer left');

function post(body: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/sdp', ...headers },
    body,
  });
}

/** An offer as a client writes it, which nobody will answer to. */
function offer(changes: (lines: string[]) => string[] = (lines) => lines): string {
  const lines = [
    'v=0',
    'o=- 4611731400430051336 2 IN IP4 127.0.0.1',
    's=-',
    't=0 0',
    'a=group:BUNDLE 0 1',
    'a=msid-semantic: WMS',
    'm=video 9 UDP/TLS/RTP/SAVPF 96 97',
    'c=IN IP4 0.0.0.0',
    'a=rtcp:9 IN IP4 0.0.0.0',
    'a=ice-ufrag:4ZcD',
    'a=ice-pwd:2/1muCWoOi3uLifh0NuRHlZf',
    'a=ice-options:trickle',
    `a=fingerprint:sha-256 ${Array.from({ length: 32 }, (_, at) => (at * 7 + 16).toString(16).slice(-2).toUpperCase()).join(':')}`,
    'a=setup:actpass',
    'a=mid:0',
    'a=recvonly',
    'a=rtcp-mux',
    'a=rtpmap:96 VP8/90000',
    'a=rtcp-fb:96 nack pli',
    'a=rtpmap:97 rtx/90000',
    'a=fmtp:97 apt=96',
    'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
    'c=IN IP4 0.0.0.0',
    'a=ice-ufrag:4ZcD',
    'a=ice-pwd:2/1muCWoOi3uLifh0NuRHlZf',
    `a=fingerprint:sha-256 ${Array.from({ length: 32 }, (_, at) => (at * 7 + 16).toString(16).slice(-2).toUpperCase()).join(':')}`,
    'a=setup:actpass',
    'a=mid:1',
    'a=sctp-port:5000',
    'a=max-message-size:262144',
  ];
  return `${changes(lines).join('\r\n')}\r\n`;
}

describe('WHEP', () => {
  it('shows moving pictures and their tracks to a client of other hands, and lets it go', async () => {
    const client = join();
    await waitUntil(() => client.named('frame').length >= 20, 'pictures', 30_000);
    await waitUntil(() => client.named('tracks').length >= 20, 'tracks');
    expect(client.named('answered')[0]).toMatchObject({ status: 201, etag: expect.stringMatching(/^".+"$/) });
    const frames = client.named('frame');
    expect(frames.at(-1)).toMatchObject({ width: 320, height: 180 });
    // A street, not a grey field.
    for (const { contrast } of frames.slice(5)) expect(contrast).toBeGreaterThan(40);
    const [first, second] = client.named('tracks') as unknown as {
      captureAtMs: number;
      frame: { sentMs: number };
    }[];
    expect(Math.abs(first!.captureAtMs - Date.now())).toBeLessThan(60_000);
    const capturedMs = second!.captureAtMs - first!.captureAtMs;
    expect(Math.abs(second!.frame.sentMs - first!.frame.sentMs - capturedMs)).toBeLessThan(150);
    const before = left().length;
    await client.leave();
    expect(client.named('deleted')).toMatchObject([{ status: 204 }]);
    expect(left().slice(before)).toMatchObject([{ why: 'asked to', viewers: 0 }]);
  });

  it('lets go within 15 s of a viewer that falls silent', async () => {
    const client = await watching();
    const before = left().length;
    client.freeze();
    const frozenMs = performance.now();
    await waitUntil(() => left().length > before, 'the end of the session', 30_000);
    expect(performance.now() - frozenMs).toBeLessThan(15_000);
    expect(left().at(-1)).toMatchObject({ viewers: 0 });
    client.kill();
  });

  it('takes as many as may watch, and no more', async () => {
    const opened: string[] = [];
    for (let at = 0; at < MAX_VIEWERS; at++) {
      const reply = await post(offer());
      expect(reply.status, await reply.clone().text()).toBe(201);
      opened.push(reply.headers.get('location')!);
    }
    const refused = await post(offer());
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await refused.json()).toMatchObject({ hint: expect.stringContaining('maxViewers') });
    for (const location of opened) {
      expect((await fetch(daemon.url + location, { method: 'DELETE' })).status).toBe(204);
      expect((await fetch(daemon.url + location, { method: 'DELETE' })).status).toBe(404);
    }
    expect((await post(offer())).status).toBe(201);
    // Nobody ever connects to it.
    const before = left().length;
    await waitUntil(() => left().length > before, 'the forgotten session to end', 20_000);
    expect(left().at(-1)).toMatchObject({ why: 'never connected', viewers: 0 });
  });

  it('speaks HTTP as WHIP does (RFC 9725)', async () => {
    const reply = await post(offer());
    expect(reply.headers.get('content-type')).toBe('application/sdp');
    expect(reply.headers.get('accept-patch')).toBe('application/trickle-ice-sdpfrag');
    const answer = await reply.text();
    expect(answer).toMatch(/^a=sendonly/m);
    expect(answer).toMatch(/^a=candidate:.* typ host/m);
    expect(answer).not.toMatch(/typ (srflx|relay)/);
    const session = daemon.url + reply.headers.get('location');
    const etag = reply.headers.get('etag')!;
    const candidate =
      'a=ice-ufrag:4ZcD\r\nm=video 9 RTP/AVP 0\r\na=mid:0\r\na=candidate:1 1 udp 2113937151 127.0.0.1 9 typ host\r\n';
    const patch = (body: string, headers: Record<string, string>) =>
      fetch(session, {
        method: 'PATCH',
        body,
        headers: { 'content-type': 'application/trickle-ice-sdpfrag', ...headers },
      });
    expect((await patch(candidate, { 'if-match': etag })).status).toBe(204);
    expect((await patch(candidate, {})).status).toBe(428);
    expect((await patch(candidate, { 'if-match': '"other"' })).status).toBe(412);
    expect((await patch(candidate, { 'if-match': '*' })).status).toBe(422);
    expect((await patch('{}', { 'if-match': etag })).status).toBe(400);
    expect((await patch(candidate, { 'if-match': etag, 'content-type': 'application/sdp' })).status).toBe(
      415,
    );
    expect((await fetch(session, { method: 'DELETE' })).status).toBe(204);

    expect((await post(offer(), { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await post(offer(), { accept: 'text/html' })).status).toBe(406);
    expect((await post(offer((lines) => lines.map((line) => line.replace('VP8', 'H264'))))).status).toBe(406);
    expect((await post('x'.repeat(70_000))).status).toBe(413);
    const get = await fetch(endpoint);
    expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST, OPTIONS']);
    const options = await fetch(endpoint, { method: 'OPTIONS' });
    expect([options.status, options.headers.get('accept-post')]).toEqual([204, 'application/sdp']);
  });

  it('answers whatever it is offered, and lives', async () => {
    const edit = fc.record({
      at: fc.nat(40),
      how: fc.constantFrom('drop', 'double', 'swap', 'cut', 'replace', 'garble'),
      text: fc.oneof(
        fc.string({ maxLength: 60 }),
        fc.constantFrom(
          'm=video 0 UDP/TLS/RTP/SAVPF 96',
          'm=audio 9 UDP/TLS/RTP/SAVPF 111',
          'a=candidate:1 1 tcp 1 ::1 0 typ relay raddr 0.0.0.0 rport 0',
          'a=mid:0',
          'a=setup:passive',
          'a=fingerprint:md5 00',
          'a=ssrc:4294967296 cname:x',
          'a=rid:0 recv pt=96',
          'a=simulcast:recv 0;1',
          'a=extmap:99999 urn:x',
          'a=fmtp:96 max-fr=0;max-fs=0',
          'a=rtpmap:96 VP8/0',
          'a=sctp-port:99999999',
          'a=max-message-size:-1',
          'a=ice-lite',
        ),
      ),
    });
    const edited = (lines: string[], edits: { at: number; how: string; text: string }[]) => {
      for (const { at, how, text } of edits) {
        const index = at % Math.max(1, lines.length);
        const line = lines[index] ?? '';
        if (how === 'drop') lines.splice(index, 1);
        else if (how === 'double') lines.splice(index, 0, line);
        else if (how === 'swap') lines.push(...lines.splice(index, 1));
        else if (how === 'cut') lines[index] = line.slice(0, at);
        else if (how === 'replace') lines[index] = text;
        else lines[index] = line.slice(0, 2) + text + line.slice(2);
      }
      return lines;
    };
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 6 }), async (edits) => {
        const reply = await post(offer((lines) => edited(lines, edits)));
        expect([201, 400, 406]).toContain(reply.status);
        const location = reply.headers.get('location');
        if (location !== null) await fetch(daemon.url + location, { method: 'DELETE' });
      }),
      { numRuns: 300 },
    );
    const fragments = fc.array(edit, { minLength: 1, maxLength: 6 });
    const reply = await post(offer());
    const session = daemon.url + reply.headers.get('location');
    await fc.assert(
      fc.asyncProperty(fragments, async (edits) => {
        const lines = edited(
          ['a=ice-ufrag:4ZcD', 'a=mid:0', 'a=candidate:1 1 udp 2113937151 127.0.0.1 9 typ host'],
          edits,
        );
        const patched = await fetch(session, {
          method: 'PATCH',
          body: lines.join('\r\n'),
          headers: {
            'content-type': 'application/trickle-ice-sdpfrag',
            'if-match': reply.headers.get('etag')!,
          },
        });
        expect([204, 400, 404]).toContain(patched.status);
      }),
      { numRuns: 200 },
    );
    await fetch(session, { method: 'DELETE' });
    await (await watching()).leave();
  });

  it('leaves no thread and no socket behind', async () => {
    const standing = async () => {
      const status = await readFile(`/proc/${daemon.program.pid}/status`, 'utf8');
      const threads = Number(/^Threads:\s+(\d+)/m.exec(status)?.[1]);
      return { threads, files: (await readdir(`/proc/${daemon.program.pid}/fd`)).length };
    };
    const cycle = async (times: number) => {
      for (let at = 0; at < times; at++) {
        const reply = await post(offer());
        expect(reply.status).toBe(201);
        await fetch(daemon.url + reply.headers.get('location'), { method: 'DELETE' });
      }
      return standing();
    };
    const before = await cycle(20);
    const after = await cycle(150);
    expect(after.threads).toBeLessThanOrEqual(before.threads);
    // Sockets of the last one or two close a moment later.
    expect(after.files).toBeLessThanOrEqual(before.files + 10);
  });

  it('ends with the program, whoever watches', async () => {
    const client = await watching();
    expect(await daemon.stop()).toEqual({ status: 143, signal: null });
    client.kill();
  });
});

describe('WHEP beyond the LAN', () => {
  it('tells its ICE servers, waits for none of them, and keeps to its ports', async () => {
    const servers = [
      { urls: ['stun:127.0.0.1:9'] },
      { urls: ['turn:127.0.0.1:9'], username: 'me', credential: 'a "quoted" one' },
    ];
    const ports = { min: 42_000, max: 42_019 };
    const elsewhere = await PreviewDaemon.start({
      cameras: { yard: { source: 'sim://street?seed=7' } },
      http: { webrtc: { iceServers: servers, ports } },
    });
    try {
      const askedMs = performance.now();
      const reply = await fetch(`${elsewhere.url}/api/cameras/yard/whep`, {
        method: 'POST',
        headers: { 'content-type': 'application/sdp' },
        body: offer(),
      });
      expect(reply.status).toBe(201);
      expect(performance.now() - askedMs).toBeLessThan(5_000);
      expect(reply.headers.get('link')).toBe(
        '<stun:127.0.0.1:9>; rel="ice-server", <turn:127.0.0.1:9>; rel="ice-server"; username="me"; ' +
          'credential="a \\"quoted\\" one"; credential-type="password"',
      );
      const candidates = [
        ...(await reply.text()).matchAll(/^a=candidate:\S+ 1 \S+ \d+ \S+ (\d+) typ host/gm),
      ];
      const used = candidates.map(([, port]) => Number(port));
      expect(used.length).toBeGreaterThan(0);
      for (const port of used) expect(port >= ports.min && port <= ports.max, `port ${port}`).toBe(true);
    } finally {
      await elsewhere.stop();
    }
  });
});
