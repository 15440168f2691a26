import type { TracksMessage } from '../server/contract.ts';
import { followEvents } from '../server/event-source.ts';
import { request } from '../server/request.ts';
import { sleep } from '../server/sleep.ts';
import { takeStream } from './connections.ts';
import { cameraPath, type LiveStage } from './stage.ts';

/**
 * Gives the stage the camera's tracks by server-sent events, for transports that do not carry them. Where too many streams are
 * open already, as in a grid of many cameras, pictures go without.
 */
export async function followTracks(stage: LiveStage, signal: AbortSignal): Promise<void> {
  const giveBack = takeStream();
  if (giveBack === undefined) return;
  await followEvents(
    {
      url: cameraPath(stage.cameraId, 'tracks'),
      onMessage: ({ data }) => stage.onTracks(JSON.parse(data) as TracksMessage),
      open: (url, headers, abort) => request(url, { headers, signal: abort }),
      sleep,
      random: Math.random,
    },
    signal,
  ).finally(giveBack);
}
