import type { Clock } from '../../base/clock.ts';
import { abortError } from '../../base/clock.ts';
import type { CaptureConfig } from '../../config/camera-schema.ts';
import { describeSource, type SourceUrl } from '../../config/source-url.ts';
import type { FramePool } from '../../flow/frame-pool.ts';
import type { SizePx } from '../../flow/geometry.ts';
import { ByteReader } from '../byte-reader.ts';
import { CaptureError, captureFailure } from '../capture-error.ts';
import { type ChildExit, startTool, type ToolProcess } from '../child-process.ts';
import { FrameMaker, type PictureBody } from '../frame-maker.ts';
import type { CaptureFailure, FrameSink, FrameSource } from '../frame-source.ts';
import { eachLine } from '../lines.ts';
import { GDP_HEADER_BYTES, type GdpPacket, parseGdpHeader } from './gdp.ts';
import { GstLog } from './gst-log.ts';
import { FRAME_FD, gstArgs } from './gst-pipeline.ts';
import {
  i420Planes,
  type Plane,
  parseRawVideoCaps,
  planesBytes,
  type RawVideoCaps,
} from './raw-video-caps.ts';

export interface GstSourceOptions {
  readonly cameraId: string;
  readonly source: SourceUrl;
  readonly capture: CaptureConfig;
  readonly fps: number;
  readonly box: SizePx;
  readonly pool: FramePool;
  readonly clock: Clock;
}

const GRACE_MS = 1_000;
/** Caps are a line of text; more is no GDP. */
const MAX_CAPS_BYTES = 65_536;

/** Frames from a gst-launch-1.0 child process: one per connection. */
export class GstSource implements FrameSource {
  readonly description: string;
  readonly finite: boolean;
  readonly waits: boolean;
  readonly #options: GstSourceOptions;
  readonly #args: readonly string[];
  #log: GstLog | undefined;

  /** @throws OcellusError `config_invalid` for a pipeline that cannot be run */
  constructor(options: GstSourceOptions) {
    this.#options = options;
    this.#args = gstArgs(options);
    this.description = describeSource(options.source);
    this.waits = options.source.kind === 'file' && !options.source.realtime;
    this.finite = options.source.kind === 'file' && options.capture.pipeline === undefined;
  }

  /** @throws CaptureError, `OcellusError` `tool_missing`, an `AbortError` */
  async run(sink: FrameSink, signal: AbortSignal): Promise<void> {
    const { capture, clock } = this.#options;
    this.#log = undefined;
    const tool = await startTool({
      program: capture.gstLaunch,
      args: this.#args,
      aptPackage: 'gstreamer1.0-tools',
      pictureFd: FRAME_FD,
      clock,
    });
    const end = () => void tool.end(GRACE_MS);
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    try {
      await this.#readPictures(tool, sink, signal);
    } finally {
      signal.removeEventListener('abort', end);
      await tool.end(GRACE_MS);
    }
    if (signal.aborted) throw abortError();
    this.#judge(await tool.exited);
  }

  diagnosis(): CaptureFailure | undefined {
    return this.#log?.failure();
  }

