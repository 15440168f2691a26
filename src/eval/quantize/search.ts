import { rmSync } from 'node:fs';
import { OcellusError } from '../../base/errors.ts';
import type { InferenceBackend } from '../../infer/backend.ts';
import type { DetectionModel } from '../../models/detection-model.ts';
import { type OnnxModel, readOnnxModel, writeOnnxModel } from '../../models/graph/model-io.ts';
import { RANGE_METHODS, type RangeMethod } from '../../models/quantize/ranges.ts';
import type { QuantizedForm } from '../../models/quantize/rewrite.ts';
import type { CocoAnnotations } from '../coco-types.ts';
import {
  agreement,
  averagePrecision,
  confidentAgreement,
  detectIn,
  type PictureDetections,
} from './agreement.ts';
import { calibrate, type ValueStatistics } from './calibrate.ts';
import { type FloatModel, makeCandidate, prepareFloatModel } from './candidate.ts';
import { fastestWithin, fewestInFloatWithin, isPareto, type TriedCandidate, verdict } from './choice.ts';
import { Workshop } from './model-runner.ts';
import { PictureInputs } from './pictures.ts';
import { measureSensitivity } from './sensitivity.ts';

export interface SearchOptions {
  readonly model: DetectionModel;
  readonly form: QuantizedForm;
  /** Most points of AP, 0..100, that the quantized model may lose. */
  readonly maxLoss: number;
  readonly calibration: readonly string[];
  /** Pictures that losses are measured on, other than those of the calibration. */
  readonly evaluation: readonly string[];
  /** Annotations of the evaluation pictures; absent: the float model's detections are the truth. */
  readonly truth: CocoAnnotations | undefined;
  readonly methods?: readonly RangeMethod[];
  readonly backend: InferenceBackend;
  readonly out: string;
  readonly signal: AbortSignal;
  readonly onProgress: (what: string) => void;
}

export interface SearchResult {
  readonly products: number;
  readonly floatAp: number | null;
  readonly candidates: readonly TriedCandidate[];
  /** The fastest within the allowed loss; null when none is. */
  readonly chosen: TriedCandidate | null;
  /** What to use on this machine. */
  readonly recommended: 'int8' | 'float';
  readonly why: string;
  /** Convolutions left in float in the chosen model, by their outputs. */
  readonly keptInFloat: readonly string[];
}

const PROBE_PICTURES = 16;
const SENSITIVITY_PICTURES = 2;
/** Neither loses a whole tensor to one outlier nor clips much. */
const SENSITIVITY_METHOD: RangeMethod = 'mse';
const NOISY_LAYERS = 8;
/** Numbers of convolutions to leave in float, noisiest first. */
const STEPS = [0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64];
const SPEED_ROUNDS = 11;

/**
 * Searches the fastest quantized model within a loss and writes it to `out`: chooses how ranges are taken, finds the layers
 * that cost most accuracy, and leaves more and more of them in float.
 *
 * @throws OcellusError `model_unsupported`, `image_unreadable`, `data_invalid`, `io_failed`, and what running a model throws
 */
export async function searchQuantization(options: SearchOptions): Promise<SearchResult> {
  const workshop = new Workshop(options.backend);
  try {
    return await new Search(options, workshop).run();
  } finally {
    workshop.close();
  }
}

class Search {
  readonly #options: SearchOptions;
  readonly #workshop: Workshop;
  readonly #inputs: PictureInputs;
  readonly #float: FloatModel;
  readonly #floatFile: string;
  #statistics: ReadonlyMap<string, ValueStatistics> = new Map();
  #reference: PictureDetections[] = [];

  constructor(options: SearchOptions, workshop: Workshop) {
    this.#options = options;
    this.#workshop = workshop;
    this.#inputs = new PictureInputs(options.model.input);
    this.#float = prepareFloatModel(readOnnxModel(options.model.file, { weights: true }));
    this.#floatFile = workshop.freshPath('float');
  }

