import { type Clock, SystemClock } from '../base/clock.ts';
import { explain, OcellusError } from '../base/errors.ts';
import { type Logger, silentLogger } from '../base/log.ts';
import type { ModelConfig } from '../config/schema.ts';
import type { InferenceBackend } from './backend.ts';
import { OrtNodeBackend } from './ort-node/backend.ts';

export interface BackendOptions {
  /** `auto`: ort-c-api, or onnxruntime-node where that cannot be used. docs/adr/0001-inference-backend.md says why. */
  readonly backend: ModelConfig['backend'];
  /** A libonnxruntime of 1.18 or newer instead of the bundled one. */
  readonly libonnxruntime?: string | undefined;
  readonly clock?: Clock;
  /** Hears why `auto` fell back. */
  readonly log?: Logger;
}

/**
 * Makes the configured way to ONNX Runtime usable.
 * @throws OcellusError `backend_unavailable`; `config_invalid` for a library given to a backend that cannot use one
 */
export async function createBackend(options: BackendOptions): Promise<InferenceBackend> {
  const { backend, libonnxruntime, clock = new SystemClock(), log = silentLogger } = options;
  if (backend === 'onnxruntime-node') {
    if (libonnxruntime === undefined) return new OrtNodeBackend(clock);
    throw new OcellusError('config_invalid', 'onnxruntime-node cannot use another libonnxruntime', {
      hint: 'leave libonnxruntime out, or set backend: ort-c-api',
    });
  }
  try {
    return await createCApiBackend(libonnxruntime, clock);
  } catch (error) {
    // A library that was asked for by name is never silently another.
    if (backend !== 'auto' || libonnxruntime !== undefined) throw error;
    log.warn({ reason: explain(error) }, 'ort-c-api is not usable; using onnxruntime-node');
    return new OrtNodeBackend(clock);
  }
}

async function createCApiBackend(path: string | undefined, clock: Clock): Promise<InferenceBackend> {
  try {
    // Loaded only now: koffi brings native code, which not every platform has.
    await import('koffi');
  } catch (error) {
    throw new OcellusError(
      'backend_unavailable',
      `koffi does not load on ${process.platform}-${process.arch}`,
      {
        hint: 'set backend: onnxruntime-node',
        cause: error,
      },
    );
  }
  const [{ OrtCApiBackend }, { bundledLibrary, loadLibrary }] = await Promise.all([
    import('./ort-c-api/backend.ts'),
    import('./ort-c-api/library.ts'),
  ]);
  return new OrtCApiBackend(loadLibrary(path ?? bundledLibrary()), clock);
}
