import { z } from 'zod';

const probeSchema = z.object({
  streams: z
    .array(
      z.object({
        codec_name: z.string().optional(),
        profile: z.string().optional(),
        width: z.number().optional(),
        height: z.number().optional(),
        avg_frame_rate: z.string().optional(),
        r_frame_rate: z.string().optional(),
      }),
    )
    .default([]),
  packets: z
    .array(
      z.object({
        pts_time: z.string().optional(),
        dts_time: z.string().optional(),
        flags: z.string().optional(),
      }),
    )
    .default([]),
});

/** How far apart keyframes are: the longest distance seen, or, where fewer than two came, at least the time watched. */
export interface KeyframeInterval {
  readonly seconds: number;
  readonly frames: number;
  readonly atLeast: boolean;
}

/** A camera's stream as it announces itself and as it is. */
export interface StreamFacts {
  readonly codec: string;
  readonly profile: string | null;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly announcedFps: number | null;
  /** Pictures that came, by the stream's own times; null when too few came to say. */
  readonly measuredFps: number | null;
  /** Pictures that refer to later ones, which cost the delay of those. */
  readonly bFrames: boolean;
  readonly keyframes: KeyframeInterval | null;
}

/** Reads what `ffprobe -show_streams -show_packets -of json` tells of one video stream; undefined when there is none. */
export function streamFacts(probeJson: string): StreamFacts | undefined {
  const { streams, packets } = probeSchema.parse(JSON.parse(probeJson));
  const [stream] = streams;
  if (stream?.codec_name === undefined) return undefined;
  const pts = packets.map(({ pts_time }) => Number(pts_time)).filter((time) => Number.isFinite(time));
  const spanS = pts.length < 2 ? 0 : Math.max(...pts) - Math.min(...pts);
  const measuredFps = pts.length < 5 || spanS <= 0 ? null : round((pts.length - 1) / spanS, 1);
  return {
    codec: stream.codec_name,
    profile: stream.profile ?? null,
    widthPx: stream.width ?? 0,
    heightPx: stream.height ?? 0,
    announcedFps: rate(stream.avg_frame_rate) ?? rate(stream.r_frame_rate),
    measuredFps,
    // In the order of decoding, a picture that is shown before its predecessor is one.
    bFrames: pts.some((time, i) => i > 0 && time < pts[i - 1]!),
    keyframes: keyframeInterval(packets, measuredFps, spanS),
  };
}

function keyframeInterval(
  packets: readonly { flags?: string | undefined }[],
  fps: number | null,
  spanS: number,
): KeyframeInterval | null {
  if (fps === null || packets.length === 0) return null;
  const keys = packets.flatMap(({ flags }, i) => (flags?.startsWith('K') ? [i] : []));
  if (keys.length < 2) return { seconds: round(spanS, 1), frames: packets.length, atLeast: true };
  const frames = Math.max(...keys.slice(1).map((key, i) => key - keys[i]!));
  return { seconds: round(frames / fps, 1), frames, atLeast: false };
}

/** `25/1` -> 25; `0/0` is how ffprobe says "unknown". Rates above 1000 are time bases, not rates. */
function rate(text: string | undefined): number | null {
  const [numerator = Number.NaN, denominator = 1] = (text ?? '').split('/').map(Number);
  const value = numerator / denominator;
  return Number.isFinite(value) && value > 0 && value <= 1000 ? round(value, 2) : null;
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
