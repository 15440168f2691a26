import type { HeadOutput, OutputDecoder } from './decode/output-decoder.ts';

/** Frames without any score above zero after which a model is suspicious. */
export const SUSPICIOUS_AFTER_FRAMES = 10;

/**
 * Tells a model that sees nothing from one that can say nothing: boxes and scores quantized with one scale leave every
 * score at exactly zero. Costs nothing once a single score was above zero, which is the first frame of a sound model.
 */
export class ScoreWatch {
  readonly #file: string;
  readonly #onSuspicious: ((explanation: string) => void) | undefined;
  #silentFrames = 0;
  #health: 'unknown' | 'ok' | 'suspicious' = 'unknown';

  constructor(file: string, onSuspicious: ((explanation: string) => void) | undefined) {
    this.#file = file;
    this.#onSuspicious = onSuspicious;
  }

  /** `unknown` until a score above zero is seen or enough frames passed without one. */
  get health(): 'unknown' | 'ok' | 'suspicious' {
    return this.#health;
  }

  observe(outputs: readonly HeadOutput[], decoder: OutputDecoder): void {
    if (this.#health === 'ok') return;
    const hasScore = decoder.hasScore(outputs);
    if (hasScore === undefined) return;
    if (hasScore) {
      this.#health = 'ok';
      return;
    }
    this.#silentFrames += 1;
    if (this.#health === 'unknown' && this.#silentFrames >= SUSPICIOUS_AFTER_FRAMES) {
      this.#health = 'suspicious';
      this.#onSuspicious?.(silentModel(this.#file, this.#silentFrames));
    }
  }
}

/** What to tell about a model that gave no score above zero on `frames` pictures. */
export function silentModel(file: string, frames: number): string {
  return (
    `the model ${file} gave no score above zero on ${frames} pictures; ` +
    'it was probably quantized with boxes and scores in one tensor: keep the end of its head in float, or use the float model'
  );
}
