import { cp, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser, openPage } from '../fixtures/browser.ts';
import { makeNumberedClip } from '../fixtures/numbered-clip.ts';
import { PreviewDaemon } from '../fixtures/preview-daemon.ts';
import { projectRoot } from '../fixtures/program.ts';

const OFFER = [
  ...[
    'v=0',
    'o=- 1 2 IN IP4 127.0.0.1',
    's=-',
    't=0 0',
    'm=video 9 UDP/TLS/RTP/SAVPF 96',
    'c=IN IP4 0.0.0.0',
  ],
  ...['a=ice-ufrag:4ZcD', 'a=ice-pwd:2/1muCWoOi3uLifh0NuRHlZf', 'a=setup:actpass', 'a=mid:0', 'a=recvonly'],
  ...['a=rtcp-mux', 'a=rtpmap:96 VP8/90000', `a=fingerprint:sha-256 ${Array(32).fill('AB').join(':')}`, ''],
].join('\r\n');

let folder: string;
let daemon: PreviewDaemon;
let browser: Browser;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ocellus-without-'));
  const path = join(folder, 'numbers.mp4');
  await makeNumberedClip({ path, fps: 10, seconds: 10, widthPx: 320, heightPx: 180, keyframeEvery: 10 });
  const main = await installWithout('@roamhq', join(folder, 'program'));
  daemon = await PreviewDaemon.start({
    main,
    cameras: {
      yard: { source: `file:${path}?loop=1&realtime=1`, detect: { fps: 10 } },
      street: { source: 'sim://street?seed=7', detect: { fps: 10 } },
    },
  });
  await daemon.live('yard', 'street');
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  await daemon?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** The built program with all packages but those of one scope. @returns its `main.js` */
async function installWithout(scope: string, target: string): Promise<string> {
  await mkdir(join(target, 'node_modules'), { recursive: true });
  await cp(join(projectRoot, 'dist'), join(target, 'dist'), { recursive: true });
  await cp(join(projectRoot, 'package.json'), join(target, 'package.json'));
  for (const name of await readdir(join(projectRoot, 'node_modules'))) {
    if (name !== scope)
      await symlink(join(projectRoot, 'node_modules', name), join(target, 'node_modules', name));
  }
  return join(target, 'dist', 'main.js');
}

describe('a machine without node-webrtc', () => {
  it('answers WHEP with 501, why, and what to use instead, and runs on', async () => {
    const reply = await fetch(`${daemon.url}/api/cameras/yard/whep`, {
      method: 'POST',
      headers: { 'content-type': 'application/sdp' },
      body: OFFER,
    });
    expect(reply.status).toBe(501);
    expect(await reply.json()).toMatchObject({
      status: 501,
      detail: 'no WebRTC on this machine: the package @roamhq/wrtc is not installed',
      hint: expect.stringContaining('live.mjpeg'),
    });
    const warned = daemon.program.log.filter(({ msg }) =>
      String(msg).startsWith('no WebRTC on this machine'),
    );
    // Once, however often it is asked for, and with all that the loader said.
    expect(warned).toMatchObject([{ error: expect.stringContaining("Cannot find package '@roamhq/wrtc'") }]);
    expect((await fetch(`${daemon.url}/healthz`)).status).toBe(200);
  });

  it.each([
    ['yard', 'mse', 'MSE'],
    ['street', 'mjpeg', 'MJPEG'],
  ])('%s is shown by the next best way, and the page says why', async (camera, transport, name) => {
    const { page, errors } = await openPage(browser, `${daemon.url}/#/cameras/${camera}`);
    await page.waitForSelector(`.live[data-transport="${transport}"][data-playing="true"]`);
    expect(await page.textContent('.live-transport')).toBe(name);
    const title = await page.getAttribute('.live-transport', 'title');
    expect(title).toContain('WebRTC: no WebRTC on this machine: the package @roamhq/wrtc is not installed');
    expect(errors).toEqual([]);
  });
});
