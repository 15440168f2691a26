import { OcellusError } from '../base/errors.ts';
import type { ModelInput } from './image-input.ts';
import type { Manifest } from './manifest.ts';

/** The ways in which families of models are fed. */
export type InputConvention =
  | 'rgb'
  | 'yolox'
  | 'nanodet'
  | 'yolo-fastestv2'
  | 'stretched'
  | 'tf-od'
  | 'torchvision'
  | 'detectron2';

type Convention = Omit<ModelInput, 'type' | 'layout' | 'widthPx' | 'heightPx'>;

const PLAIN = { mean: [0, 0, 0], std: [1, 1, 1] } as const;

const CONVENTIONS: Readonly<Record<InputConvention, Convention>> = {
  /** As torchvision reads pictures. */
  rgb: { ...PLAIN, colourOrder: 'rgb', scale: 1 / 255, placement: 'centre', padValue: 114 },
  /** As OpenCV reads them. */
  yolox: { ...PLAIN, colourOrder: 'bgr', scale: 1, placement: 'top-left', padValue: 114 },
  nanodet: {
    colourOrder: 'bgr',
    scale: 1,
    // ImageNet's, times 255.
    mean: [103.53, 116.28, 123.675],
    std: [57.375, 57.12, 58.395],
    placement: 'centre',
    padValue: 0,
  },
  'yolo-fastestv2': { ...PLAIN, colourOrder: 'bgr', scale: 1 / 255, placement: 'stretch', padValue: 0 },
  /** RT-DETR and D-FINE are trained on pictures that were stretched to the input. */
  stretched: { ...PLAIN, colourOrder: 'rgb', scale: 1 / 255, placement: 'stretch', padValue: 0 },
  /** Scaled in the graph, and most models of the API are trained on stretched pictures. */
  'tf-od': { ...PLAIN, colourOrder: 'rgb', scale: 1, placement: 'stretch', padValue: 0 },
  /** Normalised in the graph, where this grey becomes about the 0 that pictures are padded with in training. */
  torchvision: { ...PLAIN, colourOrder: 'rgb', scale: 1 / 255, placement: 'top-left', padValue: 114 },
  detectron2: { ...PLAIN, colourOrder: 'bgr', scale: 1, placement: 'top-left', padValue: 114 },
};

/**
 * How pictures are fed: what the manifest says, else what is usual in the family. Of an input of bytes, normalisation is part
 * of the graph.
 *
 * @throws OcellusError `model_invalid` for a manifest that would normalise bytes
 */
export function inputConvention(
  usual: InputConvention,
  manifest: Manifest | undefined,
  type: ModelInput['type'],
): Convention {
  const said = manifest?.input;
  if (type === 'uint8') {
    if (said?.scale !== undefined || said?.mean !== undefined || said?.std !== undefined) {
      throw new OcellusError(
        'model_invalid',
        `the manifest of ${manifest?.id} normalises an input of bytes`,
        {
          hint: 'leave out scale, mean and std: they are part of a graph that takes uint8',
        },
      );
    }
    return { ...fed(usual, said), ...PLAIN, scale: 1 };
  }
  return fed(usual, said);
}

function fed(usual: InputConvention, said: Manifest['input'] | undefined): Convention {
  const { colourOrder, scale, mean, std, placement, padValue } = CONVENTIONS[usual];
  return {
    colourOrder: said?.colourOrder ?? colourOrder,
    scale: said?.scale ?? scale,
    mean: said?.mean ?? mean,
    std: said?.std ?? std,
    placement: said?.placement ?? placement,
    padValue: said?.padValue ?? padValue,
  };
}
