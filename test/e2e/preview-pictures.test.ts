import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tracksMessageSchema } from '../../src/preview/live/tracks-message.ts';
import { PreviewDaemon } from '../fixtures/preview-daemon.ts';

let daemon: PreviewDaemon;
let camera: string;

beforeAll(async () => {
  daemon = await PreviewDaemon.start({
    cameras: { yard: { source: 'sim://street?seed=7', detect: { fps: 10 } } },
  });
  await daemon.live('yard');
  camera = `${daemon.url}/api/cameras/yard`;
});
afterAll(() => daemon.stop());

/** Reads a body that does not end until `enough` of it is there. */
async function readUntil(reply: Response, enough: (text: string) => boolean): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of reply.body!) {
    chunks.push(chunk);
    if (enough(Buffer.concat(chunks).toString('latin1'))) break;
  }
  return Buffer.concat(chunks);
}

describe('pictures over plain HTTP', () => {
  it('are one JPEG', async () => {
    const reply = await fetch(`${camera}/snapshot.jpg`);
    expect([reply.status, reply.headers.get('content-type')]).toEqual([200, 'image/jpeg']);
    const { format, width, height } = await sharp(Buffer.from(await reply.arrayBuffer())).metadata();
    expect([format, width, height]).toEqual(['jpeg', 1280, 720]);
    const small = await fetch(`${reply.url}?size=detection`);
    const smallSize = await sharp(Buffer.from(await small.arrayBuffer())).metadata();
    expect([smallSize.width, smallSize.height]).toEqual([320, 180]);
  });

  it('are JPEGs without end, each with its capture time', async () => {
    const reply = await fetch(`${camera}/live.mjpeg`);
    expect(reply.headers.get('content-type')).toBe('multipart/x-mixed-replace; boundary=ocellus-picture');
    const body = await readUntil(reply, (text) => text.split('--ocellus-picture').length > 5);
    const heads = [
      ...body.toString('latin1').matchAll(/Content-Length: (\d+)\r\nX-Capture-At-Ms: (\d+)\r\n\r\n/g),
    ];
    const times = heads.map(([, , atMs]) => Number(atMs));
    expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
    expect(Math.abs(times[0]! - Date.now())).toBeLessThan(60_000);
    const [first] = heads;
    const from = first!.index + first![0].length;
    const jpeg = body.subarray(from, from + Number(first![1]));
    expect((await sharp(jpeg).metadata()).width).toBe(320);
  });

  it('have tracks, an event for each inferred frame', async () => {
    const reply = await fetch(`${camera}/tracks`);
    expect(reply.headers.get('content-type')).toBe('text/event-stream');
    const hasObject = (text: string) =>
      text
        .split('\n\n')
        .slice(0, -1)
        .some((event) => event.includes('objectId'));
    const text = (await readUntil(reply, hasObject)).toString();
    const messages = [...text.matchAll(/^data: (.*)$/gm)].map(([, json]) =>
      tracksMessageSchema.parse(JSON.parse(json!)),
    );
    expect(messages.at(-1)!.tracks.length).toBeGreaterThan(0);
    expect(messages.at(-1)!.frame).toBeUndefined();
  });
});
