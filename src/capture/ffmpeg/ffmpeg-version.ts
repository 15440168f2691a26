import type { Clock } from '../../base/clock.ts';
import { OcellusError } from '../../base/errors.ts';
import { startTool } from '../child-process.ts';
import { eachLine } from '../lines.ts';

export interface FfmpegVersion {
  readonly major: number;
  readonly minor: number;
  /** As ffmpeg says it, e.g. `5.1.9-0+deb12u1`. */
  readonly text: string;
}

/** A build from git carries no number; it is taken for the newest. */
const GIT_BUILD = { major: 99, minor: 0 };

/** Reads `ffmpeg version 5.1.9-0+deb12u1 Copyright ...`; undefined when the line is another. */
export function parseFfmpegVersion(line: string): FfmpegVersion | undefined {
  const text = /^ffmpeg version (\S+)/.exec(line)?.[1];
  if (text === undefined) return undefined;
  const numbers = /^n?(\d{1,2})\.(\d{1,3})/.exec(text);
  if (numbers === null) return { ...GIT_BUILD, text };
  return { major: Number(numbers[1]), minor: Number(numbers[2]), text };
}

export function isAtLeast(version: FfmpegVersion, major: number, minor: number): boolean {
  return version.major > major || (version.major === major && version.minor >= minor);
}

/**
 * Asks an ffmpeg for its version.
 * @throws OcellusError `tool_missing`, also when the program is no ffmpeg or does not answer in 10 s
 */
export async function readFfmpegVersion(program: string, clock: Clock): Promise<FfmpegVersion> {
  const tool = await startTool({ program, args: ['-version'], aptPackage: 'ffmpeg', clock });
  let version: FfmpegVersion | undefined;
  eachLine(tool.stdout, (line) => {
    version ??= parseFfmpegVersion(line);
  });
  tool.stderr.resume();
  const closed = new Promise<void>((resolve) => tool.stdout.once('close', resolve));
  const timer = clock.after(10_000, () => void tool.end(0));
  await Promise.all([tool.exited, closed]);
  timer.cancel();
  if (version === undefined) {
    throw new OcellusError('tool_missing', `${program} does not tell its version as ffmpeg does`, {
      hint: 'set capture.ffmpeg to an ffmpeg of 4.4 or newer',
    });
  }
  return version;
}
