import { MediaClock } from '../overlay/media-clock.ts';
import { followEdge } from './follow-edge.ts';
import { PictureWatch, untilBroken } from './picture-watch.ts';
import { SourceFeed } from './source-feed.ts';
import { cameraPath, type LiveStage, TransportFailure } from './stage.ts';
import { followTracks } from './tracks-stream.ts';
import { watchFrames } from './video-frames.ts';

/** What the server says between the fragments. */
type Message =
  | { readonly type: 'init'; readonly mime: string }
  | { readonly type: 'clock'; readonly mediaTimeS: number; readonly captureAtMs: number }
  | { readonly type: 'skipped' }
  | { readonly type: 'unavailable'; readonly reason: string; readonly hint: string };

/** The camera's own stream, untouched, as fragmented MP4 over a WebSocket into Media Source Extensions. */
export async function playMse(stage: LiveStage, signal: AbortSignal): Promise<void> {
  if (!('MediaSource' in window)) throw new TransportFailure('this browser has no MediaSource', true);
  const stop = new AbortController();
  const { broken, fail } = untilBroken(signal);
  const watch = new PictureWatch(fail);
  const { video } = stage;
  let clock = new MediaClock();
  const socket = open(stage.cameraId);
  let feed: SourceFeed | undefined;
  // Also when the camera has come back: its times begin anew.
  const begin = (mime: string) => {
    if (!MediaSource.isTypeSupported(mime)) return fail(unplayable(mime));
    feed?.close();
    clock = new MediaClock();
    feed = new SourceFeed(video, mime, fail);
  };
  watch.start();
  socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
    if (typeof data !== 'string') {
      feed?.append(data);
      followEdge(video);
      return;
    }
    const message = JSON.parse(data) as Message;
    if (message.type === 'clock') clock.add(message);
    else if (message.type === 'unavailable') fail(new TransportFailure(message.reason, true));
    else if (message.type === 'init') begin(message.mime);
  };
  socket.onclose = ({ code, reason }) =>
    fail(new TransportFailure(reason || `the connection was closed (${code})`));
  const unwatch = watchFrames(video, ({ mediaTime }) => {
    watch.seen();
    stage.onPicture({ captureAtMs: clock.captureAtMs(mediaTime) });
  });
  try {
    stage.show('video');
    void followTracks(stage, stop.signal);
    await broken;
  } finally {
    stop.abort();
    unwatch();
    watch.stop();
    socket.onclose = null;
    socket.onmessage = null;
    socket.close();
    feed?.close();
    video.removeAttribute('src');
    video.load();
  }
}

function open(cameraId: string): WebSocket {
  const url = new URL(cameraPath(cameraId, 'live.mp4'), location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  return socket;
}

function unplayable(mime: string): TransportFailure {
  return new TransportFailure(`this browser cannot play ${mime}`, true);
}
