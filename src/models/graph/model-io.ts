import {
  closeSync,
  existsSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { messageOf, OcellusError } from '../../base/errors.ts';
import { externalPath } from '../external-data.ts';
import { MODEL_WIRES } from '../onnx-schema.ts';
import { ProtobufError, ProtobufFile } from '../protobuf-file.ts';
import { type GraphProto, MODEL, type ModelProto, type TensorProto } from './onnx-proto.ts';
import { type DecodeLimits, ProtoDecoder } from './proto-decode.ts';
import { encodeMessage } from './proto-encode.ts';
import { payloadOf } from './proto-schema.ts';
import { externalEntries, isExternal } from './tensor-data.ts';

const MIB = 1024 * 1024;

/** Enough for graphs of 100 000 nodes; a detector has 200 to 1 000. */
const STRUCTURE = { fields: 4_000_000, depth: 80, textBytes: 128 * MIB } as const;

/** The structure and small tensors such as scales and shapes: what `models inspect` looks at. */
const WITHOUT_WEIGHTS: DecodeLimits = { ...STRUCTURE, payloadBytes: 64 * 1024, allPayloadBytes: 64 * MIB };

/** Everything: protobuf itself ends at 2 GiB. */
const WITH_WEIGHTS: DecodeLimits = { ...STRUCTURE, payloadBytes: 2 ** 31, allPayloadBytes: 2 ** 31 };

/** A model with its graph, which `ModelProto` leaves open. */
export interface OnnxModel extends ModelProto {
  graph: GraphProto;
}

/**
 * Reads an ONNX file with its subgraphs, functions and whatever it holds that this program does not know. Of weights only
 * tensors up to 64 KiB are read unless `weights` is set; external data then becomes part of the model.
 *
 * @throws OcellusError `model_unreadable`, `model_invalid` (also for structures beyond any real model's),
 *   `model_external_data_missing`
 */
export function readOnnxModel(file: string, { weights = false }: { weights?: boolean } = {}): OnnxModel {
  try {
    const model = ProtobufFile.using(file, (reader) => {
      const decoder = new ProtoDecoder(reader, weights ? WITH_WEIGHTS : WITHOUT_WEIGHTS);
      return decoder.decode<ModelProto>(MODEL, 0, assertModel(reader));
    });
    if (model.graph === undefined) throw new ProtobufError('it holds no graph', 0);
    const complete = Object.assign(model, { graph: model.graph });
    if (weights) for (const tensor of allTensors(complete.graph)) internalise(file, tensor);
    return complete;
  } catch (error) {
    if (error instanceof OcellusError) throw error;
    if (error instanceof ProtobufError) {
      throw new OcellusError(
        'model_invalid',
        `${file} is no sound ONNX model at byte ${error.offset}: ${error.message}`,
        {
          hint: 'copy or export the file again and compare its size and SHA-256 with the original',
          cause: error,
        },
      );
    }
    throw new OcellusError('model_unreadable', `cannot read the model ${file}: ${messageOf(error)}`, {
      hint: 'check the path and that the user of this process may read it',
      cause: error,
    });
  }
}

/** Another kind of file is told from a damaged model by its first field. Returns the file's size. */
function assertModel(reader: ProtobufFile): number {
  if (reader.size === 0) throw new ProtobufError('the file is empty', 0);
  for (const field of reader.fields(0, reader.size)) {
    if (MODEL_WIRES[field.number] !== field.wire) throw new ProtobufError('it is another kind of file', 0);
    break;
  }
  return reader.size;
}

/** The model as the bytes of one file. @throws OcellusError `model_unsupported` beyond protobuf's 2 GiB */
export function encodeOnnxModel(model: ModelProto): Uint8Array {
  const bytes = encodeMessage(MODEL, model);
  if (bytes.length < 2 ** 31) return bytes;
  throw new OcellusError(
    'model_unsupported',
    `the model takes ${bytes.length} bytes, and one file holds 2 GiB at most`,
    {
      hint: 'use a smaller model',
    },
  );
}

/** Writes the model as one file, whole or not at all. @throws OcellusError `io_failed`, `model_unsupported` */
export function writeOnnxModel(model: ModelProto, file: string): void {
  const bytes = encodeOnnxModel(model);
  const unfinished = `${file}.part-${process.pid}`;
  try {
    writeFileSync(unfinished, bytes, { flag: 'wx' });
    renameSync(unfinished, file);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw new OcellusError('io_failed', `cannot write the model ${file}: ${messageOf(error)}`, {
      hint: 'check that the folder exists, may be written and has space',
      cause: error,
    });
  }
}

/** Every tensor of a graph: initializers, constants in attributes, those of subgraphs. */
export function* allTensors(graph: GraphProto): Generator<TensorProto> {
  yield* graph.initializer;
  for (const { attribute } of graph.node) {
    for (const { t, g, tensors, graphs } of attribute) {
      if (t !== undefined) yield t;
      yield* tensors;
      if (g !== undefined) yield* allTensors(g);
      for (const inner of graphs) yield* allTensors(inner);
    }
  }
}

/** Moves a tensor's external data into the model. */
function internalise(model: string, tensor: TensorProto): void {
  if (!isExternal(tensor)) return;
  const { location, offset, length } = externalEntries(tensor);
  const path = externalPath(model, location);
  if (!existsSync(path)) throw missing(model, location, `there is no file ${path}`);
  const present = statSync(path).size;
  const bytes = length ?? Math.max(0, present - offset);
  if (offset + bytes > present)
    throw missing(model, location, `${path} has ${present} bytes of ${offset + bytes}`);
  const data = Buffer.alloc(bytes);
  const fd = openSync(path, 'r');
  try {
    let done = 0;
    while (done < bytes) {
      const got = readSync(fd, data, done, bytes - done, offset + done);
      if (got === 0) throw missing(model, location, `${path} ended while it was read`);
      done += got;
    }
  } finally {
    closeSync(fd);
  }
  tensor.rawData = payloadOf(data);
  tensor.externalData = [];
  tensor.dataLocation = undefined;
}

function missing(model: string, location: string, state: string): OcellusError {
  return new OcellusError(
    'model_external_data_missing',
    `the model ${model} keeps weights in "${location}", but ${state}`,
    { hint: `put "${location}" of the same export beside the model, or export it as one file` },
  );
}
