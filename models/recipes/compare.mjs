// Compares what the program finds with what PyTorch found, for the models that export_models.py wrote to a folder.
//   npm run build && node models/recipes/compare.mjs FOLDER
// Prints a line for each model and backend, and exits with 1 when one of them differs.

import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { SystemClock } from '../../dist/base/clock.js';
import { createBackend } from '../../dist/infer/backends.js';
import { openClassifier } from '../../dist/infer/classifier.js';
import { openDetector } from '../../dist/infer/detector.js';
import { loadClassifierModel } from '../../dist/models/classifier-model.js';
import { loadDetectionModel } from '../../dist/models/detection-model.js';

/** Corners in pixels and scores may differ by so much: the runtimes add up floats in another order. */
const TOLERANCE_PX = 0.05;
const TOLERANCE_SCORE = 1e-4;
const IMAGENET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

const folder = process.argv[2];
if (folder === undefined) throw new Error('which folder?');
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.onnx'))
  .map((file) => basename(file, '.onnx'));
for (const name of names) {
  const { widthPx, heightPx, expected } = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));
  const image = { data: readFileSync(join(folder, `${name}.rgb`)), widthPx, heightPx };
  for (const backendName of ['ort-c-api', 'onnxruntime-node']) {
    const backend = await createBackend({ backend: backendName });
    const isClassifier = typeof expected[0] === 'number';
    const compare = isClassifier ? classification : detection;
    const { text, agrees } = await compare(join(folder, `${name}.onnx`), backend, image, expected);
    process.stdout.write(`${name.padEnd(18)} ${backendName.padEnd(16)} ${text}\n`);
    if (!agrees) process.exitCode = 1;
  }
}

async function detection(file, backend, image, expected) {
  // Scores of random weights are as small as they come.
  const model = withSize(loadDetectionModel({ file, minScore: 0 }, '.'), image);
  const options = { backend, model, clock: new SystemClock(), providers: ['cpu'], providerOptions: {} };
  const detector = await openDetector({ ...options, threads: 1, runTimeoutMs: 60_000, maxDetections: 1_000 });
  try {
    const { detections } = await detector.detectImage(image);
    const worst = { px: 0, score: 0 };
    let matched = 0;
    const left = [...detections];
    const clamp = (value, side) =>
      Math.min(side % 2 === 0 ? image.widthPx : image.heightPx, Math.max(0, value));
    for (const { box, score, class: classId } of expected) {
      const distance = (found) =>
        Math.max(...found.boxPx.map((value, side) => Math.abs(value - clamp(box[side], side))));
      const at = left.findIndex(
        (found) =>
          found.classId === classId &&
          Math.abs(found.score - score) <= TOLERANCE_SCORE &&
          distance(found) <= TOLERANCE_PX,
      );
      if (at < 0) continue;
      const [found] = left.splice(at, 1);
      matched += 1;
      worst.px = Math.max(worst.px, distance(found));
      worst.score = Math.max(worst.score, Math.abs(found.score - score));
    }
    const classes = new Set(expected.map((each) => each.class)).size;
    return {
      text:
        `${model.decoder}: ${matched} of ${expected.length} detections of ${classes} classes, ` +
        `corners within ${worst.px.toExponential(1)} px, scores within ${worst.score.toExponential(1)}`,
      agrees: matched === expected.length,
    };
  } finally {
    await detector.close(5_000);
  }
}

/** Open axes take the picture's own size, so that it is fed unscaled. */
function withSize(model, { widthPx, heightPx }) {
  return { ...model, input: { ...model.input, widthPx, heightPx } };
}

async function classification(file, backend, image, expected) {
  const labels = expected.map((_, index) => `class${index}`);
  const model = loadClassifierModel({ file, labels, ...IMAGENET }, '.');
  const options = {
    backend,
    model,
    providers: ['cpu'],
    providerOptions: {},
    threads: 1,
    runTimeoutMs: 60_000,
  };
  const classifier = await openClassifier(options);
  try {
    const scores = await classifier.detectImage(image);
    const worst = Math.max(...expected.map((score, index) => Math.abs(score - scores[index])));
    return { text: `classifier: scores within ${worst.toExponential(1)}`, agrees: worst <= TOLERANCE_SCORE };
  } finally {
    await classifier.close(5_000);
  }
}
