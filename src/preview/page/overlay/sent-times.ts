/** A picture that tracks came for: when it was given to the encoder, by the sender's clock, and when its tracks arrived here. */
interface Told {
  readonly sentMs: number;
  readonly captureAtMs: number;
  readonly arrivedMs: number;
}

/** A picture that is or was on the screen. */
interface Shown {
  readonly rtpTimestamp: number;
  readonly receivedMs: number;
}

const RTP_PER_MS = 90;
const WRAP = 2 ** 32;
const KEPT = 48;
/** Tracks and picture of one frame arrive within this of each other: beyond it, two are no pair. */
const MAX_APART_MS = 600;
/** An RTP timestamp tells the time of sending to about a millisecond. */
const TOLERANCE_MS = 2.5;
/** A group with this share of the pairs that the largest has is as good as it. */
const AS_MANY = 0.7;
/** So many pairs must agree. */
const MIN_AGREEING = 3;
/** From a frame with tracks to one without it is calculated over so much time. */
const MAX_REACH_MS = 5_000;

/**
 * Tells the capture time of a shown WebRTC picture. Its RTP timestamp is `90 * sentMs` plus a constant that the browser does
 * not know; the constant is the one that most pairs of a shown picture and a told one agree on. Where pictures come so evenly
 * that several constants fit, it is the one that lets tracks and pictures arrive closest together.
 */
export class SentTimes {
  readonly #told: Told[] = [];
  readonly #shown: Shown[] = [];
  #constant: number | undefined;

  /** @param arrivedMs when the message came, by the clock of `shown` */
  told(sentMs: number, captureAtMs: number, arrivedMs: number): void {
    this.#told.push({ sentMs, captureAtMs, arrivedMs });
    if (this.#told.length > KEPT) this.#told.shift();
  }

  /**
   * @param receivedMs when the picture came over the network
   * @returns its capture time, ms since the epoch; undefined while the constant is not known
   */
  shown(rtpTimestamp: number, receivedMs: number): number | undefined {
    this.#shown.push({ rtpTimestamp, receivedMs });
    if (this.#shown.length > KEPT) this.#shown.shift();
    this.#constant = this.#mostAgreed() ?? this.#constant;
    return this.#constant === undefined ? undefined : this.#captureAtMs(rtpTimestamp, this.#constant);
  }

  #captureAtMs(rtpTimestamp: number, constant: number): number | undefined {
    let best: number | undefined;
    let bestOffMs = MAX_REACH_MS;
    for (const { sentMs, captureAtMs } of this.#told) {
      const offMs = signed(rtpTimestamp - constant - sentMs * RTP_PER_MS) / RTP_PER_MS;
      if (Math.abs(offMs) >= bestOffMs) continue;
      bestOffMs = Math.abs(offMs);
      best = bestOffMs <= TOLERANCE_MS ? captureAtMs : captureAtMs + offMs;
    }
    return best;
  }

  #mostAgreed(): number | undefined {
    const reference = this.#shown[0]!.rtpTimestamp - (this.#told[0]?.sentMs ?? 0) * RTP_PER_MS;
    const pairs = this.#shown
      .flatMap(({ rtpTimestamp, receivedMs }) =>
        this.#told.map(({ sentMs, arrivedMs }) => ({
          apartMs: Math.abs(receivedMs - arrivedMs),
          atMs: signed(rtpTimestamp - sentMs * RTP_PER_MS - reference) / RTP_PER_MS,
        })),
      )
      .filter(({ apartMs }) => apartMs <= MAX_APART_MS)
      .sort((a, b) => a.atMs - b.atMs);
    const groups = groupsOf(pairs);
    const most = Math.max(0, ...groups.map(({ count }) => count));
    if (most < MIN_AGREEING) return undefined;
    const [best] = groups
      .filter(({ count }) => count >= most * AS_MANY)
      .sort((a, b) => a.apartMs - b.apartMs);
    return best && reference + best.atMs * RTP_PER_MS;
  }
}

interface Group {
  readonly atMs: number;
  readonly count: number;
  readonly apartMs: number;
}

/** Every set of pairs that agree. @param pairs in order of `atMs` */
function groupsOf(pairs: readonly { readonly atMs: number; readonly apartMs: number }[]): Group[] {
  const groups: Group[] = [];
  let to = 0;
  for (let from = 0; from < pairs.length; from++) {
    while (to < pairs.length && pairs[to]!.atMs - pairs[from]!.atMs <= TOLERANCE_MS) to += 1;
    const agreeing = pairs.slice(from, to);
    const apartMs = agreeing.reduce((sum, pair) => sum + pair.apartMs, 0) / agreeing.length;
    groups.push({ atMs: agreeing[agreeing.length >> 1]!.atMs, count: agreeing.length, apartMs });
  }
  return groups;
}

/** The shorter way round: RTP timestamps begin anew after 13 hours. */
function signed(difference: number): number {
  const positive = ((difference % WRAP) + WRAP) % WRAP;
  return positive >= WRAP / 2 ? positive - WRAP : positive;
}
