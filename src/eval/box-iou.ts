import type { CocoAnnotation, CocoResult } from './coco-types.ts';

type Box = Pick<CocoResult, 'bbox'>;
type Region = Pick<CocoAnnotation, 'bbox' | 'iscrowd'>;

/** IoU of every detection with every object, row-major; with a crowd, the share of the detection that lies in it. */
export function boxIous(detections: readonly Box[], objects: readonly Region[]): Float64Array {
  const columns = objects.length;
  const ious = new Float64Array(detections.length * columns);
  if (columns === 0) return ious;
  for (let d = 0; d < detections.length; d += 1) {
    const a = detections[d]!.bbox;
    const area = a[2] * a[3];
    const right = a[0] + a[2];
    const bottom = a[1] + a[3];
    for (let g = 0; g < columns; g += 1) {
      const { bbox: b, iscrowd } = objects[g]!;
      const width = Math.min(right, b[0] + b[2]) - Math.max(a[0], b[0]);
      if (width <= 0) continue;
      const height = Math.min(bottom, b[1] + b[3]) - Math.max(a[1], b[1]);
      if (height <= 0) continue;
      const intersection = width * height;
      ious[d * columns + g] = intersection / (iscrowd === 1 ? area : area + b[2] * b[3] - intersection);
    }
  }
  return ious;
}
