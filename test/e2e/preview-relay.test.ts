import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser } from '../fixtures/browser.ts';
import { PreviewDaemon } from '../fixtures/preview-daemon.ts';
import { TurnServer } from '../fixtures/turn-server.ts';

let turn: TurnServer;
let daemon: PreviewDaemon;
let browser: Browser;
beforeAll(async () => {
  turn = await TurnServer.start();
  daemon = await PreviewDaemon.start({
    cameras: { yard: { source: 'sim://street?seed=7', detect: { fps: 10 }, motion: { mode: 'off' } } },
    http: {
      webrtc: {
        iceServers: [{ urls: [turn.url], username: turn.username, credential: turn.credential }],
      },
    },
  });
  await daemon.live('yard');
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  await daemon?.stop();
  await turn?.stop();
});

interface Watched {
  readonly answer: string;
  readonly frames: number;
  readonly tracks: number;
  readonly local: string;
  readonly connection: string;
}

/** A viewer who reaches nobody but the relay. Runs in the page. */
const WATCH = `async ({ cameraId, iceServers, frames }) => {
  const peer = new RTCPeerConnection({ iceServers, iceTransportPolicy: 'relay' });
  const video = document.createElement('video');
  video.muted = true;
  document.body.append(video);
  let tracks = 0;
  peer.addTransceiver('video', { direction: 'recvonly' });
  peer.createDataChannel('channels');
  peer.ondatachannel = ({ channel }) => { channel.onmessage = () => { tracks += 1; }; };
  const moving = new Promise((resolve) => {
    let seen = 0;
    const look = () => { seen += 1; if (seen >= frames) resolve(seen); else video.requestVideoFrameCallback(look); };
    video.requestVideoFrameCallback(look);
    setTimeout(() => resolve(seen), 20_000);
  });
  peer.ontrack = ({ track }) => { video.srcObject = new MediaStream([track]); video.play(); };
  await peer.setLocalDescription();
  await new Promise((resolve) => {
    const look = () => peer.iceGatheringState === 'complete' && resolve();
    peer.onicegatheringstatechange = look;
    look();
  });
  const reply = await fetch('/api/cameras/' + cameraId + '/whep', {
    method: 'POST',
    headers: { 'content-type': 'application/sdp' },
    body: peer.localDescription.sdp,
  });
  const answer = await reply.text();
  await peer.setRemoteDescription({ type: 'answer', sdp: answer });
  const seen = await moving;
  const stats = [...(await peer.getStats()).values()];
  const pair = stats.find(({ type, nominated, state }) => type === 'candidate-pair' && nominated && state === 'succeeded');
  const local = stats.find(({ id }) => id === pair?.localCandidateId)?.candidateType ?? 'none';
  await fetch(reply.headers.get('location'), { method: 'DELETE' });
  const connection = peer.connectionState;
  peer.close();
  return { answer, frames: seen, tracks, local, connection };
}`;

describe('WHEP through a TURN server', () => {
  it('shows pictures and tracks to a viewer who reaches nothing but the relay', async () => {
    const page = await browser.newPage();
    await page.goto(`${daemon.url}/healthz`);
    const { url: urls, username, credential } = turn;
    const options = { cameraId: 'yard', iceServers: [{ urls, username, credential }], frames: 30 };
    const seen = (await page.evaluate(`(${WATCH})(${JSON.stringify(options)})`)) as Watched;
    expect(seen).toMatchObject({ local: 'relay', connection: 'connected', frames: 30 });
    expect(seen.tracks).toBeGreaterThan(10);
    // The device has one of its own at the server, for viewers who reach only that.
    expect(seen.answer).toMatch(/^a=candidate:.* typ relay /m);
    expect(turn.log).toMatch(
      /realm <turn\.test> user <ocellus>: incoming packet ALLOCATE processed, success/,
    );
  });

  it('the page takes the servers that the device names, and plays', async () => {
    const page = await browser.newPage();
    const allocations = () => turn.log.match(/incoming packet ALLOCATE processed, success/g)?.length ?? 0;
    const before = allocations();
    await page.goto(`${daemon.url}/#/cameras/yard`);
    await page.waitForSelector('.live[data-transport="webrtc"][data-playing="true"]');
    // The device allocates for each of the two connections, and the page for the second.
    await expect.poll(allocations, { timeout: 10_000 }).toBeGreaterThanOrEqual(before + 3);
    expect(await page.getAttribute('.live', 'data-transport')).toBe('webrtc');
  });
});
