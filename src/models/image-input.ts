import { OcellusError } from '../base/errors.ts';
import type { SizePx } from '../flow/geometry.ts';
import { isSizeInput } from './detection-list-heads.ts';
import type { COLOUR_ORDERS, INPUT_TYPES, LAYOUTS, Manifest, PLACEMENTS } from './manifest.ts';
import type { ModelSummary, ModelTensor } from './model-summary.ts';
import { describeTensors } from './output-decoder.ts';

/** How a picture becomes the input tensor: `(pixel * scale - mean[c]) / std[c]` of a letterboxed picture. */
export interface ModelInput extends SizePx {
  /** `uint8`: the graph normalises; pixels are fed as they are, and `scale`, `mean` and `std` change nothing. */
  readonly type: (typeof INPUT_TYPES)[number];
  /** `chw` and `hwc`: without a batch axis. */
  readonly layout: (typeof LAYOUTS)[number];
  readonly colourOrder: (typeof COLOUR_ORDERS)[number];
  readonly scale: number;
  /** In the order of the channels. */
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
  readonly placement: (typeof PLACEMENTS)[number];
  /** Grey level 0..255 around the picture. */
  readonly padValue: number;
}

type Layout = ModelInput['layout'];

/** The input of a model that takes the picture. */
export interface PictureInput {
  readonly tensor: ModelTensor;
  readonly layout: Layout;
}

/** Edge of the square that a detector takes which says nothing. */
const DEFAULT_INPUT_PX = 640;

/** The one colour picture of floats, with a batch axis, that a model takes and nothing else. @throws OcellusError `model_unsupported` */
export function imageInput(summary: ModelSummary): PictureInput {
  const picture = summary.inputs.length === 1 ? pictureOf(summary, undefined) : undefined;
  if (picture === undefined || picture.tensor.dims.length !== 4) throw noPicture(summary);
  if (picture.tensor.type !== 'float32') throw wrongType(summary.file, picture.tensor, 'only float32 is');
  return picture;
}

/**
 * The colour picture that a detector takes, of floats or bytes. Besides it there may be an input for the size to scale boxes to.
 *
 * @throws OcellusError `model_unsupported`
 */
export function detectorInput(summary: ModelSummary, manifest: Manifest | undefined): PictureInput {
  const picture = pictureOf(summary, manifest);
  const others = summary.inputs.filter((tensor) => tensor !== picture?.tensor);
  if (picture === undefined || others.length > 1 || !others.every(isSizeInput)) throw noPicture(summary);
  const { type } = picture.tensor;
  if (type !== 'float32' && type !== 'uint8') {
    throw wrongType(summary.file, picture.tensor, 'only float32 and uint8 are');
  }
  return picture;
}

/** The element type of that picture, which the graph says and a manifest may only repeat. @throws OcellusError `model_invalid` */
export function pictureType(
  { file }: ModelSummary,
  { tensor }: PictureInput,
  manifest: Manifest | undefined,
): ModelInput['type'] {
  const type = tensor.type === 'uint8' ? 'uint8' : 'float32';
  if ((manifest?.input.type ?? type) === type) return type;
  throw new OcellusError(
    'model_invalid',
    `the manifest says that the input is ${manifest?.input.type}, but ${file} takes ${type}`,
    { hint: 'put the manifest and the model of the same import together, or import the model again' },
  );
}

/**
 * The size of that picture.
 * @param usualPx edge of the square that a model takes which says nothing
 * @param chosen size to use of a model that takes any
 * @throws OcellusError `model_invalid`, `config_invalid` for a size that the model does not take
 */
export function inputSize(
  { file }: ModelSummary,
  { tensor, layout }: PictureInput,
  manifest: Manifest | undefined,
  exported: readonly [heightPx: number, widthPx: number] | undefined,
  usualPx = DEFAULT_INPUT_PX,
  chosen: { readonly widthPx?: number | undefined; readonly heightPx?: number | undefined } = {},
): SizePx {
  const [height, width] = [tensor.dims[layout.indexOf('h')], tensor.dims[layout.indexOf('w')]];
  const heightPx = height ?? chosen.heightPx ?? manifest?.input.heightPx ?? exported?.[0] ?? usualPx;
  const widthPx = width ?? chosen.widthPx ?? manifest?.input.widthPx ?? exported?.[1] ?? usualPx;
  if ((chosen.heightPx ?? heightPx) !== heightPx || (chosen.widthPx ?? widthPx) !== widthPx) {
    throw new OcellusError('config_invalid', `${file} takes only ${widthPx}x${heightPx}`, {
      hint: 'leave widthPx and heightPx out, or export the model with dynamic axes',
    });
  }
  const said = manifest?.input;
  const contradicts = (axis: number | null | undefined, stated: number | undefined) =>
    typeof axis === 'number' && stated !== undefined && stated !== axis;
  if (contradicts(height, said?.heightPx) || contradicts(width, said?.widthPx)) {
    throw new OcellusError(
      'model_invalid',
      `the manifest says ${said?.widthPx}x${said?.heightPx}, but ${file} takes only ${widthPx}x${heightPx}`,
      { hint: 'correct the size in the manifest, or leave it out' },
    );
  }
  return { widthPx, heightPx };
}

function pictureOf({ inputs }: ModelSummary, manifest: Manifest | undefined): PictureInput | undefined {
  const [tensor, ...others] = inputs.filter((each) => !isSizeInput(each));
  if (tensor === undefined || others.length > 0) return undefined;
  const layout = manifest?.input.layout ?? usualLayout(tensor);
  const channels = tensor.dims[layout.indexOf('c')];
  const batch = layout.startsWith('n') ? tensor.dims[0] : 1;
  const fits = tensor.dims.length === layout.length && (channels ?? 3) === 3 && (batch ?? 1) === 1;
  return fits ? { tensor, layout } : undefined;
}

function usualLayout({ dims }: ModelTensor): Layout {
  const isLast = dims.at(-1) === 3;
  if (dims.length === 3) return isLast ? 'hwc' : 'chw';
  return isLast ? 'nhwc' : 'nchw';
}

function noPicture(summary: ModelSummary): OcellusError {
  return new OcellusError(
    'model_unsupported',
    `the inputs of ${summary.file} are not one colour picture: it has ${describeTensors(summary.inputs)}`,
    { hint: 'export the model with one input [1, 3, height, width]' },
  );
}

function wrongType(file: string, { type }: ModelTensor, supported: string): OcellusError {
  return new OcellusError('model_unsupported', `${file} takes ${type} pictures; ${supported} supported`, {
    hint: 'export it with float32 input; weights may be of any precision',
  });
}
