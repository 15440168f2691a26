import type { ErrorCode } from '../../base/errors.ts';
import type { Provider } from '../../config/schema.ts';
import type { ProviderRefusal, SessionOptions, Tensor, TensorInfo } from '../backend.ts';

/** What the main thread says to the worker of a session. One answer follows each, in order. */
export type ToWorker =
  | { readonly type: 'open'; readonly options: SessionOptions }
  /** `input` is shared memory: the worker copies it, so that the caller's array stays valid and the main thread is not busy. */
  | { readonly type: 'run'; readonly input: SharedArrayBuffer; readonly dims: readonly number[] }
  | { readonly type: 'close' };

/** What the worker answers. */
export type FromWorker =
  | {
      readonly type: 'opened';
      readonly inputs: readonly TensorInfo[];
      readonly outputs: readonly TensorInfo[];
      readonly provider: Provider;
      readonly refused: readonly ProviderRefusal[];
    }
  /** The outputs' memory is transferred, not copied. */
  | { readonly type: 'ran'; readonly outputs: readonly Tensor[] }
  | { readonly type: 'closed' }
  /** The step failed; `code` is null when ONNX Runtime itself failed in a run. */
  | {
      readonly type: 'failed';
      readonly code: ErrorCode | null;
      readonly message: string;
      readonly hint: string | null;
    };
