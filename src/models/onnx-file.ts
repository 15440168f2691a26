import { existsSync, statSync } from 'node:fs';
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { messageOf, OcellusError } from '../base/errors.ts';
import { ProtobufError, type ProtobufField, ProtobufFile, WIRE } from './protobuf-file.ts';

/** A model's input or output as the graph declares it. `null`: a dynamic axis. */
export interface ModelTensor {
  readonly name: string;
  /** ONNX element type in lower case: `float32`, `float16`, `uint8`, `int64`, ... */
  readonly type: string;
  readonly dims: readonly (number | null)[];
}

/** A file beside the model that holds weights. */
export interface ExternalDataFile {
  /** As the model names it, relative to the model's folder. */
  readonly location: string;
  readonly path: string;
  /** Bytes that the model needs of it, as far as the model says. */
  readonly neededBytes: number;
  /** Bytes that are there; null when the file is absent. */
  readonly presentBytes: number | null;
}

/** What an ONNX file says about itself, without its weights. */
export interface ModelSummary {
  readonly file: string;
  readonly bytes: number;
  readonly irVersion: number;
  readonly producer: string;
  /** Version per operator set; the default one has the name ''. */
  readonly opsets: Readonly<Record<string, number>>;
  /** `metadata_props`: whatever the exporter left there. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly inputs: readonly ModelTensor[];
  readonly outputs: readonly ModelTensor[];
  /** How often each operator occurs, subgraphs included. */
  readonly operators: Readonly<Record<string, number>>;
  readonly externalData: readonly ExternalDataFile[];
}

// Field numbers of onnx.proto (github.com/onnx/onnx, onnx/onnx.proto, IR version 10).
const MODEL = {
  irVersion: 1,
  producerName: 2,
  producerVersion: 3,
  graph: 7,
  opsetImport: 8,
  metadataProps: 14,
} as const;
const OPSET = { domain: 1, version: 2 } as const;
const ENTRY = { key: 1, value: 2 } as const;
const GRAPH = { node: 1, initializer: 5, input: 11, output: 12 } as const;
const NODE = { opType: 4, attribute: 5 } as const;
const ATTRIBUTE = { tensor: 5, graph: 6, tensors: 10, graphs: 11 } as const;
const TENSOR = { name: 8, externalData: 13, dataLocation: 14 } as const;
const VALUE_INFO = { name: 1, type: 2 } as const;
const TYPE = { tensorType: 1 } as const;
const TENSOR_TYPE = { elemType: 1, shape: 2 } as const;
const SHAPE = { dim: 1 } as const;
const DIMENSION = { value: 1 } as const;
const EXTERNAL = 1;

/** TensorProto.DataType. */
const ELEMENT_TYPES: Readonly<Record<number, string>> = {
  1: 'float32',
  2: 'uint8',
  3: 'int8',
  4: 'uint16',
  5: 'int16',
  6: 'int32',
  7: 'int64',
  8: 'string',
  9: 'bool',
  10: 'float16',
  11: 'float64',
  12: 'uint32',
  13: 'uint64',
  16: 'bfloat16',
};

const MAX_GRAPH_DEPTH = 16;
const COPY_AGAIN = 'copy or download the file again and compare its size and SHA-256 with the original';

/** The wire types that the fields of a ModelProto have; anything else at the top is another kind of file. */
const MODEL_WIRES: Readonly<Record<number, number>> = {
  [MODEL.irVersion]: WIRE.varint,
  [MODEL.producerName]: WIRE.bytes,
  [MODEL.producerVersion]: WIRE.bytes,
  4: WIRE.bytes,
  5: WIRE.varint,
  6: WIRE.bytes,
  [MODEL.graph]: WIRE.bytes,
  [MODEL.opsetImport]: WIRE.bytes,
  [MODEL.metadataProps]: WIRE.bytes,
  20: WIRE.bytes,
  25: WIRE.bytes,
  26: WIRE.bytes,
};

/**
 * Reads what an ONNX file says about itself. Weights are skipped, not loaded.
 *
 * @throws OcellusError `model_unreadable` (no such file, no permission), `model_invalid` (truncated, or not ONNX)
 */
