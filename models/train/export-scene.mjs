// Draws pictures of the simulated scene with COCO annotations, for train.py.
//
//   npm run build
//   node models/train/export-scene.mjs OUT [--train-seeds 160] [--val-seeds 24] [--per-seed 20]
//
// OUT/{train,val}/*.png and OUT/{train,val}.json. Seeds of the two sets never meet: training uses odd, validation even ones.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { seededRandom } from '../../dist/base/random.js';
import { Scene } from '../../dist/capture/sim/scene.js';
import { i420Bytes } from '../../dist/flow/frame.js';

const CATEGORIES = ['person', 'bicycle', 'car'].map((name, id) => ({ id, name }));
const SOURCE = { widthPx: 1280, heightPx: 720 };
const PICTURE = { widthPx: 320, heightPx: 180 };
/** Less of an object than this in view is neither right nor wrong to report. */
const MIN_VISIBLE = 0.35;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'train-seeds': { type: 'string', default: '160' },
    'val-seeds': { type: 'string', default: '24' },
    'per-seed': { type: 'string', default: '20' },
  },
});
const [out] = positionals;
if (out === undefined) {
  process.stderr.write('usage: node models/train/export-scene.mjs OUT\n');
  process.exit(2);
}
const perSeed = Number(values['per-seed']);
await exportSet('train', Number(values['train-seeds']), (n) => 2 * n + 1);
await exportSet('val', Number(values['val-seeds']), (n) => 2 * n + 2);

async function exportSet(name, seeds, seedOf) {
  mkdirSync(join(out, name), { recursive: true });
  const images = [];
  const annotations = [];
  for (let n = 0; n < seeds; n++) {
    const seed = seedOf(n);
    const random = seededRandom(seed ^ 0x6a09e667);
    const scene = new Scene({
      seed,
      source: SOURCE,
      light: 'sudden',
      noise: 6 * random() ** 2,
      ratePerMinute: 15 + 45 * random(),
    });
    for (let i = 0; i < perSeed; i++) {
      const tMs = Math.round(6_000 + 114_000 * random());
      // Drawn larger and scaled down now and then, as a camera's picture is.
      const drawn = random() < 0.3 ? { widthPx: 640, heightPx: 360 } : PICTURE;
      const id = images.length;
      const file = `${String(seed).padStart(4, '0')}-${String(tMs).padStart(6, '0')}.png`;
      const frame = { ...drawn, data: new Uint8Array(i420Bytes(drawn.widthPx, drawn.heightPx)) };
      scene.draw(tMs, frame);
      await sharp(toRgb(frame), { raw: { width: drawn.widthPx, height: drawn.heightPx, channels: 3 } })
        .resize(PICTURE.widthPx, PICTURE.heightPx, { kernel: 'linear' })
        .png({ compressionLevel: 3 })
        .toFile(join(out, name, file));
      images.push({ id, file_name: file, width: PICTURE.widthPx, height: PICTURE.heightPx });
      for (const object of scene.truthAt(tMs)) annotations.push(annotate(object, annotations.length, id));
    }
  }
  const annotated = annotations.filter((annotation) => annotation !== undefined);
  const coco = { categories: CATEGORIES, images, annotations: annotated };
  writeFileSync(join(out, `${name}.json`), JSON.stringify(coco));
  process.stdout.write(`${name}: ${images.length} pictures, ${annotated.length} objects\n`);
}

/** COCO's x, y, width, height of the part of the box inside the picture; `ignore` where too little is in view. */
function annotate({ label, boxPx, visibleFraction }, id, imageId) {
  const scale = PICTURE.widthPx / SOURCE.widthPx;
  const x1 = Math.max(0, boxPx[0] * scale);
  const y1 = Math.max(0, boxPx[1] * scale);
  const x2 = Math.min(PICTURE.widthPx, boxPx[2] * scale);
  const y2 = Math.min(PICTURE.heightPx, boxPx[3] * scale);
  if (visibleFraction === 0) return undefined;
  return {
    id,
    image_id: imageId,
    category_id: CATEGORIES.find(({ name }) => name === label).id,
    bbox: [x1, y1, x2 - x1, y2 - y1],
    area: (x2 - x1) * (y2 - y1),
    iscrowd: 0,
    ignore: visibleFraction < MIN_VISIBLE ? 1 : 0,
  };
}

/** Limited-range BT.601 I420 -> RGB. */
function toRgb({ widthPx, heightPx, data }) {
  const rgb = new Uint8ClampedArray(widthPx * heightPx * 3);
  const chromaWidth = widthPx / 2;
  const u = widthPx * heightPx;
  const v = u + chromaWidth * (heightPx / 2);
  for (let y = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++) {
      const luma = 1.164384 * (data[y * widthPx + x] - 16);
      const chroma = (y >> 1) * chromaWidth + (x >> 1);
      const cb = data[u + chroma] - 128;
      const cr = data[v + chroma] - 128;
      const i = (y * widthPx + x) * 3;
      rgb[i] = luma + 1.596027 * cr;
      rgb[i + 1] = luma - 0.391762 * cb - 0.812968 * cr;
      rgb[i + 2] = luma + 2.017232 * cb;
    }
  }
  return Buffer.from(rgb.buffer);
}
