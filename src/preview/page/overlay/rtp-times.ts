import type { TracksMessage } from '../server/contract.ts';

const KEPT = 256;
const RTP_HZ = 90_000;
const WRAP = 2 ** 32;
/** From a known frame to an unknown one it is only calculated over so much time. */
const MAX_REACH_MS = 10_000;

/** Turns the RTP timestamp of a shown picture into its capture time, by the frames that the tracks name. */
export class RtpTimes {
  readonly #known: { readonly rtpTimestamp: number; readonly captureAtMs: number }[] = [];

  add({ captureAtMs, frame }: TracksMessage): void {
    if (frame?.rtpTimestamp === undefined) return;
    this.#known.push({ rtpTimestamp: frame.rtpTimestamp, captureAtMs });
    if (this.#known.length > KEPT) this.#known.shift();
  }

  /** Exact for a frame with tracks; from the nearest such frame for others. */
  captureAtMs(rtpTimestamp: number): number | undefined {
    let best: number | undefined;
    let bestOffMs = MAX_REACH_MS;
    for (const known of this.#known) {
      const offMs = (signed(rtpTimestamp - known.rtpTimestamp) / RTP_HZ) * 1000;
      if (Math.abs(offMs) >= bestOffMs) continue;
      bestOffMs = Math.abs(offMs);
      best = known.captureAtMs + offMs;
    }
    return best;
  }
}

/** The shorter way round: RTP timestamps begin anew after 13 hours. */
function signed(difference: number): number {
  const positive = ((difference % WRAP) + WRAP) % WRAP;
  return positive >= WRAP / 2 ? positive - WRAP : positive;
}
