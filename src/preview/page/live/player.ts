import { signal } from '@preact/signals';
import { describeError } from '../server/request.ts';
import { sleep } from '../server/sleep.ts';
import { TransportLadder, type TransportName } from './ladder.ts';
import { playMjpeg } from './mjpeg.ts';
import { playMse } from './mse.ts';
import { type LiveStage, type Transport, TransportFailure } from './stage.ts';
import { playWebrtc } from './webrtc.ts';

const PLAY: Readonly<Record<TransportName, Transport>> = {
  webrtc: playWebrtc,
  mse: playMse,
  mjpeg: playMjpeg,
};

export interface PlayerState {
  readonly transport: TransportName | undefined;
  /** Pictures move. */
  readonly playing: boolean;
  /** Why a better transport is not used, or none: a line for each. */
  readonly problem: string | undefined;
}

/** Keeps live pictures of one camera on a stage, by the best transport that works. */
export class LivePlayer {
  readonly state = signal<PlayerState>({ transport: undefined, playing: false, problem: undefined });
  readonly #stage: LiveStage;
  /** Of transports that have failed since they last played. */
  readonly #problems = new Map<TransportName, string>();

  constructor(stage: LiveStage) {
    this.#stage = stage;
  }

  /** @param usable transports that the camera offers, the best first; ends when `abort` aborts */
  async run(usable: readonly TransportName[], abort: AbortSignal): Promise<void> {
    const ladder = new TransportLadder(usable);
    let step = ladder.first();
    while (step !== undefined && !abort.aborted) {
      if (step.waitMs > 0) await sleep(step.waitMs, abort).catch(() => {});
      if (abort.aborted) return;
      step = ladder.next(await this.#attempt(step.transport, abort));
    }
    if (!abort.aborted) this.#set({ playing: false, transport: undefined });
  }

  async #attempt(
    transport: TransportName,
    abort: AbortSignal,
  ): Promise<{ playedMs: number; hopeless: boolean }> {
    this.#set({ transport, playing: false });
    let playingSinceMs: number | undefined;
    const stage: LiveStage = {
      ...this.#stage,
      onPicture: (picture) => {
        if (playingSinceMs === undefined) {
          playingSinceMs = performance.now();
          this.#problems.delete(transport);
          this.#set({ playing: true });
        }
        this.#stage.onPicture(picture);
      },
    };
    let hopeless = false;
    try {
      await PLAY[transport](stage, abort);
    } catch (error) {
      hopeless = error instanceof TransportFailure && error.hopeless;
      this.#problems.set(transport, `${NAMES[transport]}: ${describeError(error)}`);
    }
    const playedMs = playingSinceMs === undefined ? 0 : performance.now() - playingSinceMs;
    return { playedMs, hopeless };
  }

  #set(change: Partial<Omit<PlayerState, 'problem'>>): void {
    const problem = this.#problems.size === 0 ? undefined : [...this.#problems.values()].join('\n');
    this.state.value = { ...this.state.peek(), ...change, problem };
  }
}

export const NAMES: Readonly<Record<TransportName, string>> = {
  webrtc: 'WebRTC',
  mse: 'MSE',
  mjpeg: 'MJPEG',
};
