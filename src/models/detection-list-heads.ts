import type { ModelSummary, ModelTensor } from './model-summary.ts';
import type { OutputLayout } from './output-decoder.ts';

// Heads that give finished detections: lists of boxes, scores and class numbers of one length. Integers are the classes.

/** torchvision's detectors: boxes [boxes, 4], scores [boxes], labels [boxes], in whatever order. */
export function torchvisionHead({ outputs }: ModelSummary): OutputLayout | undefined {
  const lists = plainLists(outputs);
  if (outputs.length !== 3 || lists === undefined) return undefined;
  const { boxes, scores, classes } = lists;
  if (classes.length !== 1) return undefined;
  return {
    decoder: 'torchvision',
    convention: 'torchvision',
    classes: null,
    outputs: [boxes, scores, ...classes],
  };
}

/** Detectron2's exports by tracing: as torchvision's, and the size of the picture, which is two integers. */
export function detectron2Head({ outputs }: ModelSummary): OutputLayout | undefined {
  const lists = plainLists(outputs);
  if (outputs.length !== 4 || lists === undefined) return undefined;
  const { boxes, scores, classes } = lists;
  const sizes = classes.filter((index) => outputs[index]!.dims[0] === 2);
  const labels = classes.filter((index) => !sizes.includes(index));
  if (sizes.length !== 1 || labels.length !== 1) return undefined;
  return {
    decoder: 'detectron2',
    convention: 'detectron2',
    classes: null,
    outputs: [boxes, scores, ...labels],
  };
}

/** RT-DETR and D-FINE as deployed: labels [1, queries], boxes [1, queries, 4], scores [1, queries], and an input for the size. */
export function deployedQueryHead({ outputs, inputs }: ModelSummary): OutputLayout | undefined {
  const [boxes] = indicesOf(outputs, isBoxes, 3, true);
  const [scores] = indicesOf(outputs, isFloat, 2, true);
  const [classes] = indicesOf(outputs, isInteger, 2, true);
  if (outputs.length !== 3 || !inputs.some(isSizeInput)) return undefined;
  if (boxes === undefined || scores === undefined || classes === undefined) return undefined;
  return {
    decoder: 'detr-deploy',
    convention: 'stretched',
    classes: null,
    outputs: [boxes, scores, classes],
  };
}

/**
 * TensorFlow's Object Detection API: boxes [1, boxes, 4], scores [1, boxes], classes [1, boxes] and their number [1], all floats.
 * Exports with more lists, such as the numbers of anchors, are told by the names that the API gives.
 */
export function tfOdHead({ outputs }: ModelSummary): OutputLayout | undefined {
  const named = (pattern: RegExp, found: readonly number[]) =>
    found.length === 1 ? found[0] : found.find((index) => pattern.test(outputs[index]!.name));
  const boxes = named(/detection_boxes/, indicesOf(outputs, isBoxes, 3, true));
  const [count, ...otherCounts] = outputs.flatMap(({ dims, type }, index) =>
    type === 'float32' && dims.length <= 1 && (dims[0] ?? 1) === 1 ? [index] : [],
  );
  const lists = indicesOf(outputs, ({ type }) => type === 'float32', 2, true);
  if (boxes === undefined || count === undefined || otherCounts.length > 0 || lists.length < 2)
    return undefined;
  const [scores, classes] =
    lists.length === 2
      ? inOrder(lists as [number, number], outputs)
      : [named(/detection_scores/, lists), named(/detection_classes/, lists)];
  if (scores === undefined || classes === undefined) return undefined;
  return { decoder: 'tf-od', convention: 'tf-od', classes: null, outputs: [boxes, scores, classes, count] };
}

/** An input that tells the model the size of the picture to scale boxes to: [1, 2] integers. */
export function isSizeInput({ type, dims }: ModelTensor): boolean {
  return type === 'int64' && dims.length === 2 && (dims[0] ?? 1) === 1 && (dims[1] ?? 2) === 2;
}

/** Scores first, if the names tell; the decoder looks at the values. */
function inOrder([a, b]: readonly [number, number], outputs: readonly ModelTensor[]): [number, number] {
  return /score/i.test(outputs[b]!.name) ? [b, a] : [a, b];
}

function plainLists(
  outputs: readonly ModelTensor[],
): { boxes: number; scores: number; classes: number[] } | undefined {
  const [boxes, ...moreBoxes] = indicesOf(outputs, isBoxes, 2);
  const [scores, ...moreScores] = indicesOf(outputs, isFloat, 1);
  if (boxes === undefined || scores === undefined || moreBoxes.length + moreScores.length > 0)
    return undefined;
  return { boxes, scores, classes: indicesOf(outputs, isInteger, 1) };
}

function indicesOf(
  outputs: readonly ModelTensor[],
  fits: (tensor: ModelTensor) => boolean,
  rank: number,
  isBatched = false,
): number[] {
  return outputs.flatMap((tensor, index) => {
    const isOne = !isBatched || (tensor.dims[0] ?? 1) === 1;
    return tensor.dims.length === rank && isOne && fits(tensor) ? [index] : [];
  });
}

function isBoxes(tensor: ModelTensor): boolean {
  return isFloat(tensor) && tensor.dims.at(-1) === 4;
}

function isFloat({ type }: ModelTensor): boolean {
  return type === 'float32' || type === 'float16';
}

function isInteger({ type }: ModelTensor): boolean {
  return type === 'int64' || type === 'int32';
}
