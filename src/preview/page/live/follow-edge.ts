import { moveToEdge } from './live-edge.ts';

/** Keeps a video element close to the end of what it has; to be called when it has got more. */
export function followEdge(video: HTMLVideoElement): void {
  const { buffered, currentTime, playbackRate } = video;
  if (buffered.length === 0) return;
  const last = buffered.length - 1;
  const move = moveToEdge(currentTime, buffered.start(last), buffered.end(last), playbackRate);
  if ('seekToS' in move) video.currentTime = move.seekToS;
  else if (move.rate !== playbackRate) video.playbackRate = move.rate;
  if (video.paused) void video.play().catch(() => {});
}
