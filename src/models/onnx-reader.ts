import { existsSync, statSync } from 'node:fs';
import { OcellusError } from '../base/errors.ts';
import { externalPath } from './external-data.ts';
import type { ExternalDataFile, ModelSummary, ModelTensor } from './model-summary.ts';
import {
  ATTRIBUTE,
  DIMENSION,
  ELEMENT_TYPES,
  ENTRY,
  EXTERNAL,
  GRAPH,
  MODEL,
  MODEL_WIRES,
  NODE,
  OPSET,
  SHAPE,
  TENSOR,
  TENSOR_TYPE,
  TYPE,
  VALUE_INFO,
} from './onnx-schema.ts';
import { ProtobufError, type ProtobufField, type ProtobufFile, WIRE } from './protobuf-file.ts';

const MAX_GRAPH_DEPTH = 16;

/** Reads the `ModelProto` of one open file. */
export class SummaryReader {
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
  const path = externalPath(model, location);
  const presentBytes = existsSync(path) ? statSync(path).size : null;
  return { location, path, neededBytes, presentBytes };
}
