/** What is needed of a message of the data channel `tracks`. */
export interface TimedMessage {
  readonly captureAtMs: number;
  readonly frame?: { readonly sentMs: number } | undefined;
}

const TICKS_PER_MS = 90;
/** RTP timestamps begin anew after 13 hours. */
const WRAP_MS = 2 ** 32 / TICKS_PER_MS;
const KEPT_MESSAGES = 64;
const KEPT_PICTURES = 24;
/** The sender's two readings of the clock differ by rounding and by what comes between them. */
const SAME_MS = 1.5;
/** So many pictures must agree on the constant, and so much more often than on any other. */
const ENOUGH = 6;
const CLEARLY = 1.6;
/** From a known picture to an unknown one it is only calculated over so much time. */
const MAX_REACH_MS = 10_000;

/**
 * Turns the RTP timestamp of a shown picture (`requestVideoFrameCallback`) into its capture time. Messages name a picture by the
 * time at which the sender gave it to its encoder; the RTP timestamp is that time too, at 90 kHz, plus a constant that the
 * sender's WebRTC chose at random and tells nobody. Differences of all recent pictures and messages are compared: the right
 * constant is found by every picture, a wrong one only by chance, because pictures do not come at exactly equal distances.
 */
export class RtpTimes {
  #messages: { readonly sentMs: number; readonly captureAtMs: number }[] = [];
  #pictures: number[] = [];
  #constantMs: number | undefined;
  /** Pictures since the constant was looked for. */
  #unchecked = 0;

  /** True once the constant is known. */
  get locked(): boolean {
    return this.#constantMs !== undefined;
  }

  add({ captureAtMs, frame }: TimedMessage): void {
    if (frame === undefined) return;
    this.#messages.push({ sentMs: frame.sentMs, captureAtMs });
    if (this.#messages.length > KEPT_MESSAGES) this.#messages.shift();
  }

  /**
   * A picture is shown.
   * @returns when it was captured: exact for a picture with a message, from the nearest such picture for another; undefined
   *   while it is not known
   */
  captureAtMs(rtpTimestamp: number): number | undefined {
    const rtpMs = rtpTimestamp / TICKS_PER_MS;
    this.#take(rtpMs);
    if (this.#constantMs === undefined) return undefined;
    let nearestMs = MAX_REACH_MS;
    let captureAtMs: number | undefined;
    for (const message of this.#messages) {
      const offMs = signed(rtpMs - message.sentMs - this.#constantMs);
      if (Math.abs(offMs) >= Math.abs(nearestMs)) continue;
      nearestMs = offMs;
      captureAtMs = message.captureAtMs;
    }
    if (captureAtMs === undefined) return undefined;
    return Math.abs(nearestMs) <= 2 * SAME_MS ? captureAtMs : captureAtMs + nearestMs;
  }

  /** The constant is looked for again now and then: it may be another since the sender's clock was set. */
  #take(rtpMs: number): void {
    if (this.#pictures.at(-1) === rtpMs) return;
    this.#pictures.push(rtpMs);
    if (this.#pictures.length > KEPT_PICTURES) this.#pictures.shift();
    this.#unchecked += 1;
    if (this.#constantMs !== undefined && this.#unchecked < KEPT_PICTURES) return;
    this.#unchecked = 0;
    this.#constantMs = this.#findConstant() ?? this.#constantMs;
  }

  #findConstant(): number | undefined {
    const [picture, message] = [this.#pictures[0], this.#messages[0]];
    if (picture === undefined || message === undefined) return undefined;
    // Relative to one of them, so that those of one constant are neighbours also where the timestamps begin anew.
    const fromMs = picture - message.sentMs;
    const candidates = this.#pictures
      .flatMap((rtpMs) => this.#messages.map(({ sentMs }) => signed(rtpMs - sentMs - fromMs)))
      .sort((a, b) => a - b);
    let best = { votes: 0, constantMs: 0 };
    let second = 0;
    for (let from = 0, to = 0; from < candidates.length; from++) {
      while (to < candidates.length && candidates[to]! - candidates[from]! <= 2 * SAME_MS) to += 1;
      const votes = to - from;
      const constantMs = candidates[from + (votes >> 1)]!;
      const isOther = Math.abs(constantMs - best.constantMs) > 4 * SAME_MS;
      if (votes > best.votes) {
        if (isOther) second = best.votes;
        best = { votes, constantMs };
      } else if (isOther) second = Math.max(second, votes);
    }
    return best.votes >= ENOUGH && best.votes >= CLEARLY * second ? fromMs + best.constantMs : undefined;
  }
}

function modulo(ms: number): number {
  return ((ms % WRAP_MS) + WRAP_MS) % WRAP_MS;
}

/** The shorter way round. */
function signed(ms: number): number {
  const positive = modulo(ms);
  return positive >= WRAP_MS / 2 ? positive - WRAP_MS : positive;
}
