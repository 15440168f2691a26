import koffi from 'koffi';
import { type ArgumentType, type OrtFunction, ortApiTable, type ResultType } from './ort-api-table.ts';

/** An address in native memory. */
export type Pointer = bigint;

interface ArgumentValues extends Record<ArgumentType, unknown> {
  'void *': Pointer | NodeJS.ArrayBufferView | null;
  'const char **': readonly string[];
  str: string;
  int: number;
  size_t: number;
}

interface ResultValues extends Record<ResultType, unknown> {
  status: Pointer | null;
  'void *': Pointer | null;
  void: undefined;
  str: string | null;
  int: number;
}

type Arguments<Types extends readonly ArgumentType[]> = {
  -readonly [I in keyof Types]: ArgumentValues[Types[I]];
};

/** Addresses only: the call reads them later, on another thread, when an array might have been collected. */
type AsyncArguments<Types extends readonly ArgumentType[]> = {
  -readonly [I in keyof Types]: Types[I] extends 'void *' ? Pointer | null : ArgumentValues[Types[I]];
};

type Done<F extends OrtFunction> = (error: Error | null, result: ResultValues[F['result']]) => void;

type Callable<F extends OrtFunction> = ((...args: Arguments<F['args']>) => ResultValues[F['result']]) & {
  /** Calls on a thread of libuv's pool. */
  async(...args: [...AsyncArguments<F['args']>, done: Done<F>]): void;
};

/** ONNX Runtime's functions, callable, with the argument types of the table. */
export type OrtApi = { readonly [Name in keyof typeof ortApiTable]: Callable<(typeof ortApiTable)[Name]> };

/** Makes the functions callable whose addresses `table` holds. */
export function bindOrtApi(table: readonly Pointer[]): OrtApi {
  const functions = Object.entries(ortApiTable).map(([name, { index, result, args }]) => {
    const type = koffi.proto(result === 'status' ? 'void *' : result, [...args]);
    return [name, koffi.decode(table[index], type)];
  });
  return Object.fromEntries(functions) as OrtApi;
}

/** Address of memory of our own. It stays valid while the array is referenced; its memory never moves. */
export function addressOf(memory: NodeJS.ArrayBufferView): Pointer {
  return koffi.address(memory);
}
