import { createRequire } from 'node:module';
import type { Clock } from '../../base/clock.ts';
import { messageOf, OcellusError } from '../../base/errors.ts';
import type { InferenceBackend, InferenceSession, SessionOptions } from '../backend.ts';
import { assertReadableModel } from '../model-load-error.ts';
import { WorkerSession } from './session.ts';
import { SessionWorker } from './session-worker.ts';

/**
 * The npm package onnxruntime-node, one worker thread per session. Of the options for CUDA and TensorRT it reads only
 * `device_id`, and it cannot end a run.
 */
export class OrtNodeBackend implements InferenceBackend {
  readonly name = 'onnxruntime-node';
  readonly version: string;
  readonly providers = ['cpu'] as const;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
    // The binding's own version is not to be had without loading it into this thread.
    this.version = (
      createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string }
    ).version;
  }

  /** Does not use `inputMemory`, which the worker's thread cannot see. */
  async open({ inputMemory: _, ...options }: SessionOptions): Promise<InferenceSession> {
    await assertReadableModel(options.file);
    const worker = startWorker();
    const answer = await worker.ask({ type: 'open', options });
    if (answer.type === 'opened') return new WorkerSession(worker, this.#clock, answer);
    await worker.ask({ type: 'close' });
    await worker.exited();
    if (answer.type === 'failed') {
      throw new OcellusError(answer.code ?? 'model_invalid', answer.message, {
        ...(answer.hint === null ? {} : { hint: answer.hint }),
      });
    }
    throw new OcellusError('internal', `the worker thread answered open with ${answer.type}`);
  }
}

function startWorker(): SessionWorker {
  try {
    return new SessionWorker();
  } catch (error) {
    throw new OcellusError(
      'backend_unavailable',
      `cannot start the worker of onnxruntime-node: ${messageOf(error)}`,
      {
        hint: 'run npm run build, which makes it',
        cause: error,
      },
    );
  }
}
