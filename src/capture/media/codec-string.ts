import { boxes, type Mp4Box, Mp4FormatError } from './mp4-boxes.ts';

/** Fields of a video sample entry before its boxes (ISO/IEC 14496-12, 8.5.2 and 12.1.3), without the box header. */
const ENTRY_FIELDS_BYTES = 78;

/**
 * The video's type as Media Source Extensions take it, such as `video/mp4; codecs="avc1.4D401F"`: RFC 6381, 3.3 for H.264,
 * ISO/IEC 14496-15, annex E for H.265.
 * @param entry the video's sample entry
 * @throws Mp4FormatError when the decoder's configuration is not in it
 */
export function mimeOf(codec: 'avc1' | 'hvc1', entry: Mp4Box): string {
  const wanted = codec === 'avc1' ? 'avcC' : 'hvcC';
  for (const { type, body } of boxes(entry.body.subarray(ENTRY_FIELDS_BYTES))) {
    if (type !== wanted) continue;
    return `video/mp4; codecs="${codec}.${codec === 'avc1' ? profileOfAvc(body) : profileOfHevc(body)}"`;
  }
  throw new Mp4FormatError(`no box "${wanted}" in the sample entry`);
}

/** Profile, constraints and level, each a byte in hex. */
function profileOfAvc(configuration: Uint8Array): string {
  if (configuration.length < 4) throw new Mp4FormatError('box "avcC" is too short');
  return [...configuration.subarray(1, 4)].map(hexByte).join('');
}

function profileOfHevc(configuration: Uint8Array): string {
  if (configuration.length < 13) throw new Mp4FormatError('box "hvcC" is too short');
  const [, general = 0] = configuration;
  const space = ['', 'A', 'B', 'C'][general >>> 6]!;
  const tier = (general & 0x20) === 0 ? 'L' : 'H';
  const compatibility = new DataView(configuration.buffer, configuration.byteOffset + 2, 4).getUint32(0);
  const constraints = [...configuration.subarray(6, 12)];
  while (constraints.at(-1) === 0) constraints.pop();
  return [
    `${space}${general & 0x1f}`,
    reversedBits(compatibility).toString(16).toUpperCase(),
    `${tier}${configuration[12]}`,
    ...constraints.map((byte) => byte.toString(16).toUpperCase()),
  ].join('.');
}

function reversedBits(value: number): number {
  let reversed = 0;
  for (let bit = 0; bit < 32; bit++) reversed = (reversed * 2 + ((value >>> bit) & 1)) >>> 0;
  return reversed;
}

function hexByte(byte: number): string {
  return byte.toString(16).padStart(2, '0').toUpperCase();
}
