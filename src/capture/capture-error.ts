import { OcellusError } from '../base/errors.ts';
import { redactUrl } from '../base/log.ts';
import type { CameraCause } from '../flow/camera-state.ts';
import type { CaptureFailure } from './frame-source.ts';

/** Why a connection to a camera failed, in the words of the camera's state. Its text never holds a password. */
export class CaptureError extends OcellusError {
  readonly failure: CaptureFailure;

  constructor(failure: CaptureFailure, lowLevel?: unknown) {
    const message = redactUrl(failure.message);
    super('capture_failed', message, { hint: failure.hint, cause: lowLevel });
    this.failure = { ...failure, message };
  }
}

/** Puts a failure in words. */
export function captureFailure(cause: CameraCause, message: string, hint: string): CaptureFailure {
  return { cause, message, hint };
}
