import type { BackoffOptions } from '../../base/retry.ts';
import type { SessionOptions } from '../backend.ts';

/** Long, since what makes a build fail (memory that others hold, heat) takes a while to change. */
export const BUILD_BACKOFF: BackoffOptions = { initialMs: 60_000, maxMs: 30 * 60_000, factor: 4 };

/** One engine to be built. Plain values: it may go to another process. */
export interface BuildJob extends Pick<SessionOptions, 'file' | 'providers' | 'providerOptions' | 'threads'> {
  /** Of the libonnxruntime; undefined: the bundled one. */
  readonly libonnxruntime: string | undefined;
  /** A build that takes longer is ended. */
  readonly deadlineMs: number;
}

/** A way to have TensorRT build engines. */
export interface EngineBuilder {
  /**
   * Has the model opened and run once with the options of the job, which leaves the engine in `trt_engine_cache_path`.
   * @param signal ends the build
   * @throws Error saying why there is no engine; `AbortError` when it was ended
   */
  build(job: BuildJob, signal: AbortSignal): Promise<void>;
}
