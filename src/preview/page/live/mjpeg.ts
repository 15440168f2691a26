import { request } from '../server/request.ts';
import { sleep } from '../server/sleep.ts';
import { takeStream } from './connections.ts';
import { boundaryOf, MultipartParser } from './multipart-parser.ts';
import { PictureWatch, untilBroken } from './picture-watch.ts';
import { cameraPath, type LiveStage, TransportFailure } from './stage.ts';
import { followTracks } from './tracks-stream.ts';

const SNAPSHOT_MS = 1_000;

/**
 * Motion JPEG, read by the page itself and not by an `<img>`: so each picture's capture time is known, and the overlay is
 * drawn with the picture that it belongs to.
 */
export async function playMjpeg(stage: LiveStage, signal: AbortSignal): Promise<void> {
  const stop = new AbortController();
  const { broken, fail } = untilBroken(signal);
  const end = () => stop.abort();
  signal.addEventListener('abort', end, { once: true });
  const watch = new PictureWatch(fail);
  watch.start();
  try {
    stage.show('canvas');
    const giveBack = takeStream();
    const reading = giveBack === undefined ? readSnapshots : readPictures;
    if (giveBack !== undefined) void followTracks(stage, stop.signal);
    reading(stage, watch, stop.signal)
      .then(
        () => fail(new TransportFailure('the stream has ended')),
        (error: Error) => fail(error),
      )
      .finally(giveBack);
    await broken;
  } finally {
    watch.stop();
    signal.removeEventListener('abort', end);
    stop.abort();
  }
}

/** Where too many streams are open already: a picture each second, which takes a connection only while it comes. */
async function readSnapshots(stage: LiveStage, watch: PictureWatch, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const response = await request(cameraPath(stage.cameraId, 'snapshot.jpg?size=detection'), { signal });
    const bitmap = await createImageBitmap(await response.blob());
    if (signal.aborted) return bitmap.close();
    draw(stage.canvas, bitmap);
    stage.onPicture({ captureAtMs: undefined });
    watch.seen();
    await sleep(SNAPSHOT_MS, signal);
  }
}

async function readPictures(stage: LiveStage, watch: PictureWatch, signal: AbortSignal): Promise<void> {
  const response = await request(cameraPath(stage.cameraId, 'live.mjpeg'), { signal });
  const boundary = boundaryOf(response.headers.get('content-type') ?? '');
  const reader = response.body?.getReader();
  if (boundary === undefined || reader === undefined) {
    throw new TransportFailure('the answer is no stream of pictures', true);
  }
  const parser = new MultipartParser(boundary);
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    // Of pictures that come together only the last is worth decoding.
    const part = parser.push(read.value).at(-1);
    if (part === undefined) continue;
    const bitmap = await createImageBitmap(new Blob([part.body], { type: 'image/jpeg' }));
    if (signal.aborted) return bitmap.close();
    draw(stage.canvas, bitmap);
    const captureAtMs = Number(part.headers.get('x-capture-at-ms') ?? Number.NaN);
    stage.onPicture({ captureAtMs: Number.isFinite(captureAtMs) ? captureAtMs : undefined });
    watch.seen();
  }
}

function draw(canvas: HTMLCanvasElement, bitmap: ImageBitmap): void {
  if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) {
    canvas.width = bitmap.width;
    canvas.height = bitmap.height;
  }
  canvas.getContext('2d')?.drawImage(bitmap, 0, 0);
  bitmap.close();
}
