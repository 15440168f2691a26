// Mutated models through `models inspect` and the rewriting of `models import`: no crash, no hang, bounded memory.
//   npm run fuzz:models -- --cases 100000 [--seed 1] [--from 0] [--only inspect|import]
// The cases run in a child process, which is ended and reported when one of them takes longer than a deadline.

import { fork } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const here = fileURLToPath(import.meta.url);
const root = fileURLToPath(new URL('../../', import.meta.url));
const CASE_DEADLINE_MS = 30_000;
/** Loading the models that are mutated takes a while on a busy machine. */
const START_DEADLINE_MS = 300_000;
const MAX_RSS_MIB = 700;
const REPORT_EVERY = 5_000;
/** Weights are cut to this, so that mutations meet the structure. */
const KEPT_WEIGHT_BYTES = 32;
const HEAD_NODES = 60;

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
    only: { type: 'string' },
    child: { type: 'boolean', default: false },
  },
});
const [cases, seed] = [Number(values.cases), Number(values.seed)];

/** Starts the cases, and ends them when one hangs. @returns the exit status */
function supervise() {
  return new Promise((resolve) => {
    const child = fork(here, [...process.argv.slice(2), '--child'], {
      execArgv: ['--max-old-space-size=512'],
    });
    let last = { case: -1 };
    let timer;
    const watch = (deadlineMs) => {
      clearTimeout(timer);
      timer = setTimeout(() => child.kill('SIGKILL'), deadlineMs);
    };
    watch(START_DEADLINE_MS);
    child.on('message', (message) => {
      last = message;
      watch(CASE_DEADLINE_MS);
    });
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      if (signal !== null) process.stderr.write(`case ${last.case} of seed ${seed}: ended by ${signal}\n`);
      resolve(code === 0 ? 0 : 1);
    });
  });
}