  async #readPictures(tool: ToolProcess, sink: FrameSink, signal: AbortSignal): Promise<void> {
    const { cameraId, pool, clock } = this.#options;
    const log = new GstLog();
    this.#log = log;
    eachLine(tool.stdout, (line) => log.outputLine(line));
    eachLine(tool.stderr, (line) => log.errorLine(line));
    const timing = this.waits ? 'media' : 'live';
    const maker = new FrameMaker({ cameraId, pool, clock, timing, codec: () => log.codec, signal });
    const bytes = new ByteReader(tool.pictures!);
    let caps: RawVideoCaps | undefined;
    for (let packet = await nextPacket(bytes); packet !== undefined; packet = await nextPacket(bytes)) {
      if (packet.type === 'caps') {
        caps = await readCaps(bytes, packet);
      } else if (packet.type === 'buffer' && caps !== undefined) {
        const picture = {
          source: log.source ?? caps.size,
          frame: caps.size,
          colour: caps.colour,
          ptsMs: packet.ptsMs,
          arrivedMonoMs: clock.monoMs(),
        };
        const body = pictureBody(bytes, packet, caps);
        if (!(await new Promise<boolean>((done) => maker.take(picture, body, sink, done)))) return;
      } else if (!(await bytes.skip(packet.payloadBytes))) {
        return;
      }
    }
  }

  /** Resolves the run or fails it, by how gst-launch ended. It exits with 0 at the end of a stream only. */
  #judge(exit: ChildExit): void {
    const log = this.#log!;
    if (exit.code === 0) return;
    if (exit.signal !== null) {
      const message = `gst-launch was killed by ${exit.signal}`;
      throw new CaptureError(captureFailure('ended', message, 'check the system log (out of memory?)'));
    }
    const message = log.problems.at(-1) ?? `gst-launch ended with status ${exit.code}`;
    throw new CaptureError(log.failure() ?? captureFailure('ended', message, 'see the log'));
  }
}

async function nextPacket(bytes: ByteReader): Promise<GdpPacket | undefined> {
  const header = new Uint8Array(GDP_HEADER_BYTES);
  if (!(await bytes.readInto(header))) return undefined;
  const packet = parseGdpHeader(header);
  if (packet === undefined) {
    throw new CaptureError(
      captureFailure(
        'decode_error',
        'the pipeline did not send GDP',
        'let nothing else write to descriptor 3',
      ),
    );
  }
  return packet;
}

async function readCaps(bytes: ByteReader, packet: GdpPacket): Promise<RawVideoCaps | undefined> {
  const payload = new Uint8Array(Math.min(packet.payloadBytes, MAX_CAPS_BYTES));
  if (!(await bytes.readInto(payload))) return undefined;
  const text = new TextDecoder().decode(payload).replace(/\0.*$/s, '');
  const caps = parseRawVideoCaps(text);
  if (caps?.format === 'I420') return caps;
  throw new CaptureError(
    captureFailure(
      'decode_error',
      `the pipeline ends in ${caps === undefined ? text.split(',')[0] : `raw video of format ${caps.format}`}, not I420`,
      'put "! videoconvert ! video/x-raw,format=I420" before "! fdsink"',
    ),
  );
}

/** Reads a picture row by row where GStreamer pads its rows. */
function pictureBody(bytes: ByteReader, packet: GdpPacket, caps: RawVideoCaps): PictureBody {
  const planes = i420Planes(caps.size);
  const expected = planesBytes(planes);
  if (packet.payloadBytes !== expected) {
    throw new CaptureError(
      captureFailure(
        'decode_error',
        `a picture of ${packet.payloadBytes} bytes where ${expected} were expected`,
        'put "! videoconvert" before "! fdsink", which lays pictures out in the standard way',
      ),
    );
  }
  return {
    pass: (done) => bytes.pass(packet.payloadBytes, done),
    fill: (target, done) => void readPlanes(bytes, planes, target).then(done),
  };
}

async function readPlanes(bytes: ByteReader, planes: readonly Plane[], target: Uint8Array): Promise<boolean> {
  let at = 0;
  for (const plane of planes) {
    const read = await readPlane(bytes, plane, target.subarray(at, at + plane.rowBytes * plane.rows));
    if (!read) return false;
    at += plane.rowBytes * plane.rows;
  }
  return true;
}

async function readPlane(bytes: ByteReader, plane: Plane, target: Uint8Array): Promise<boolean> {
  const { rowBytes, strideBytes, rows, memoryRows } = plane;
  if (rowBytes === strideBytes) {
    return (await bytes.readInto(target)) && bytes.skip((memoryRows - rows) * strideBytes);
  }
  for (let row = 0; row < rows; row++) {
    if (!(await bytes.readInto(target.subarray(row * rowBytes, (row + 1) * rowBytes)))) return false;
    if (!(await bytes.skip(strideBytes - rowBytes))) return false;
  }
  return bytes.skip((memoryRows - rows) * strideBytes);
}
