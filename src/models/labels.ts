/** The 80 classes of COCO detection in the order that every COCO-trained YOLO uses. */
export const COCO80: readonly string[] = [
  ...['person', 'bicycle', 'car', 'motorcycle', 'airplane', 'bus', 'train', 'truck', 'boat'],
  ...['traffic light', 'fire hydrant', 'stop sign', 'parking meter', 'bench', 'bird', 'cat', 'dog', 'horse'],
  ...['sheep', 'cow', 'elephant', 'bear', 'zebra', 'giraffe', 'backpack', 'umbrella', 'handbag', 'tie'],
  ...['suitcase', 'frisbee', 'skis', 'snowboard', 'sports ball', 'kite', 'baseball bat', 'baseball glove'],
  ...['skateboard', 'surfboard', 'tennis racket', 'bottle', 'wine glass', 'cup', 'fork', 'knife', 'spoon'],
  ...['bowl', 'banana', 'apple', 'sandwich', 'orange', 'broccoli', 'carrot', 'hot dog', 'pizza', 'donut'],
  ...['cake', 'chair', 'couch', 'potted plant', 'bed', 'dining table', 'toilet', 'tv', 'laptop', 'mouse'],
  ...['remote', 'keyboard', 'cell phone', 'microwave', 'oven', 'toaster', 'sink', 'refrigerator', 'book'],
  ...['clock', 'vase', 'scissors', 'teddy bear', 'hair drier', 'toothbrush'],
];

/** Label sets that a manifest may name instead of listing. */
export const LABEL_SETS = { coco80: COCO80 } as const satisfies Record<string, readonly string[]>;

/**
 * The label of every class: `given` where there are enough, else COCO's for 80 classes, else `class0`, `class1`, ...
 */
export function labelsOrGeneric(given: readonly string[] | undefined, classes: number): readonly string[] {
  if (given !== undefined) return given;
  if (classes === COCO80.length) return COCO80;
  return Array.from({ length: classes }, (_, classId) => `class${classId}`);
}