async function runCases() {
  const { inspectModel } = await import(join(root, 'dist/models/inspect/model-report.js'));
  const rewrite = await rewriter();
  const { OcellusError } = await import(join(root, 'dist/base/errors.js'));
  const { encodeOnnxModel: encode } = await import(join(root, 'dist/models/graph/model-io.js'));
  const bases = await baseModels();
  const folder = mkdtempSync(join(tmpdir(), 'ocellus-fuzz-'));
  const file = join(folder, 'case.onnx');
  const tools = {
    inspect: () => (inspectModel(file, undefined).refused === null ? 'sound' : 'refused'),
    import: (i) => rewrite(file, i),
  };
  const chosen = Object.entries(tools).filter(([name]) => (values.only ?? name) === name);
  const outcomes = Object.fromEntries(chosen.map(([name]) => [name, {}]));
  const startedMs = performance.now();
  let [slowestMs, maxRssMib, crashes] = [0, 0, 0];
  try {
    for (let i = Number(values.from); i < cases; i++) {
      process.send({ case: i });
      const random = generator(seed * 1_000_003 + i);
      // Whole models now and then, mostly their ends: most of what is looked at is there.
      const whole = i % 40 < 2 ? 0 : 1;
      const base = bases[2 * (Math.floor(i / 2) % (bases.length / 2)) + whole];
      // Half of the cases damage bytes, half the meaning of a sound file.
      writeFileSync(
        file,
        i % 2 === 0 ? mutate(base.bytes, random) : encode(rewire(structuredClone(base.model), random)),
      );
      for (const [name, use] of chosen) {
        const beganMs = performance.now();
        const outcome = outcomeOf(() => use(i), OcellusError);
        if (outcome.startsWith('CRASH')) {
          crashes += 1;
          process.stderr.write(`case ${i} of seed ${seed}, ${name}: ${outcome}\n`);
        }
        slowestMs = Math.max(slowestMs, performance.now() - beganMs);
        outcomes[name][outcome] = (outcomes[name][outcome] ?? 0) + 1;
      }
      maxRssMib = Math.max(maxRssMib, process.memoryUsage.rss() / 2 ** 20);
      if ((i + 1) % REPORT_EVERY === 0) process.stderr.write(`${i + 1} cases, ${maxRssMib.toFixed(0)} MiB\n`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const seconds = (performance.now() - startedMs) / 1000;
  const result = {
    ...{ cases, seed, seconds: Math.round(seconds), crashes, bases: bases.length },
    ...{
      slowestMs: Math.round(slowestMs),
      maxRssMib: Math.round(maxRssMib),
      outcomes,
    },
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
  process.exitCode = crashes > 0 || maxRssMib > MAX_RSS_MIB ? 1 : 0;
  process.disconnect();
}

function outcomeOf(use, OcellusError) {
  try {
    return use();
  } catch (error) {
    return error instanceof OcellusError && error.code !== 'internal'
      ? error.code
      : `CRASH ${error?.stack ?? error}`;
  }
}

/** What `models import` does to a file up to running it: read, describe, rewrite with every kind of change, encode. */
async function rewriter() {
  const load = (path) => import(join(root, 'dist/models', path));
  const { readOnnxModel, encodeOnnxModel } = await load('graph/model-io.js');
  const { readModelSummary } = await load('onnx-file.js');
  const { describeDetectionModel } = await load('detection-model.js');
  const { rewriteModel } = await load('import/rewrite.js');
  return (file, turn) => {
    const described = describeDetectionModel(readModelSummary(file), undefined, {});
    const model = readOnnxModel(file, { weights: true });
    rewriteModel(model, described, {
      layout: turn % 2 === 0 ? 'nchw' : 'nhwc',
      colourOrder: turn % 3 === 0 ? 'bgr' : 'rgb',
      bestBoxes: turn % 5 === 0 ? null : 100,
    });
    encodeOnnxModel(model);
    return 'rewritten';
  };
}

/** The shipped model, and those of the test data where they are, whole and their ends, with their weights cut short. */
async function baseModels() {
  const { readOnnxModel, encodeOnnxModel, allTensors } = await import(
    join(root, 'dist/models/graph/model-io.js')
  );
  const data = process.env.OCELLUS_TEST_DATA ?? join(root, '../shared/data');
  const files = [join(root, 'models/demo-scene.onnx')];
  for (const part of ['coco', 'other', 'broken']) {
    const folder = join(data, 'models', part);
    try {
      files.push(...readdirSync(folder).map((name) => join(folder, name)));
    } catch (error) {
      if (error.code !== 'ENOENT') throw error;
    }
  }
  return files.flatMap((path) =>
    [Number.POSITIVE_INFINITY, HEAD_NODES].map((nodes) => {
      const model = readOnnxModel(path);
      model.graph.node = model.graph.node.slice(-nodes);
      const used = new Set(model.graph.node.flatMap(({ input, output }) => [...input, ...output]));
      model.graph.initializer = model.graph.initializer.filter(({ name }) => used.has(name));
      model.graph.valueInfo = model.graph.valueInfo.filter(({ name }) => used.has(name));
      for (const tensor of allTensors(model.graph)) {
        const { rawData } = tensor;
        const isLong = rawData !== undefined && (rawData.bytes === undefined || rawData.length > 4096);
        if (isLong) tensor.rawData = { length: KEPT_WEIGHT_BYTES, bytes: new Uint8Array(KEPT_WEIGHT_BYTES) };
      }
      return { model, bytes: Buffer.from(encodeOnnxModel(model)) };
    }),
  );
}

const VARINTS = [
  [0x00],
  [0x7f],
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80],
];
const WORDS = [
  '../../etc/passwd',
  '/dev/zero',
  '__proto__',
  'constructor',
  'Concat',
  'Reshape',
  'Loop',
  'images',
  '',
];

/** One to eight mutations of a model. */
function mutate(base, random) {
  let bytes = Buffer.from(base);
  const count = 1 + Math.floor(random() ** 2 * 8);
  const at = () => Math.floor(random() * bytes.length);
  for (let i = 0; i < count && bytes.length > 0; i++) {
    const [from, length] = [at(), 1 + Math.floor(random() ** 4 * 4096)];
    switch (Math.floor(random() * 9)) {
      case 0:
        bytes[from] ^= 1 << Math.floor(random() * 8);
        break;
      case 1:
        bytes[from] = Math.floor(random() * 256);
        break;
      case 2:
        bytes = bytes.subarray(0, Math.max(1, from));
        break;
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + length)]);
        break;
      case 4:
        bytes = Buffer.concat([
          bytes.subarray(0, from),
          bytes.subarray(at(), at() + length),
          bytes.subarray(from),
        ]);
        break;
      case 5: {
        const varint = Buffer.from(VARINTS[Math.floor(random() * VARINTS.length)]);
        bytes = Buffer.concat([bytes.subarray(0, from), varint, bytes.subarray(from + 1)]);
        break;
      }
      case 6: {
        // The same length keeps the structure sound: what is meant changes.
        const word = Buffer.from(WORDS[Math.floor(random() * WORDS.length)]);
        word.copy(bytes, from);
        break;
      }
      case 7:
        bytes.copy(bytes, from, at(), at() + Math.min(length, 64));
        break;
      default: {
        // Repeats a piece: many nodes, deep nesting.
        const piece = bytes.subarray(from, from + Math.min(length, 256));
        bytes = Buffer.concat([
          bytes.subarray(0, from),
          ...Array(1 + Math.floor(random() * 200)).fill(piece),
          bytes.subarray(from),
        ]);
      }
    }
  }
  return bytes;
}

