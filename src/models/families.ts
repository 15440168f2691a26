import type { OutputDecoderName } from '../config/schema.ts';

interface Family {
  /** As their authors name them. */
  readonly families: string;
  /** What their outputs look like. */
  readonly outputs: string;
}

/** The families of detectors that each decoder reads, and what they are recognised by. */
export const FAMILIES: Readonly<Record<OutputDecoderName, Family>> = {
  yolov5: { families: 'YOLOv5/v7', outputs: '[1, boxes, 5+classes]' },
  yolox: { families: 'YOLOX', outputs: '[1, boxes, 5+classes]' },
  yolov8: { families: 'YOLOv8/v9/11/12', outputs: '[1, 4+classes, boxes]' },
  end2end: { families: 'end-to-end heads such as YOLOv10/26', outputs: '[1, 300, 6]' },
  nanodet: {
    families: 'NanoDet',
    outputs: 'six outputs, for each of three strides [1, cells, classes] and [1, cells, 32]',
  },
  'yolo-fastestv2': {
    families: 'YOLO-FastestV2',
    outputs: 'two outputs [1, rows, columns, 15+classes] of strides 16 and 32',
  },
  'yolov5-raw': {
    families: 'YOLOv5/v7 and YOLOv5-Lite without decoded boxes',
    outputs:
      'three outputs [1, 3, rows, columns, 5+classes] or [1, 3*(5+classes), rows, columns] of strides 8, 16, 32',
  },
  'yolo-nas': {
    families: 'YOLO-NAS',
    outputs: '[1, cells, 4] and [1, cells, classes], a row per cell of strides 8, 16, 32',
  },
  detr: {
    families: 'RT-DETR and D-FINE',
    outputs: '[1, queries, classes] and [1, queries, 4], up to 1000 queries',
  },
  'detr-deploy': {
    families: 'RT-DETR and D-FINE as deployed',
    outputs:
      'integers [1, queries], [1, queries, 4] and [1, queries], with a second input for the size of the picture',
  },
  'tf-od': {
    families: "SSD and others of TensorFlow's Object Detection API",
    outputs: '[1, boxes, 4], two outputs [1, boxes] and their number [1], all floats',
  },
  torchvision: {
    families: "torchvision's SSD, Faster R-CNN and RetinaNet",
    outputs: '[boxes, 4], floats [boxes] and integers [boxes]',
  },
  detectron2: {
    families: "Detectron2's Faster R-CNN and RetinaNet",
    outputs: '[boxes, 4], floats [boxes], integers [boxes], and the size of the picture [2]',
  },
};

/** All of them, for people. */
export const SUPPORTED_FAMILIES = `supported are ${Object.values(FAMILIES)
  .map(({ families, outputs }) => `${families} ${outputs}`)
  .join('; ')}`;
