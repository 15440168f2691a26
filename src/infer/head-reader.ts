import { OcellusError } from '../base/errors.ts';
import type { Tensor } from './backend.ts';
import type { HeadOutput } from './decode/output-decoder.ts';

/**
 * Turns a model's outputs into what a decoder takes. Integers become floats in memory that is kept from picture to picture, so
 * that lists of changing length cost no allocation once they have been at their longest.
 */
export class HeadReader {
  readonly #file: string;
  readonly #outputs: readonly number[];
  readonly #listColumns: readonly number[] | undefined;
  readonly #converted: Float32Array[];

  /**
   * @param outputs which of the model's outputs are read, in the decoder's order
   * @param listColumns see `OutputDecoder`
   */
  constructor(file: string, outputs: readonly number[], listColumns: readonly number[] | undefined) {
    this.#file = file;
    this.#outputs = outputs;
    this.#listColumns = listColumns;
    this.#converted = outputs.map(() => new Float32Array(0));
  }

  /** Valid until the next call. @throws OcellusError `model_unsupported` when the outputs are not what the decoder takes */
  read(tensors: readonly Tensor[]): HeadOutput[] {
    return this.#outputs.map((output, place) => {
      const tensor = tensors[output];
      const columns = this.#listColumns?.[place];
      const head =
        tensor === undefined
          ? undefined
          : columns === undefined
            ? map(tensor)
            : this.#list(tensor, columns, place);
      if (head !== undefined) return head;
      const wanted =
        columns === undefined
          ? 'float32 [1, rows, columns]'
          : columns === 1
            ? '[rows]'
            : `[rows, ${columns}]`;
      throw new OcellusError(
        'model_unsupported',
        `output ${output} of ${this.#file} is [${tensor?.dims.join(', ')}], not ${wanted}`,
        { hint: 'export the model for single pictures with float32 outputs' },
      );
    });
  }

  #list({ dims, data }: Tensor, columns: number, place: number): HeadOutput | undefined {
    const ownRank = columns === 1 ? 1 : 2;
    const isBatched = dims.length === ownRank + 1;
    const rank = isBatched ? dims.length - 1 : dims.length;
    // A list of one number may come as a scalar.
    if (rank > ownRank || (isBatched && dims[0] !== 1) || (columns > 1 && dims.at(-1) !== columns))
      return undefined;
    return {
      data: this.#floats(data, place),
      rows: data.length / columns,
      columns,
      axes: dims.slice(isBatched ? 1 : 0),
    };
  }

  #floats(data: Tensor['data'], place: number): Float32Array {
    if (data instanceof Float32Array) return data;
    let memory = this.#converted[place]!;
    if (memory.length < data.length) {
      memory = new Float32Array(Math.max(data.length, 2 * memory.length));
      this.#converted[place] = memory;
    }
    for (let i = 0; i < data.length; i++) memory[i] = Number(data[i]);
    return memory;
  }
}

function map({ dims, data }: Tensor): HeadOutput | undefined {
  const [batch, ...axes] = dims;
  const columns = axes.at(-1);
  if (!(data instanceof Float32Array) || batch !== 1 || axes.length < 2 || columns === undefined)
    return undefined;
  const rows = axes.slice(0, -1).reduce((product, axis) => product * axis, 1);
  return { data, rows, columns, axes };
}
