import { redactUrl } from '../../base/log.ts';
import type { CameraCause } from '../../flow/camera-state.ts';
import type { SizePx } from '../../flow/geometry.ts';
import { captureFailure } from '../capture-error.ts';
import type { CaptureFailure } from '../frame-source.ts';
import { parseRawVideoCaps } from './raw-video-caps.ts';

interface Rule {
  readonly pattern: RegExp;
  readonly cause: CameraCause;
  readonly hint: string;
}

/** What gst-launch 1.16 to 1.26 says when it fails, the telling patterns first. */
const RULES: readonly Rule[] = [
  {
    pattern: /no element "(gdppay|fdsink|videorate|videoscale|videoconvert)"/,
    cause: 'not_found',
    hint: 'install it with: sudo apt-get install gstreamer1.0-plugins-base gstreamer1.0-plugins-bad',
  },
  {
    pattern: /no element "/,
    cause: 'not_found',
    hint: 'this GStreamer lacks the element; `gst-inspect-1.0 NAME` shows what is there (nv... exist on a Jetson only)',
  },
  {
    pattern: /erroneous pipeline|could not link|syntax error/,
    cause: 'not_found',
    hint: 'try capture.pipeline with gst-launch-1.0 by hand, ending in fakesink',
  },
  {
    pattern: /Unauthorized|Forbidden|\(40[13]\)/,
    cause: 'auth_failed',
    hint: 'check user and password of the camera; encode special characters of the password (@ is %40)',
  },
  {
    pattern: /Not [Ff]ound|\(404\)|No such file|Resource not found|Cannot identify device/,
    cause: 'not_found',
    hint: 'check the path after the host (or the file or device): the source has nothing there',
  },
  {
    pattern:
      /Failed to connect|Could not (open|connect|resolve)|Connection refused|timed? ?out|Could not (read|write)/i,
    cause: 'unreachable',
    hint: 'check that the camera is switched on and that its address and port are right',
  },
  {
    pattern:
      /cannot decode|typefind|missing a plug-in|not-negotiated|decode|not-linked|Internal data stream error/i,
    cause: 'decode_error',
    hint: 'the data is damaged, or a decoder is missing: install gstreamer1.0-libav and gstreamer1.0-plugins-bad',
  },
];

const KEPT_LINES = 60;

/** Reads what gst-launch writes: the camera's picture size and codec (`-v`), and why it fails. */
export class GstLog {
  readonly #problems: string[] = [];
  #source: SizePx | undefined;
  #codec: string | null = null;

  /** Size of the largest raw picture in the pipeline: the camera's own, as nothing enlarges it after. */
  get source(): SizePx | undefined {
    return this.#source;
  }

  get codec(): string | null {
    return this.#codec;
  }

  get problems(): readonly string[] {
    return this.#problems;
  }

  /** A line of stdout. */
  outputLine(line: string): void {
    const caps = /: caps = (\S.*)/.exec(line)?.[1];
    if (caps === undefined) {
      if (/^(WARNING|ERROR)/.test(line)) this.errorLine(line);
      return;
    }
    const encoded = /^(?:video|image)\/(?:x-)?(h264|h265|av1|vp8|vp9|jpeg)\b/.exec(caps)?.[1];
    if (encoded !== undefined) this.#codec ??= encoded === 'jpeg' ? 'mjpeg' : encoded;
    const size = parseRawVideoCaps(caps)?.size;
    if (size === undefined) return;
    const largest = this.#source;
    if (largest === undefined || area(size) > area(largest)) this.#source = size;
  }

  /** A line of stderr. */
  errorLine(line: string): void {
    this.#problems.push(redactUrl(line));
    if (this.#problems.length > KEPT_LINES) this.#problems.shift();
  }

  /** Why gst-launch gave up; undefined when it did not say. */
  failure(): CaptureFailure | undefined {
    for (const rule of RULES) {
      const line = this.#problems.find((text) => rule.pattern.test(text));
      if (line !== undefined) return captureFailure(rule.cause, line, rule.hint);
    }
    return undefined;
  }
}

function area(size: SizePx): number {
  return size.widthPx * size.heightPx;
}
