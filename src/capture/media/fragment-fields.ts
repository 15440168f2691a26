import type { MediaStream } from '../../flow/media.ts';
import { mimeOf } from './codec-string.ts';
import { boxAt, boxes, FieldReader, type Mp4Box, Mp4FormatError } from './mp4-boxes.ts';

/** Defaults of a track's samples, from `trex` (ISO/IEC 14496-12, 8.8.3). */
export interface SampleDefaults {
  readonly duration: number;
  readonly flags: number;
}

/** What a `moof` says of its samples. Times in units of the timescale. */
export interface FragmentFields {
  readonly decodeTime: number;
  /** Where in the `moof` (header included) the 64-bit decode time is. */
  readonly decodeTimeAt: number;
  readonly duration: number;
  /** Presentation minus decode time of the first sample. */
  readonly compositionOffset: number;
  readonly keyframe: boolean;
}

/** `sample_is_non_sync_sample` (8.8.3.1). */
const NON_SYNC = 0x10000;
const MOST_SAMPLES = 10_000;
const FULL_BOX_BYTES = 4;
const HVC1 = Uint8Array.from('hvc1', (letter) => letter.charCodeAt(0));

/**
 * Reads an init segment: `ftyp` and `moov` with one video track. A sample entry "hev1" becomes "hvc1" in place.
 * @returns the sample entry's type as it is when browsers cannot play it
 * @throws Mp4FormatError
 */
export function readInit(init: Uint8Array): {
  codec: MediaStream['codec'] | { other: string };
  mime: string;
  timescale: number;
  defaults: SampleDefaults;
} {
  const header = new FieldReader(boxAt(init, 'moov/trak/mdia/mdhd').body);
  const wide = header.u32() >>> 24 === 1;
  header.skip(wide ? 16 : 8);
  const timescale = header.u32();
  if (timescale === 0) throw new Mp4FormatError('the timescale is zero');
  const stsd = boxAt(init, 'moov/trak/mdia/minf/stbl/stsd');
  const [entry] = boxes(stsd.body.subarray(FULL_BOX_BYTES + 4), stsd.bodyAt + FULL_BOX_BYTES + 4);
  if (entry === undefined) throw new Mp4FormatError('no sample entry');
  const trex = new FieldReader(boxAt(init, 'moov/mvex/trex').body, FULL_BOX_BYTES + 8);
  const duration = trex.u32();
  trex.skip(4);
  const codec = codecOf(entry.type);
  // ffmpeg copies H.265 as "hev1" with the parameter sets in the header all the same; Safari plays "hvc1" alone.
  if (codec === 'hvc1') init.set(HVC1, entry.bodyAt - 4);
  const mime = typeof codec === 'string' ? mimeOf(codec, entry) : '';
  return { codec, mime, timescale, defaults: { duration, flags: trex.u32() } };
}

function codecOf(type: string): MediaStream['codec'] | { other: string } {
  if (type === 'hev1') return 'hvc1';
  return type === 'avc1' || type === 'hvc1' ? type : { other: type };
}

/** Reads a `moof` with its header. @throws Mp4FormatError */
export function readMoof(moof: Uint8Array, defaults: SampleDefaults): FragmentFields {
  const time = boxAt(moof, 'moof/traf/tfdt');
  const tfdt = new FieldReader(time.body);
  if (tfdt.u32() >>> 24 !== 1) throw new Mp4FormatError('the decode time is not of 64 bits');
  const decodeTime = tfdt.u64();
  if (decodeTime > Number.MAX_SAFE_INTEGER) throw new Mp4FormatError('the decode time is out of range');
  const samples = readTrun(boxAt(moof, 'moof/traf/trun'), readTfhd(boxAt(moof, 'moof/traf/tfhd'), defaults));
  return { decodeTime, decodeTimeAt: time.bodyAt + FULL_BOX_BYTES, ...samples };
}

/** 8.8.7: fields that are not there come from `trex`. */
function readTfhd({ body }: Mp4Box, defaults: SampleDefaults): SampleDefaults {
  const reader = new FieldReader(body);
  const has = reader.u32();
  reader.skip(4);
  if (has & 0x1) reader.skip(8);
  if (has & 0x2) reader.skip(4);
  const duration = has & 0x8 ? reader.u32() : defaults.duration;
  if (has & 0x10) reader.skip(4);
  return { duration, flags: has & 0x20 ? reader.u32() : defaults.flags };
}

/** 8.8.8. */
function readTrun({ body }: Mp4Box, defaults: SampleDefaults) {
  const reader = new FieldReader(body);
  const has = reader.u32();
  const count = reader.u32();
  if (count === 0 || count > MOST_SAMPLES) throw new Mp4FormatError(`a fragment of ${count} samples`);
  if (has & 0x1) reader.skip(4);
  let firstFlags = has & 0x4 ? reader.u32() : defaults.flags;
  let duration = 0;
  let compositionOffset = 0;
  for (let index = 0; index < count; index++) {
    duration += has & 0x100 ? reader.u32() : defaults.duration;
    if (has & 0x200) reader.skip(4);
    const flags = has & 0x400 ? reader.u32() : undefined;
    const offset = has & 0x800 ? reader.i32() : 0;
    if (index > 0) continue;
    firstFlags = flags ?? firstFlags;
    compositionOffset = offset;
  }
  return { duration, compositionOffset, keyframe: (firstFlags & NON_SYNC) === 0 };
}
