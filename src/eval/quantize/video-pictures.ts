import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isAbort, messageOf, OcellusError } from '../../base/errors.ts';
import { listPictures } from './pictures.ts';

const run = promisify(execFile);
const DEADLINE_MS = 600_000;
const MAX_LOG_BYTES = 1024 * 1024;

/**
 * Writes frames of a video, evenly spread, as JPEG files into `folder`.
 *
 * @param most frames at most
 * @throws OcellusError `tool_missing` without ffmpeg, `image_unreadable` for what is no video
 */
export async function extractPictures(
  video: string,
  folder: string,
  most: number,
  signal: AbortSignal,
): Promise<string[]> {
  const limits = { signal, timeout: DEADLINE_MS, killSignal: 'SIGKILL', maxBuffer: MAX_LOG_BYTES } as const;
  try {
    const probe = ['-v', 'error', '-show_entries', 'format=duration', '-of', 'csv=p=0', video];
    const { stdout } = await run('ffprobe', probe, limits);
    const seconds = Number(stdout.trim());
    const rate = Number.isFinite(seconds) && seconds > 0 ? Math.min(5, most / seconds) : 1;
    const frames = ['-vf', `fps=${rate.toFixed(6)}`, '-frames:v', String(most), '-q:v', '2'];
    await run(
      'ffmpeg',
      ['-v', 'error', '-nostdin', '-i', video, ...frames, join(folder, 'frame-%06d.jpg')],
      limits,
    );
  } catch (error) {
    if (isAbort(error)) throw error;
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    throw missing
      ? new OcellusError('tool_missing', 'ffmpeg is not installed', {
          hint: 'apt install ffmpeg',
          cause: error,
        })
      : new OcellusError(
          'image_unreadable',
          `cannot take frames from ${video}: ${messageOf(error).slice(0, 500)}`,
          {
            hint: 'check that it is a video that ffmpeg can play',
            cause: error,
          },
        );
  }
  return listPictures(folder);
}
