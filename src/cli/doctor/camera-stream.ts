import { redactUrl } from '../../base/log.ts';
import { ffmpegFailure } from '../../capture/ffmpeg/ffmpeg-failure.ts';
import type { CameraConfig } from '../../config/camera-schema.ts';
import type { Environment } from '../../device/machine-record.ts';
import { runProgram } from '../../device/program.ts';
import type { Finding } from './finding.ts';
import { type StreamFacts, streamFacts } from './stream-facts.ts';

/** Two keyframes of a camera that sends one every 4 s are within it. */
const WATCH_S = 9;
/** Opening the stream, and what is sent late. */
const SLACK_S = 14;
const LONGEST_KEYFRAME_INTERVAL_S = 4;
const RATE_TOLERANCE = 0.2;

/**
 * Watches a camera's stream for some seconds, on a connection of its own; nothing is decoded.
 * @returns none where there is no ffprobe
 */
export async function streamFindings(
  id: string,
  camera: CameraConfig,
  environment: Environment,
): Promise<Finding[]> {
  const ffprobe = camera.capture.ffmpeg.replace(/ffmpeg$/, 'ffprobe');
  const version = await runProgram(ffprobe, ['-version'], 10_000, environment);
  if (version.outcome !== 'exited' || version.status !== 0) return [];
  const old = /version n?[0-4]\./.test(version.stdout);
  const result = await runProgram(
    ffprobe,
    [
      ...['-hide_banner', '-loglevel', 'warning', ...inputArgs(camera, old)],
      ...['-select_streams', 'v:0', '-read_intervals', `%+${WATCH_S}`, '-of', 'json'],
      ...['-show_entries', `${STREAM_ENTRIES}:packet=pts_time,dts_time,flags`, '-i', camera.source],
    ],
    (WATCH_S + SLACK_S) * 1000,
    environment,
  );
  const stream = `${id}:stream`;
  if (result.outcome !== 'exited') {
    const summary = `connects, but does not send ${WATCH_S} s of video within ${WATCH_S + SLACK_S} s`;
    const remedy = 'play the address with ffplay; restart the camera, or try capture.transport: udp';
    return [{ id: stream, status: 'fail', summary, remedy }];
  }
  const facts = result.status === 0 ? streamFacts(result.stdout) : undefined;
  if (facts === undefined) return [refusal(stream, camera.source, result.stderr)];
  return factFindings(stream, facts);
}

const STREAM_ENTRIES = 'stream=codec_name,profile,width,height,avg_frame_rate,r_frame_rate';

function inputArgs({ source, capture }: CameraConfig, old: boolean): string[] {
  const timeoutUs = String(10_000_000);
  if (!/^rtsps?:/i.test(source)) return ['-rw_timeout', timeoutUs];
  const transport = /^rtsps:/i.test(source) ? 'tcp' : capture.transport;
  return ['-rtsp_transport', transport, old ? '-stimeout' : '-timeout', timeoutUs];
}

/** Why there is no stream. A password that is missing and one that is wrong are two things to do. */
function refusal(id: string, source: string, stderr: string): Finding {
  const lines = stderr
    .split('\n')
    .map((line) => redactUrl(line).trim())
    .filter((line) => line !== '');
  const failure = ffmpegFailure(lines);
  if (failure?.cause === 'auth_failed') {
    const { username } = new URL(source);
    return username === ''
      ? {
          id,
          status: 'fail',
          summary: 'the camera wants a user and a password, and the source has none',
          remedy: `write them into the source: rtsp://user:\${env:CAM_PW}@...`,
        }
      : {
          id,
          status: 'fail',
          summary: `the camera refuses the user "${decodeURIComponent(username)}" or its password`,
          remedy: failure.hint ?? 'check user and password of the camera',
        };
  }
  return {
    id,
    status: 'fail',
    summary: failure === undefined ? 'ffprobe finds no video' : failure.message,
    ...(lines.length > 0 && { detail: lines.slice(-5).join('\n') }),
    remedy: failure?.hint ?? 'check the path after the host: it must be that of a video stream',
  };
}

/** What a stream is, and what of it costs detection something. */
export function factFindings(id: string, facts: StreamFacts): Finding[] {
  const { codec, profile, widthPx, heightPx, announcedFps, measuredFps, bFrames, keyframes } = facts;
  const summary = [
    `${codec}${profile === null ? '' : ` (${profile})`} ${widthPx}x${heightPx}`,
    measuredFps === null ? 'too few pictures came to measure their rate' : `${measuredFps} pictures a second`,
    ...(keyframes === null
      ? []
      : [
          `a keyframe every ${keyframes.atLeast ? '' : `${keyframes.frames} pictures, `}${keyframes.atLeast ? 'more than ' : ''}${keyframes.seconds} s`,
        ]),
    bFrames ? 'B-frames' : 'no B-frames',
  ].join(', ');
  const off =
    announcedFps !== null &&
    measuredFps !== null &&
    Math.abs(measuredFps - announcedFps) > announcedFps * RATE_TOLERANCE;
  return [
    { id, status: measuredFps === null ? 'warn' : 'ok', summary, ...(measuredFps === null && TOO_FEW) },
    ...(off
      ? [
          {
            id: `${id}:rate`,
            status: 'warn' as const,
            summary: `announces ${announcedFps} pictures a second and sends ${measuredFps}`,
            remedy: 'check the network, the light (long exposure halves the rate) and the load of the camera',
          },
        ]
      : []),
    ...(keyframes !== null && keyframes.seconds > LONGEST_KEYFRAME_INTERVAL_S
      ? [
          {
            id: `${id}:keyframes`,
            status: 'warn' as const,
            summary: `keyframes are ${keyframes.atLeast ? 'more than ' : ''}${keyframes.seconds} s apart: connecting, live view and clips wait for one`,
            remedy:
              'set the keyframe (I-frame, GOP) interval of the camera to 1 to 4 s; switch "smart" codecs off',
          },
        ]
      : []),
    ...(bFrames
      ? [
          {
            id: `${id}:b-frames`,
            status: 'warn' as const,
            summary: 'B-frames delay every picture, and browsers do not show them over WebRTC',
            remedy: 'choose the Baseline or Main profile without B-frames in the camera',
          },
        ]
      : []),
  ];
}

const TOO_FEW = { remedy: 'run again; if it stays, play the address with ffplay' };
