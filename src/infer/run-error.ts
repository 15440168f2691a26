import { OcellusError } from '../base/errors.ts';

/** A run that ONNX Runtime ended with an error. */
export function runFailed(reason: string, cause?: unknown): OcellusError {
  return new OcellusError('inference_failed', `inference failed: ${reason}`, {
    hint: 'the model and its input do not fit, or the provider failed; the log of ONNX Runtime may say more',
    cause,
  });
}

/** A run that took longer than its deadline. */
export function runTimedOut(deadlineMs: number, outcome: string, cause?: unknown): OcellusError {
  return new OcellusError('inference_timeout', `inference took longer than ${deadlineMs} ms; ${outcome}`, {
    hint: 'raise runTimeoutMs, or use a smaller model or a faster provider',
    cause,
  });
}

/** A run on a session that is closed, or that must be closed after a run that timed out. */
export function sessionClosed(): OcellusError {
  return new OcellusError('inference_failed', 'the inference session is closed', {
    hint: 'open the model again',
  });
}

/** The error for an input of another length than its shape says; undefined when they agree. */
export function shapeMismatch(dims: readonly number[], length: number): OcellusError | undefined {
  const needed = dims.reduce((product, dim) => product * dim, 1);
  if (needed === length) return undefined;
  return runFailed(`shape [${dims.join(', ')}] needs ${needed} values, and input() gave ${length}`);
}
