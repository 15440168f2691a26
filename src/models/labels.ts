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

/** Numbers below 91 that COCO gives to no class. The first stands for the background. */
const COCO_UNUSED: ReadonlySet<number> = new Set([0, 12, 26, 29, 30, 45, 66, 68, 69, 71, 83]);

/** COCO's classes by their own numbers, 1 to 90, as torchvision and TensorFlow's Object Detection API give them. */
export const COCO91: readonly string[] = Array.from({ length: 91 }, (_, classId) => {
  if (classId === 0) return 'background';
  if (COCO_UNUSED.has(classId)) return `unused${classId}`;
  const before = [...COCO_UNUSED].filter((unused) => unused < classId).length;
  return COCO80[classId - before]!;
});

/** Label sets that a manifest may name instead of listing. */
export const LABEL_SETS = { coco80: COCO80, coco91: COCO91 } as const satisfies Record<
  string,
  readonly string[]
>;

/**
 * The label of every class: `given` where there are enough, else COCO's for 80 and 91 classes, else `class0`, `class1`, ...
 */
export function labelsOrGeneric(given: readonly string[] | undefined, classes: number): readonly string[] {
  if (given !== undefined) return given;
  if (classes === COCO80.length) return COCO80;
  if (classes === COCO91.length) return COCO91;
  return Array.from({ length: classes }, (_, classId) => `class${classId}`);
}
