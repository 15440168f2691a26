import type { Provider } from '../config/schema.ts';

/** Name, element type and shape of a model's input or output. `null`: a dynamic axis. */
export interface TensorInfo {
  readonly name: string;
  readonly type: 'float32' | 'float16' | 'uint8' | 'int32' | 'int64';
  readonly dims: readonly (number | null)[];
}

/** Memory of a model's input: floats, or the bytes of pixels. */
export type InputArray<Memory extends ArrayBufferLike = ArrayBufferLike> =
  | Float32Array<Memory>
  | Uint8Array<Memory>;

/** New memory of `length` elements for an input of that type. */
export function inputArray(type: TensorInfo['type'], length: number): InputArray<ArrayBuffer> {
  return type === 'uint8' ? new Uint8Array(length) : new Float32Array(length);
}

export interface Tensor {
  readonly dims: readonly number[];
  readonly data: Float32Array | Uint8Array | Int32Array | BigInt64Array;
}

/** A small input beside the picture that is the same in every run, as the size that boxes are to be scaled to. */
export interface FixedInput {
  readonly name: string;
  readonly type: 'int64';
  readonly dims: readonly number[];
  readonly values: readonly number[];
}

export interface SessionOptions {
  readonly file: string;
  /** Every input of the model but the picture. */
  readonly fixedInputs?: readonly FixedInput[];
  /** Tried in this order; the first that really runs the model is used. */
  readonly providers: readonly Provider[];
  readonly providerOptions: Readonly<Partial<Record<Provider, Readonly<Record<string, string>>>>>;
  readonly threads: number;
  /** Memory that `InferenceSession.input` gives out when asked for its length, where the backend can use memory of others. */
  readonly inputMemory?: InputArray<ArrayBuffer> | undefined;
}

/** A provider that was asked for and not used, and why. */
export interface ProviderRefusal {
  readonly provider: Provider;
  readonly reason: string;
}

/** One loaded model on one provider; one run at a time. */
export interface InferenceSession {
  /** The picture first. */
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  /** The provider really in use. */
  readonly provider: Provider;
  /** Providers that come before it in `SessionOptions.providers`. */
  readonly refused: readonly ProviderRefusal[];
  /**
   * A buffer of `length` elements for the picture, of its type. It belongs to the session and is reused by every run: write
   * the whole input, call `run`, and do not touch it until the run has settled.
   */
  input(length: number): InputArray;
  /**
   * Runs the model on what was written into `input`.
   *
   * @param dims shape of the input
   * @param deadlineMs a run that takes longer is ended; the session must then be closed
   * @returns the outputs in the order of `outputs`. They are valid until the next run.
   * @throws OcellusError `inference_failed`, `inference_timeout`
   */
  run(dims: readonly number[], deadlineMs: number): Promise<readonly Tensor[]>;
  /** Ends a run in progress, waits for it, and frees the model. Idempotent. */
  close(deadlineMs: number): Promise<void>;
}

/** A way to ONNX Runtime. */
export interface InferenceBackend {
  readonly name: 'onnxruntime-node' | 'ort-c-api';
  /** Version of ONNX Runtime in use, e.g. `1.30.0`. */
  readonly version: string;
  /** Providers that are compiled in and take the options that they are given; their own libraries may still lack. */
  readonly providers: readonly Provider[];
  /**
   * Loads a model.
   * @throws OcellusError `model_unreadable`, `model_invalid`, `model_external_data_missing`, `provider_unavailable`
   */
  open(options: SessionOptions): Promise<InferenceSession>;
}