  async run(): Promise<SearchResult> {
    const { onProgress, truth, form } = this.#options;
    writeOnnxModel(this.#float.model, this.#floatFile);
    onProgress(`calibrating with ${this.#options.calibration.length} pictures`);
    this.#statistics = await this.#calibrate();
    onProgress(`detecting in ${this.#options.evaluation.length} pictures with the float model`);
    this.#reference = await this.#detect(this.#floatFile, this.#options.evaluation);
    this.#assertMeasurable();
    onProgress(`measuring the noise of ${this.#float.products.length} layers`);
    const layers = await this.#sensitivity();
    const method = await this.#chooseMethod(layers);
    const tried: TriedCandidate[] = [];
    const steps = STEPS.filter((count) => count < layers.length);
    for (const count of steps) {
      const inFloat = new Set(layers.slice(0, count));
      const candidate = makeCandidate(this.#float, this.#statistics, {
        form,
        method,
        biasCorrection: true,
        inFloat,
      });
      tried.push(await this.#try(candidate, method, count));
      const { agreement: agrees, lossPoints, cpuMs, floatCpuMs } = tried.at(-1)!;
      onProgress(
        `${count} layers in float: loss ${lossPoints.toFixed(2)}, agreement ${(100 * agrees).toFixed(1)} %, ` +
          `${cpuMs.toFixed(1)} ms against ${floatCpuMs.toFixed(1)}`,
      );
    }
    const candidates = tried.map((each) => ({ ...each, pareto: isPareto(each, tried) }));
    // A CPU tells nothing of the speed of symmetric models, which are for TensorRT.
    const choose = form === 's8s8' ? fewestInFloatWithin : fastestWithin;
    const chosen = choose(candidates, this.#options.maxLoss);
    const keptInFloat = layers.slice(0, chosen?.inFloat ?? 0);
    if (chosen !== null) {
      const recipe = { form, method, biasCorrection: true, inFloat: new Set(keptInFloat) };
      writeOnnxModel(makeCandidate(this.#float, this.#statistics, recipe), this.#options.out);
    }
    const floatAp = truth === undefined ? null : averagePrecision(truth, this.#reference);
    return {
      products: layers.length,
      floatAp,
      candidates,
      chosen,
      keptInFloat,
      ...verdict(chosen, this.#options.maxLoss, form),
    };
  }

  /** Without anything to find, nothing can be lost. @throws OcellusError `data_invalid` */
  #assertMeasurable(): void {
    const { truth, evaluation } = this.#options;
    const reference = this.#reference;
    const ap =
      truth === undefined ? confidentAgreement(reference, reference) : averagePrecision(truth, reference);
    if (ap > 0) return;
    throw new OcellusError(
      'data_invalid',
      truth === undefined
        ? `the float model is sure of nothing in the ${evaluation.length} pictures that the loss is measured on`
        : `the annotations have no object that the float model finds in the ${evaluation.length} pictures`,
      { hint: 'give pictures with objects of its classes, and annotations that name the same files' },
    );
  }

  #calibrate(): Promise<ReadonlyMap<string, ValueStatistics>> {
    const { calibration, signal } = this.#options;
    const { model, values, facts } = this.#float;
    const inputs = this.#inputs;
    return calibrate({
      ...{ model, values, facts, workshop: this.#workshop, signal },
      forEachInput: async (see) => {
        for (const path of calibration) await see(await inputs.of(path), inputs.dims);
      },
    });
  }

  /**
   * The way to take ranges that agrees best with the float model on a few pictures. The noisiest layers are in float for that:
   * where they are not, they alone would decide.
   */
  async #chooseMethod(layers: readonly string[]): Promise<RangeMethod> {
    const { methods = RANGE_METHODS, form, onProgress } = this.#options;
    const reference = this.#reference.slice(0, PROBE_PICTURES);
    const pictures = reference.map(({ picture }) => picture);
    let best = methods[0]!;
    let most = -1;
    for (const method of methods.length > 1 ? methods : []) {
      const recipe = { form, method, biasCorrection: true, inFloat: new Set(layers.slice(0, NOISY_LAYERS)) };
      const found = await this.#withFile(makeCandidate(this.#float, this.#statistics, recipe), (file) =>
        this.#detect(file, pictures),
      );
      const agrees = agreement(reference, found);
      onProgress(
        `ranges by ${method}: agreement ${(100 * agrees).toFixed(1)} % with ${NOISY_LAYERS} layers in float`,
      );
      if (agrees <= most) continue;
      most = agrees;
      best = method;
    }
    return best;
  }

  async #sensitivity(): Promise<string[]> {
    const { calibration, form, signal, methods } = this.#options;
    const method = methods?.[0] ?? SENSITIVITY_METHOD;
    const few: Float32Array[] = [];
    for (const path of calibration.slice(0, SENSITIVITY_PICTURES)) few.push(await this.#inputs.of(path));
    const recipe = { form, method, biasCorrection: true };
    const noises = await measureSensitivity(
      ...([this.#float, this.#statistics, recipe, few, this.#inputs.dims, this.#workshop, signal] as const),
    );
    return noises.map(({ product }) => product);
  }

  async #try(candidate: OnnxModel, method: RangeMethod, inFloat: number): Promise<TriedCandidate> {
    return this.#withFile(candidate, async (file) => {
      const { truth, evaluation } = this.#options;
      const found = await this.#detect(file, evaluation);
      const agrees = agreement(this.#reference, found);
      const ap = truth === undefined ? null : averagePrecision(truth, found);
      const floatAp = truth === undefined ? 1 : averagePrecision(truth, this.#reference);
      const lossPoints = 100 * (floatAp - (ap ?? confidentAgreement(this.#reference, found)));
      return {
        method,
        inFloat,
        agreement: agrees,
        ap,
        lossPoints,
        ...(await this.#speed(file)),
        pareto: false,
      };
    });
  }

  /** CPU time of both models, run in turns so that the load of the machine falls on both. */
  async #speed(file: string): Promise<{ cpuMs: number; floatCpuMs: number }> {
    const input = await this.#inputs.of(this.#options.evaluation[0]!);
    const { dims } = this.#inputs;
    return this.#workshop.usingFile(this.#floatFile, (float) =>
      this.#workshop.usingFile(file, async (quantized) => {
        const times: { float: number[]; quantized: number[] } = { float: [], quantized: [] };
        for (let round = 0; round < SPEED_ROUNDS; round++) {
          times.float.push(await float.cpuMsOfRun(input, dims));
          times.quantized.push(await quantized.cpuMsOfRun(input, dims));
        }
        return { cpuMs: median(times.quantized), floatCpuMs: median(times.float) };
      }),
    );
  }

  async #withFile<T>(model: OnnxModel, use: (file: string) => Promise<T>): Promise<T> {
    const file = this.#workshop.freshPath('candidate');
    writeOnnxModel(model, file);
    try {
      return await use(file);
    } finally {
      rmSync(file, { force: true });
    }
  }

  #detect(file: string, pictures: readonly string[]): Promise<PictureDetections[]> {
    const { model, backend, signal } = this.#options;
    return detectIn(pictures, file, model, backend, signal);
  }
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1]!;
}
