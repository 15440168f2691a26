import type { Clock, Timer } from '../../base/clock.ts';
import type { MediaFragment, MediaSink, MediaStream } from '../../flow/media.ts';

/** What the viewer hears besides the video, as JSON text. */
export type MseMessage =
  /** An init segment follows: for the first one, or a stream that does not continue the last. */
  | { readonly type: 'init'; readonly mime: string }
  /** A picture at `mediaTimeS` of the player was captured then; so were those that follow, by their distance from it. */
  | { readonly type: 'clock'; readonly mediaTimeS: number; readonly captureAtMs: number }
  /** Pictures were left out because the viewer was too slow; it goes on with a keyframe. */
  | { readonly type: 'skipped' }
  /** There is no video of the camera's own, and there will be none. */
  | { readonly type: 'unavailable'; readonly reason: string; readonly hint: string };

/** The socket of one viewer. */
export interface MseSocket {
  send(data: string | Uint8Array, sent?: (error?: Error | null) => void): void;
  close(code: number, reason: string): void;
  /** At once, with what was not sent. */
  terminate(): void;
}

/** A viewer who has pictures older than this waiting is given none until they are through, and then from a keyframe on. */
const BEHIND_MS = 1_000;
/** So is one for whom so much waits. The largest single fragment may come on top. */
const MOST_WAITING_BYTES = 4 * 1024 * 1024;
/** Who is behind for so long is let go. */
const PATIENCE_MS = 15_000;
/** The clock of a camera wanders against ours: a difference that nobody sees needs no message. */
const CLOCK_TOLERANCE_MS = 3;

/** WebSocket close codes (RFC 6455, 7.4.1, and the registry for the last). */
export const CLOSE_UNAVAILABLE = 1000;
const CLOSE_TOO_SLOW = 1013;

/** Sends a camera's own video to one viewer, live: what they have no room for is left out, from keyframe to keyframe. */
export class MseViewer implements MediaSink {
  readonly #socket: MseSocket;
  readonly #clock: Clock;
  #stream: MediaStream | undefined;
  #offsetMs = Number.NaN;
  /** The next fragment must be a keyframe. */
  #broken = true;
  #waitingBytes = 0;
  /** When the fragments that wait for the socket were given to it, monotonic. */
  #waiting: number[] = [];
  #patience: Timer | undefined;
  #skipped = 0;

  constructor(socket: MseSocket, clock: Clock) {
    this.#socket = socket;
    this.#clock = clock;
  }

  /** Fragments that this viewer was too slow for. */
  get skipped(): number {
    return this.#skipped;
  }

  fragment(fragment: MediaFragment): void {
    if (fragment.stream !== this.#stream) this.#broken = true;
    if (this.#isBehind) {
      this.#broken = true;
      this.#patience ??= this.#clock.after(PATIENCE_MS, () => this.#giveUp());
    }
    if (this.#broken && !this.#mend(fragment)) return;
    this.#tellTime(fragment);
    this.#send(fragment.data);
  }

  ended(): void {
    // The next connection's stream begins with an init segment of its own; what was shown last stays until then.
    this.#broken = true;
  }

  unusable(reason: string): void {
    this.#tell({
      type: 'unavailable',
      reason,
      hint: 'use WebRTC or motion JPEG, which show the pictures of detection',
    });
    this.#socket.close(CLOSE_UNAVAILABLE, 'no video of its own');
  }

  close(): void {
    this.#patience?.cancel();
  }

  get #isBehind(): boolean {
    const [oldest] = this.#waiting;
    if (oldest === undefined) return false;
    // Since the break, only an empty queue will do: else a viewer with half a keyframe gets the next on top.
    return (
      this.#patience !== undefined ||
      this.#clock.monoMs() - oldest > BEHIND_MS ||
      this.#waitingBytes > MOST_WAITING_BYTES
    );
  }

  /** @returns whether the fragment can be sent, being where decoding can begin */
  #mend(fragment: MediaFragment): boolean {
    if (!fragment.keyframe || this.#isBehind) {
      this.#skipped += 1;
      return false;
    }
    const wasBehind = this.#patience !== undefined;
    this.#patience?.cancel();
    this.#patience = undefined;
    this.#broken = false;
    this.#offsetMs = Number.NaN;
    if (fragment.stream !== this.#stream) {
      this.#stream = fragment.stream;
      this.#tell({ type: 'init', mime: fragment.stream.mime });
      this.#send(fragment.stream.init);
    } else if (wasBehind) this.#tell({ type: 'skipped' });
    return true;
  }

  #tellTime({ ptsMs, captureAtMs, stream }: MediaFragment): void {
    const offsetMs = captureAtMs - ptsMs;
    if (Math.abs(offsetMs - this.#offsetMs) < CLOCK_TOLERANCE_MS) return;
    this.#offsetMs = offsetMs;
    this.#tell({
      type: 'clock',
      mediaTimeS: Math.round((ptsMs / 1000 + stream.timeShiftS) * 1e6) / 1e6,
      captureAtMs: Math.round(captureAtMs),
    });
  }

  #tell(message: MseMessage): void {
    this.#socket.send(JSON.stringify(message));
  }

  #send(data: Uint8Array): void {
    this.#waiting.push(this.#clock.monoMs());
    this.#waitingBytes += data.length;
    this.#socket.send(data, () => {
      this.#waiting.shift();
      this.#waitingBytes -= data.length;
    });
  }

  #giveUp(): void {
    this.#socket.close(CLOSE_TOO_SLOW, 'too slow for this stream');
    this.#socket.terminate();
  }
}
