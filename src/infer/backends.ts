import { type Clock, SystemClock } from '../base/clock.ts';
import type { InferenceBackend } from './backend.ts';
import { OrtCApiBackend } from './ort-c-api/backend.ts';
import { bundledLibrary, loadLibrary } from './ort-c-api/library.ts';

export function createBackend(
  options: { backend: string; libonnxruntime?: string },
  clock: Clock = new SystemClock(),
): InferenceBackend {
  return new OrtCApiBackend(loadLibrary(options.libonnxruntime ?? bundledLibrary()), clock);
}
