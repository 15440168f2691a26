import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HWACCEL_ARGS } from '../../capture/ffmpeg/ffmpeg-hwaccel.ts';
import type { HwAccel } from '../../config/camera-schema.ts';
import type { Environment } from '../../device/machine-record.ts';
import { runProgram } from '../../device/program.ts';
import type { Finding } from './finding.ts';

const DEADLINE_MS = 15_000;
const PICTURES = 10;
/** ffmpeg goes on in software when a method fails in the middle, and says so. */
const FELL_BACK =
  /hwaccel initiali[sz]ation returned error|Failed setup for format|No device available|Device creation failed/i;
/** Hardware decoders of GStreamer for H.264: Jetson, VA-API, the kernel's own, NVDEC. */
const ELEMENTS = [
  'nvv4l2decoder',
  'vah264dec',
  'vaapih264dec',
  'v4l2h264dec',
  'v4l2slh264dec',
  'nvh264dec',
] as const;

/**
 * Decodes a few pictures with every hardware decoder that these programs were built with.
 * @param hwaccels presets of `capture.hwaccel` that this ffmpeg has
 * @param wanted presets that cameras are configured for
 */
export async function decoderFindings(
  ffmpeg: string,
  hwaccels: readonly HwAccel[],
  wanted: readonly string[],
  environment: Environment,
): Promise<Finding[]> {
  const folder = await mkdtemp(join(tmpdir(), 'ocellus-doctor-'));
  try {
    const elements = await elementsThere(environment);
    if (hwaccels.length + elements.length === 0)
      return [
        {
          id: 'decoders',
          status: 'skip',
          summary: 'no hardware decoder is built in: pictures are decoded by the processor',
        },
      ];
    const clip = join(folder, 'clip.mp4');
    if (!(await makeClip(ffmpeg, clip, environment)))
      return [
        {
          id: 'decoders',
          status: 'skip',
          summary: `${ffmpeg} has no H.264 encoder to make a test clip with`,
        },
      ];
    const findings: Finding[] = [];
    // One after the other: some decoders can be opened a few times only.
    for (const hwaccel of hwaccels) {
      const needed = wanted.includes(hwaccel);
      findings.push(await withFfmpeg(ffmpeg, hwaccel, clip, needed, environment));
    }
    for (const element of elements) findings.push(await withGstreamer(element, clip, environment));
    return findings;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function makeClip(ffmpeg: string, clip: string, environment: Environment): Promise<boolean> {
  const source = ['-f', 'lavfi', '-i', `testsrc=size=320x240:rate=10`, '-frames:v', String(PICTURES)];
  const encoder = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', clip];
  const args = ['-hide_banner', '-nostdin', '-loglevel', 'error', ...source, ...encoder];
  const made = await runProgram(ffmpeg, args, DEADLINE_MS, environment);
  return made.outcome === 'exited' && made.status === 0;
}

async function withFfmpeg(
  ffmpeg: string,
  hwaccel: HwAccel,
  clip: string,
  needed: boolean,
  environment: Environment,
): Promise<Finding> {
  const id = `decoder:${hwaccel}`;
  const args = [
    '-hide_banner',
    '-nostdin',
    '-loglevel',
    'warning',
    ...HWACCEL_ARGS[hwaccel],
    '-i',
    clip,
    '-f',
    'null',
    '-',
  ];
  const result = await runProgram(ffmpeg, args, DEADLINE_MS, environment);
  if (result.outcome === 'exited' && result.status === 0 && !FELL_BACK.test(result.stderr))
    return { id, status: 'ok', summary: `${ffmpeg} decodes ${PICTURES} pictures with it` };
  return {
    id,
    status: needed ? 'fail' : 'skip',
    summary: needed
      ? `${ffmpeg} has ${hwaccel}, but cannot decode with it here`
      : `built in, but this machine cannot decode with it; no camera asks for it`,
    ...(result.outcome === 'exited' && { detail: result.stderr.trim().split('\n').slice(-3).join('\n') }),
    ...(needed && {
      remedy: 'check driver and permissions (groups video and render), or set capture.hwaccel: none',
    }),
  };
}

async function elementsThere(environment: Environment): Promise<string[]> {
  const found = await Promise.all(
    ELEMENTS.map(async (element) => {
      const result = await runProgram('gst-inspect-1.0', ['--exists', element], DEADLINE_MS, environment);
      return result.outcome === 'exited' && result.status === 0 ? [element] : [];
    }),
  );
  return found.flat();
}

async function withGstreamer(element: string, clip: string, environment: Environment): Promise<Finding> {
  const id = `decoder:${element}`;
  const pipeline = [
    'filesrc',
    `location=${clip}`,
    '!',
    'qtdemux',
    '!',
    'h264parse',
    '!',
    element,
    '!',
    'fakesink',
  ];
  const result = await runProgram('gst-launch-1.0', ['-q', ...pipeline], DEADLINE_MS, environment);
  if (result.outcome === 'exited' && result.status === 0)
    return { id, status: 'ok', summary: `GStreamer decodes ${PICTURES} pictures with it` };
  const detail =
    result.outcome === 'exited' ? { detail: result.stderr.trim().split('\n').slice(-3).join('\n') } : {};
  return { id, status: 'skip', summary: 'installed, but this machine cannot decode with it', ...detail };
}