export function readModelSummary(file: string): ModelSummary {
  try {
    return ProtobufFile.using(file, (reader) => new SummaryReader(reader).read());
  } catch (error) {
    if (error instanceof OcellusError) throw error;
    if (error instanceof ProtobufError) throw malformed(file, error);
    throw new OcellusError('model_unreadable', `cannot read the model ${file}: ${messageOf(error)}`, {
      hint: 'check the path and that the user of this process may read it',
      cause: error,
    });
  }
}

/** @throws OcellusError `model_external_data_missing` when a weights file of the model is absent or too short */
export function requireExternalData(summary: ModelSummary): void {
  for (const { location, path, neededBytes, presentBytes } of summary.externalData) {
    if (presentBytes !== null && presentBytes >= neededBytes) continue;
    const state =
      presentBytes === null
        ? `there is no file ${path}`
        : `${path} has ${presentBytes} bytes of the ${neededBytes} needed`;
    throw new OcellusError(
      'model_external_data_missing',
      `the model ${summary.file} keeps its weights in "${location}", but ${state}`,
      { hint: `put "${location}" of the same export beside the model, or export it as one file` },
    );
  }
}

function malformed(file: string, error: ProtobufError): OcellusError {
  return new OcellusError(
    'model_invalid',
    `the model ${file} is truncated or damaged at byte ${error.offset}: ${error.message}`,
    { hint: COPY_AGAIN, cause: error },
  );
}

class SummaryReader {
  readonly #file: ProtobufFile;
  readonly #operators = new Map<string, number>();
  readonly #external = new Map<string, number>();

  constructor(file: ProtobufFile) {
    this.#file = file;
  }

  read(): ModelSummary {
    const opsets: Record<string, number> = {};
    const metadata: Record<string, string> = {};
    const inputs: ModelTensor[] = [];
    const outputs: ModelTensor[] = [];
    const initializers = new Set<string>();
    const producer: string[] = [];
    let irVersion = 0;
    let graphs = 0;
    for (const field of this.#topLevel()) {
      switch (field.number) {
        case MODEL.irVersion:
          irVersion = field.value;
          break;
        case MODEL.producerName:
        case MODEL.producerVersion:
          producer.push(this.#file.text(field));
          break;
        case MODEL.opsetImport: {
          const { domain, version } = this.#opset(field);
          opsets[domain === 'ai.onnx' ? '' : domain] = version;
          break;
        }
        case MODEL.metadataProps: {
          const [key, value] = this.#entry(field);
          metadata[key] = value;
          break;
        }
        case MODEL.graph:
          graphs += 1;
          this.#graph(field, 0, { inputs, outputs, initializers });
          break;
      }
    }
    if (irVersion === 0 || graphs !== 1) {
      throw this.#notOnnx(this.#file.size, graphs === 0 ? 'it holds no graph' : 'it has no IR version');
    }
    return {
      file: this.#file.path,
      bytes: this.#file.size,
      irVersion,
      producer: producer.join(' ').trim(),
      opsets,
      metadata,
      // Before IR version 4, weights were listed among the inputs too.
      inputs: inputs.filter(({ name }) => !initializers.has(name)),
      outputs,
      operators: Object.fromEntries(this.#operators),
      externalData: [...this.#external].map(([location, neededBytes]) =>
        externalFile(this.#file.path, location, neededBytes),
      ),
    };
  }

  *#topLevel(): Generator<ProtobufField> {
    if (this.#file.size === 0) throw this.#notOnnx(0, 'the file is empty');
    let first = true;
    try {
      for (const field of this.#file.fields(0, this.#file.size)) {
        if (MODEL_WIRES[field.number] !== field.wire) {
          throw this.#notOnnx(field.tagOffset, 'no field of a model looks like that');
        }
        first = false;
        yield field;
      }
    } catch (error) {
      // Damage in the very first field is what any other kind of file looks like.
      if (error instanceof ProtobufError && first) throw this.#notOnnx(error.offset, error.message);
      throw error;
    }
  }

  #notOnnx(offset: number, why: string): OcellusError {
    return new OcellusError(
      'model_invalid',
      `${this.#file.path} is not an ONNX model: ${why} (byte ${offset})`,
      {
        hint: 'give a file exported to ONNX; a web page or a Git LFS pointer saved under that name looks like this too',
      },
    );
  }

  #graph(
    graph: ProtobufField,
    depth: number,
    into?: { inputs: ModelTensor[]; outputs: ModelTensor[]; initializers: Set<string> },
  ): void {
    if (depth > MAX_GRAPH_DEPTH) throw new ProtobufError('graphs are nested too deep', graph.tagOffset);
    for (const field of this.#children(graph)) {
      if (field.number === GRAPH.node) this.#node(field, depth);
      else if (field.number === GRAPH.initializer) {
        const name = this.#tensor(field);
        into?.initializers.add(name);
      } else if (field.number === GRAPH.input) into?.inputs.push(this.#valueInfo(field));
      else if (field.number === GRAPH.output) into?.outputs.push(this.#valueInfo(field));
    }
  }

  #node(node: ProtobufField, depth: number): void {
    for (const field of this.#children(node)) {
      if (field.number === NODE.opType) {
        const operator = this.#file.text(field);
        this.#operators.set(operator, (this.#operators.get(operator) ?? 0) + 1);
      } else if (field.number === NODE.attribute) {
        for (const part of this.#children(field)) {
          if (part.number === ATTRIBUTE.tensor || part.number === ATTRIBUTE.tensors) this.#tensor(part);
          if (part.number === ATTRIBUTE.graph || part.number === ATTRIBUTE.graphs) {
            this.#graph(part, depth + 1);
          }
        }
      }
    }
  }

  /** Notes the file that holds a tensor's data, if it is not in the model. Returns the tensor's name. */
  #tensor(tensor: ProtobufField): string {
    let name = '';
    let external = false;
    const where: Record<string, string> = {};
    for (const field of this.#children(tensor)) {
      if (field.number === TENSOR.name) name = this.#file.text(field);
      if (field.number === TENSOR.dataLocation) external = field.value === EXTERNAL;
      if (field.number === TENSOR.externalData) {
        const [key, value] = this.#entry(field);
        where[key] = value;
      }
    }
    if (external && where.location !== undefined) {
      const end = (Number(where.offset ?? 0) || 0) + (Number(where.length ?? 0) || 0);
      this.#external.set(where.location, Math.max(end, this.#external.get(where.location) ?? 0));
    }
    return name;
  }

  #valueInfo(info: ProtobufField): ModelTensor {
    let name = '';
    let type = 'unknown';
    const dims: (number | null)[] = [];
    for (const field of this.#children(info)) {
      if (field.number === VALUE_INFO.name) name = this.#file.text(field);
      if (field.number !== VALUE_INFO.type) continue;
      for (const kind of this.#children(field)) {
        if (kind.number !== TYPE.tensorType) continue;
        for (const part of this.#children(kind)) {
          if (part.number === TENSOR_TYPE.elemType) type = ELEMENT_TYPES[part.value] ?? `type ${part.value}`;
          if (part.number !== TENSOR_TYPE.shape) continue;
          for (const dim of this.#children(part)) {
            if (dim.number === SHAPE.dim) dims.push(this.#dimension(dim));
          }
        }
      }
    }
    return { name, type, dims };
  }

  #dimension(dim: ProtobufField): number | null {
    for (const field of this.#children(dim)) {
      if (field.number === DIMENSION.value && field.value > 0) return field.value;
    }
    return null;
  }

