import { describe, expect, it } from 'vitest';
import { GDP_HEADER_BYTES, parseGdpHeader } from '../../../src/capture/gstreamer/gdp.ts';

/** A header as gdppay 1.22 wrote it, cut to what is read. */
function header(hex: string): Uint8Array {
  const bytes = new Uint8Array(GDP_HEADER_BYTES);
  bytes.set(Buffer.from(hex, 'hex'));
  return bytes;
}

describe('parseGdpHeader', () => {
  it.each([
    {
      reason: 'caps',
      hex: '010001000002000000bc0000000000000000',
      is: { type: 'caps', payloadBytes: 188, ptsMs: 0 },
    },
    {
      reason: 'a picture with its time',
      hex: '01000100000100023a600000000003feef82',
      is: { type: 'buffer', payloadBytes: 146_016, ptsMs: 67.039106 },
    },
    {
      reason: 'a picture without',
      hex: '01000100000100023a60ffffffffffffffff',
      is: { type: 'buffer', payloadBytes: 146_016, ptsMs: Number.NaN },
    },
    {
      reason: 'an event',
      hex: '01000100284e000000abffffffffffffffff',
      is: { type: 'other', payloadBytes: 171, ptsMs: Number.NaN },
    },
    { reason: 'pixels are no header', hex: '8080808080808080808080808080808080', is: undefined },
  ])('reads $reason', ({ hex, is }) => {
    expect(parseGdpHeader(header(hex))).toEqual(is);
  });
});