const NUMBERS = [-1, 0, 1, 3, 2 ** 31, -(2 ** 31), Number.MAX_SAFE_INTEGER, 2n ** 63n - 1n, -(2n ** 63n)];
const OPERATORS = [
  ...[
    'Concat',
    'Split',
    'Reshape',
    'Slice',
    'Transpose',
    'Conv',
    'ConvTranspose',
    'Gather',
    'Shape',
    'Resize',
    'Tile',
  ],
  ...[
    'Expand',
    'Squeeze',
    'Unsqueeze',
    'Pad',
    'TopK',
    'QuantizeLinear',
    'Sigmoid',
    'MatMul',
    'Gemm',
    'ReduceMax',
  ],
  ...['ConstantOfShape', 'DepthToSpace', 'MaxPool', 'If', 'toString', '__proto__'],
];

/** Changes what a model means: one to eight edges, operators, shapes, attributes or places of weights. */
function rewire(model, random) {
  const { graph } = model;
  const pick = (list) => list[Math.floor(random() * list.length)];
  const count = 1 + Math.floor(random() * 8);
  for (let i = 0; i < count; i++) {
    const [node, tensor] = [pick(graph.node), pick(graph.initializer)];
    const attribute = pick(node?.attribute ?? []);
    const info = pick([...graph.input, ...graph.output, ...graph.valueInfo]);
    const dims = info?.type?.tensorType?.shape?.dim ?? [];
    switch (Math.floor(random() * 10)) {
      case 0:
        if (node !== undefined)
          node.input[Math.floor(random() * (node.input.length + 1))] = pick(graph.node).output[0] ?? '';
        break;
      case 1:
        if (node !== undefined) node.output[0] = pick(graph.node).output[0];
        break;
      case 2:
        if (node !== undefined) node.opType = pick(OPERATORS);
        break;
      case 3:
        if (tensor !== undefined) tensor.dims[Math.floor(random() * 5)] = pick(NUMBERS);
        if (tensor !== undefined) tensor.dims = [...tensor.dims].map((dim) => dim ?? 1);
        break;
      case 4:
        if (tensor !== undefined) tensor.dataType = Math.floor(random() * 20);
        break;
      case 5:
        if (attribute?.i !== undefined) attribute.i = pick(NUMBERS);
        if (attribute?.ints.length > 0)
          attribute.ints[Math.floor(random() * attribute.ints.length)] = pick(NUMBERS);
        break;
      case 6:
        for (const dim of dims) if (random() < 0.5) dim.dimValue = pick(NUMBERS);
        break;
      case 7:
        if (info?.type?.tensorType !== undefined) info.type.tensorType.elemType = Math.floor(random() * 20);
        break;
      case 8:
        if (tensor === undefined) break;
        tensor.dataLocation = 1;
        tensor.externalData = [
          {
            key: 'location',
            value: pick(['../x', '/etc/passwd', 'case.onnx', '.', 'a\0b', '']),
            unknown: [],
          },
          { key: 'offset', value: String(pick(NUMBERS)), unknown: [] },
        ];
        break;
      default:
        for (let at = 0; at < Math.min(8, tensor?.rawData?.length ?? 0); at++) {
          tensor.rawData.bytes[at] = Math.floor(random() * 256);
        }
    }
  }
  return model;
}

/** mulberry32: numbers in 0..1 that a seed repeats. */
function generator(state) {
  let a = state >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = a;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

if (values.child) await runCases();
else process.exitCode = await supervise();
