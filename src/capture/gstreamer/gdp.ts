/** Size of a GStreamer Data Protocol 1.0 header, bytes. */
export const GDP_HEADER_BYTES = 62;

/** What follows a header. */
export interface GdpPacket {
  readonly type: 'caps' | 'buffer' | 'other';
  /** Bytes of payload that follow. */
  readonly payloadBytes: number;
  /** Presentation time of a buffer, ms; NaN when it has none. */
  readonly ptsMs: number;
}

const PAYLOAD_BUFFER = 1;
const PAYLOAD_CAPS = 2;
const NO_TIME = 0xffff_ffff_ffff_ffffn;

/**
 * Reads one header as `gdppay` writes it (gst-plugins-bad, gst/gdp/dataprotocol.c): version major and minor, flags,
 * padding, type (16 bits), payload length (32), PTS, duration, offset, offset end (64 each), flags, reserved, CRCs;
 * all big-endian, times in ns.
 *
 * @returns undefined when the bytes are no such header
 */
export function parseGdpHeader(header: Uint8Array): GdpPacket | undefined {
  const view = new DataView(header.buffer, header.byteOffset, GDP_HEADER_BYTES);
  if (view.getUint8(0) !== 1 || view.getUint8(1) !== 0) return undefined;
  const type = view.getUint16(4);
  const pts = view.getBigUint64(10);
  return {
    type: type === PAYLOAD_BUFFER ? 'buffer' : type === PAYLOAD_CAPS ? 'caps' : 'other',
    payloadBytes: view.getUint32(6),
    ptsMs: pts === NO_TIME ? Number.NaN : Number(pts) / 1e6,
  };
}
