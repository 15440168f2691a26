import { basename } from 'node:path';
import { OcellusError } from '../../base/errors.ts';
import type { InferenceBackend } from '../../infer/backend.ts';
import type { RgbImage } from '../../infer/preprocess-rgb.ts';
import {
  type DetectionModel,
  describeDetectionModel,
  loadDetectionModel,
} from '../../models/detection-model.ts';
import { type OnnxModel, readOnnxModel, writeOnnxModel } from '../../models/graph/model-io.ts';
import {
  assertReplaceable,
  importedManifest,
  manifestPath,
  writeManifest,
} from '../../models/import/imported-manifest.ts';
import { columnHead, type ImportChoice, rewriteModel } from '../../models/import/rewrite.ts';
import type { Manifest } from '../../models/manifest.ts';
import { resolveModel } from '../../models/model-file.ts';
import { readModelSummary } from '../../models/onnx-file.ts';
import { sha256Of } from '../../models/pull-part.ts';
import { Workshop } from '../quantize/model-runner.ts';
import {
  compareDetections,
  compareOutputs,
  type DetectionDifference,
  type ModelDifference,
} from './compare.ts';
import { type FilterGain, measureFilter } from './filter-gain.ts';

export interface ImportOptions {
  /** Path to an `.onnx`, or a manifest id. */
  readonly file: string;
  readonly out: string;
  readonly id: string;
  /** Undefined: as the model has it. */
  readonly layout: ImportChoice['layout'] | undefined;
  readonly colourOrder: ImportChoice['colourOrder'] | undefined;
  /** Most boxes that the graph gives; `auto`: `USUAL_BEST_BOXES` where that pays on this device; null: all. */
  readonly bestBoxes: number | 'auto' | null;
  readonly pictures: readonly RgbImage[];
  /** Largest `ModelDifference.largest` with which the model is written. */
  readonly maxDifference: number;
  readonly backend: InferenceBackend;
  readonly signal: AbortSignal;
  readonly onProgress: (what: string) => void;
}

/** What an import did. */
export interface ImportResult {
  readonly out: string;
  readonly manifestFile: string;
  readonly sha256: string;
  readonly changes: readonly string[];
  /** Of the outputs, before boxes are filtered. */
  readonly difference: ModelDifference;
  /** Of the detections, as written. */
  readonly detections: DetectionDifference;
  /** Undefined where nothing was measured. */
  readonly filter: FilterGain | undefined;
}

/** Enough for every box of a crowd before duplicates are suppressed. */
const USUAL_BEST_BOXES = 1000;
/** Detections from this score on are compared: below are those that nobody asks for. */
const COMPARED_SCORE = 0.1;

/**
 * Rewrites a detection model for this program, checks on pictures that it still computes the same, and writes it with its
 * manifest.
 *
 * @throws OcellusError `model_differs` beyond `maxDifference`; as `loadDetectionModel`, `rewriteModel` and
 *   `InferenceBackend.open` do; `usage` for a manifest in the way
 */
export async function importModel(options: ImportOptions): Promise<ImportResult> {
  assertReplaceable(manifestPath(options.out));
  const workshop = new Workshop(options.backend);
  try {
    return await new Import(options, workshop).run();
  } finally {
    workshop.close();
  }
}

/** A rewritten model in the workshop. */
interface Rewritten {
  readonly model: OnnxModel;
  readonly changes: readonly string[];
  readonly described: DetectionModel;
}

class Import {
  readonly #options: ImportOptions;
  readonly #workshop: Workshop;
  readonly #original: DetectionModel;
  readonly #manifest: Manifest | undefined;

  constructor(options: ImportOptions, workshop: Workshop) {
    this.#options = options;
    this.#workshop = workshop;
    this.#original = loadDetectionModel({ file: options.file }, process.cwd());
    this.#manifest = resolveModel(options.file, process.cwd()).manifest;
  }

  async run(): Promise<ImportResult> {
    const { backend, out, pictures, signal, onProgress } = this.#options;
    const whole = this.#rewrite(null);
    onProgress(`comparing with ${this.#original.name} on ${pictures.length} pictures`);
    const difference = await compareOutputs(
      this.#workshop,
      this.#original,
      whole.described,
      pictures,
      signal,
    );
    this.#assertSame(difference);
    const compare = ({ described }: Rewritten) =>
      compareDetections(backend, this.#original, described, pictures, COMPARED_SCORE, signal);
    let [chosen, filter] = await this.#filtered(whole);
    let detections = await compare(chosen);
    const loses = chosen !== whole && detections.unmatched > 0 && this.#options.bestBoxes === 'auto';
    if (loses) {
      onProgress('letting the graph give the best boxes loses some, so it gives all');
      chosen = whole;
      detections = await compare(whole);
    }
    writeOnnxModel(chosen.model, out);
    const sha256 = await sha256Of(out);
    const licence = this.#manifest?.source?.licence;
    const imported = {
      ...(licence === undefined ? {} : { licence }),
      ...{ from: basename(this.#original.file), fromSha256: await sha256Of(this.#original.file), sha256 },
      ...{ changes: [...chosen.changes], largestDifference: difference.largest },
    };
    writeManifest({ ...this.#describe(), imported }, manifestPath(out));
    const { changes } = chosen;
    return { out, manifestFile: manifestPath(out), sha256, changes, difference, detections, filter };
  }

  #describe(): Manifest {
    return importedManifest(this.#options.id, this.#original, this.#form(), this.#manifest);
  }

  #form(): Pick<ImportChoice, 'layout' | 'colourOrder'> {
    const { layout, colourOrder } = this.#options;
    const { input } = this.#original;
    const own = input.layout.endsWith('hwc') ? 'nhwc' : 'nchw';
    return { layout: layout ?? own, colourOrder: colourOrder ?? input.colourOrder };
  }

  #rewrite(bestBoxes: number | null): Rewritten {
    const model = readOnnxModel(this.#original.file, { weights: true });
    const changes = rewriteModel(model, this.#original, { ...this.#form(), bestBoxes });
    const path = this.#workshop.freshPath('imported');
    writeOnnxModel(model, path);
    const described = describeDetectionModel(readModelSummary(path), this.#describe(), {});
    return { model, changes, described };
  }

  /** The model that gives only its best boxes, where that was asked for or pays. */
  async #filtered(whole: Rewritten): Promise<[Rewritten, FilterGain | undefined]> {
    const { backend, bestBoxes, pictures, onProgress } = this.#options;
    const head = columnHead(this.#original);
    const count = bestBoxes === 'auto' ? USUAL_BEST_BOXES : bestBoxes;
    if (count === null || head === undefined || head.boxes <= count) return [whole, undefined];
    const best = this.#rewrite(count);
    onProgress('measuring what it saves to give the best boxes only');
    const gain = await measureFilter(
      { backend, workshop: this.#workshop },
      { like: whole.model, head, count },
      { all: whole.described, best: best.described },
      pictures[0]!,
    );
    return [bestBoxes === 'auto' && !gain.pays ? whole : best, gain];
  }

  #assertSame({ largest, pictures }: ModelDifference): void {
    if (largest <= this.#options.maxDifference) return;
    throw new OcellusError(
      'model_differs',
      `the rewritten model gives other numbers than ${this.#original.file}: by up to ${largest} on ${pictures} pictures`,
      { hint: 'nothing was written; use the original, or allow more with --max-difference if you know why' },
    );
  }
}
