import type { DetectionModel } from '../../models/detection-model.ts';
import { end2endDecoder } from './end2end.ts';
import { nanodetDecoder } from './nanodet.ts';
import type { OutputDecoder } from './output-decoder.ts';
import { fastestDecoder } from './yolo-fastestv2.ts';
import { yolov5Decoder } from './yolov5.ts';
import { yolov8Decoder } from './yolov8.ts';
import { yoloxDecoder } from './yolox.ts';

export function createDecoder(model: Pick<DetectionModel, 'decoder' | 'input' | 'anchors'>): OutputDecoder {
  switch (model.decoder) {
    case 'yolov5':
      return yolov5Decoder;
    case 'yolox':
      return yoloxDecoder(model.input);
    case 'yolov8':
      return yolov8Decoder();
    case 'end2end':
      return end2endDecoder;
    case 'nanodet':
      return nanodetDecoder(model.input);
    case 'yolo-fastestv2':
      return fastestDecoder(model.input, model.anchors);
  }
}
