import type { OrtApi, Pointer } from './ort-api.ts';

/** What ONNX Runtime said in an `OrtStatus`. */
export class OrtStatusError extends Error {
  override readonly name = 'OrtStatusError';
  /** An `OrtErrorCode`. */
  readonly ortCode: number;

  constructor(ortCode: number, message: string) {
    super(message);
    this.ortCode = ortCode;
  }
}

/** Reads and frees a status; undefined when all went well. */
export function takeStatus(api: OrtApi, status: Pointer | null): OrtStatusError | undefined {
  if (status === null) return undefined;
  const error = new OrtStatusError(api.GetErrorCode(status), api.GetErrorMessage(status) ?? 'no message');
  api.ReleaseStatus(status);
  return error;
}

/** Frees a status; throws what it said. @throws OrtStatusError */
export function check(api: OrtApi, status: Pointer | null): void {
  const error = takeStatus(api, status);
  if (error !== undefined) throw error;
}

/** The pointer that a function writes to the place it is given. */
export function takeOut(call: (out: BigUint64Array) => void): Pointer {
  const out = new BigUint64Array(1);
  call(out);
  return out[0]!;
}