  #opset(field: ProtobufField): { domain: string; version: number } {
    let domain = '';
    let version = 0;
    for (const part of this.#children(field)) {
      if (part.number === OPSET.domain) domain = this.#file.text(part);
      if (part.number === OPSET.version) version = part.value;
    }
    return { domain, version };
  }

  #entry(field: ProtobufField): [key: string, value: string] {
    let key = '';
    let value = '';
    for (const part of this.#children(field)) {
      if (part.number === ENTRY.key) key = this.#file.text(part);
      if (part.number === ENTRY.value) value = this.#file.text(part);
    }
    return [key, value];
  }

  #children(field: ProtobufField): Generator<ProtobufField> {
    if (field.wire !== WIRE.bytes)
      throw new ProtobufError('a number stands where a message belongs', field.tagOffset);
    return this.#file.fields(field.start, field.end);
  }
}

function externalFile(model: string, location: string, neededBytes: number): ExternalDataFile {
  const folder = dirname(resolve(model));
  const path = resolve(folder, location);
  if (isAbsolute(location) || relative(folder, path).startsWith('..')) {
    throw new OcellusError(
      'model_invalid',
      `the model ${model} names a weights file outside its own folder: "${location}"`,
      { hint: 'export the model again so that its weights lie beside it' },
    );
  }
  const presentBytes = existsSync(path) ? statSync(path).size : null;
  return { location, path, neededBytes, presentBytes };
}
