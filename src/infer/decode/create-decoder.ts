import type { DetectionModel } from '../../models/detection-model.ts';
import { cornerListDecoder, tfOdDecoder } from './detection-lists.ts';
import { detrDecoder } from './detr.ts';
import { end2endDecoder } from './end2end.ts';
import { nanodetDecoder } from './nanodet.ts';
import type { OutputDecoder } from './output-decoder.ts';
import { fastestDecoder } from './yolo-fastestv2.ts';
import { yoloNasDecoder } from './yolo-nas.ts';
import { yolov5Decoder } from './yolov5.ts';
import { yolov5RawDecoder } from './yolov5-raw.ts';
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
    case 'yolov5-raw':
      return yolov5RawDecoder(model.input, model.anchors);
    case 'yolo-nas':
      return yoloNasDecoder();
    case 'detr':
      return detrDecoder(model.input);
    case 'tf-od':
      return tfOdDecoder(model.input);
    case 'detr-deploy':
    case 'torchvision':
    case 'detectron2':
      return cornerListDecoder;
  }
}
