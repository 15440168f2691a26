"""Exports detectors and classifiers of torchvision and transformers with random weights, and what PyTorch itself finds.

Random weights detect nothing that is there, but the graph, its inputs and outputs are those of a trained export, and whoever reads
them must find exactly the boxes that PyTorch finds. For every model NAME three files are written to the folder given:
NAME.onnx, NAME.rgb (a picture of the model's size, R, G, B bytes) and NAME.json (size, labels and detections of PyTorch).
"""

import argparse
import json
import sys
import warnings
from pathlib import Path

import numpy
import torch
import torchvision

SEED = 6
# Random weights score every class alike; this many of the best are compared.
DETECTIONS = 100


def picture(width, height, seed=SEED):
    """A picture with edges and areas, so that boxes differ."""
    random = numpy.random.default_rng(seed)
    pixels = numpy.full((height, width, 3), 90, numpy.uint8)
    for _ in range(40):
        x, y = random.integers(0, width), random.integers(0, height)
        w, h = random.integers(8, width // 2), random.integers(8, height // 2)
        pixels[y : y + h, x : x + w] = random.integers(0, 256, 3)
    return pixels


def floats(pixels):
    """[3, height, width] of 0..1."""
    return torch.from_numpy(pixels).permute(2, 0, 1).float().div(255)


class PixelsAsList(torch.nn.Module):
    """Detectron2's interface to a torchvision detector: BGR of 0..255 in, and the size of the picture as a fourth output."""

    def __init__(self, detector):
        super().__init__()
        self.detector = detector

    def forward(self, image):
        found = self.detector([image.flip(0) / 255])[0]
        size = torch._shape_as_tensor(image)[1:]
        return found["boxes"], found["scores"], found["labels"], size


class Queries(torch.nn.Module):
    """The two outputs that exports of RT-DETR and D-FINE have."""

    def __init__(self, detector):
        super().__init__()
        self.detector = detector

    def forward(self, pixels):
        found = self.detector(pixels)
        return found.logits, found.pred_boxes


class Deployed(torch.nn.Module):
    """RT-DETR's own deployed form: the best detections, in pixels of the size that is the second input."""

    def __init__(self, queries):
        super().__init__()
        self.queries = queries

    def forward(self, images, orig_target_sizes):
        logits, boxes = self.queries(images)
        scores, index = torch.topk(logits.sigmoid().flatten(1), 300, dim=-1)
        labels = index % logits.shape[2]
        rows = (index // logits.shape[2]).unsqueeze(-1).repeat(1, 1, 4)
        corners = torchvision.ops.box_convert(boxes, "cxcywh", "xyxy")
        corners = corners * orig_target_sizes.repeat(1, 2).unsqueeze(1)
        return labels, corners.gather(1, rows), scores


def detections(boxes, scores, labels):
    order = scores.argsort(descending=True, stable=True)[:DETECTIONS]
    return [
        {"box": boxes[i].tolist(), "score": scores[i].item(), "class": int(labels[i])} for i in order.tolist()
    ]


def enliven(model, size, run, head_parts, gain=1.5):
    """
    Makes a fresh network answer differently to different places, as a trained one does: statistics of batch normalisation from a few
    pictures, so that signals neither die nor explode on their way, and last layers that say something.
    """
    model.eval()
    pictures = [floats(picture(size, size, seed)) for seed in range(4)]
    norms = [module for module in model.modules() if isinstance(module, torch.nn.modules.batchnorm._BatchNorm)]
    for norm in norms:
        norm.train()
        norm.momentum = 1.0
    with torch.no_grad():
        run(pictures)
    model.eval()
    torch.manual_seed(SEED)
    for name, weight in model.named_parameters():
        if any(part in name for part in head_parts) and weight.dim() > 1:
            torch.nn.init.normal_(weight, std=gain / weight[0].numel() ** 0.5)
    return model


def seeded(make, size, gain=1.5, **options):
    torch.manual_seed(SEED)
    model = make(**options)
    parts = ["cls_logits", "cls_score", "bbox_pred", "bbox_reg", "classification_head", "regression_head"]
    return enliven(model, size, model, parts, gain)


def torchvision_detector(make, size, **options):
    model = seeded(make, size, weights=None, weights_backbone=None, **options)

    def write(stem):
        pixels = picture(size, size)
        image = floats(pixels)
        with torch.no_grad():
            found = model([image])[0]
        export(model, ([image],), stem, ["image"], None, {"image": {1: "height", 2: "width"}})
        return pixels, detections(found["boxes"], found["scores"], found["labels"])

    return write


def detectron2_form(make, size, **options):
    model = PixelsAsList(seeded(make, size, weights=None, weights_backbone=None, **options))

    def write(stem):
        pixels = picture(size, size)
        image = floats(pixels).mul(255).round().flip(0)
        with torch.no_grad():
            boxes, scores, labels, _ = model(image)
        export(model, (image,), stem, ["image"], None, None)
        return pixels, detections(boxes, scores, labels)

    return write


def query_detector(config, detector, deployed):
    torch.manual_seed(SEED)
    size = 320
    queries = Queries(detector(config))
    enliven(queries, size, lambda pictures: queries(torch.stack(pictures)), ["class_embed", "enc_score_head"])

    def write(stem):
        pixels = picture(size, size)
        image = floats(pixels)[None]
        with torch.no_grad():
            logits, boxes = queries(image)
            labels, corners, scores = Deployed(queries)(image, torch.tensor([[size, size]]))
        if deployed:
            arguments = (image, torch.tensor([[size, size]]))
            names = (["images", "orig_target_sizes"], ["labels", "boxes", "scores"])
            export(Deployed(queries), arguments, stem, *names, None)
            return pixels, detections(corners[0], scores[0], labels[0])
        export(queries, (image,), stem, ["pixel_values"], ["logits", "pred_boxes"], None)
        best = logits[0].sigmoid().max(-1)
        corners = torchvision.ops.box_convert(boxes[0], "cxcywh", "xyxy") * size
        return pixels, detections(corners, best.values, best.indices)

    return write


def classifier(make, size):
    torch.manual_seed(SEED)
    model = make(weights=None, num_classes=10).eval()

    def write(stem):
        pixels = picture(size, size)
        mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
        image = ((floats(pixels) - mean[:, None, None]) / std[:, None, None])[None]
        with torch.no_grad():
            logits = model(image)
        export(model, (image,), stem, ["input"], ["logits"], None)
        return pixels, logits[0].softmax(-1).tolist()

    return write


def export(model, arguments, stem, inputs, outputs, dynamic_axes):
    torch.onnx.export(
        model,
        arguments,
        f"{stem}.onnx",
        input_names=inputs,
        output_names=outputs,
        dynamic_axes=dynamic_axes,
        opset_version=17,
        dynamo=False,
    )


def transformers_configurations():
    from transformers import (
        DFineConfig,
        DFineForObjectDetection,
        RTDetrConfig,
        RTDetrForObjectDetection,
        RTDetrResNetConfig,
        HGNetV2Config,
    )

    small = {"num_labels": 80, "decoder_layers": 2, "use_pretrained_backbone": False}
    resnet = RTDetrResNetConfig(
        depths=[1, 1, 1, 1], layer_type="basic", hidden_sizes=[64, 128, 256, 512], out_features=["stage2", "stage3", "stage4"]
    )
    rtdetr = RTDetrConfig(backbone_config=resnet, encoder_in_channels=[128, 256, 512], **small)
    hgnet = HGNetV2Config(out_features=["stage2", "stage3", "stage4"])
    dfine = DFineConfig(backbone_config=hgnet, encoder_in_channels=[512, 1024, 2048], **small)
    return {
        "rtdetr": (rtdetr, RTDetrForObjectDetection),
        "dfine": (dfine, DFineForObjectDetection),
    }


def recipes():
    detection = torchvision.models.detection
    everything = {"box_score_thresh": 0.0, "box_detections_per_img": DETECTIONS}
    made = {
        "ssdlite320": lambda: torchvision_detector(
            detection.ssdlite320_mobilenet_v3_large, 320, score_thresh=0.0, detections_per_img=DETECTIONS
        ),
        "ssd300": lambda: torchvision_detector(
            detection.ssd300_vgg16, 300, score_thresh=0.0, detections_per_img=DETECTIONS, topk_candidates=50
        ),
        "fasterrcnn_320": lambda: torchvision_detector(
            detection.fasterrcnn_mobilenet_v3_large_320_fpn, 320, **everything
        ),
        "retinanet": lambda: torchvision_detector(
            detection.retinanet_resnet50_fpn, 320, gain=0.7, score_thresh=0.0, detections_per_img=DETECTIONS, min_size=320, max_size=320
        ),
        "detectron2_form": lambda: detectron2_form(
            detection.fasterrcnn_mobilenet_v3_large_320_fpn, 320, **everything
        ),
        "resnet18": lambda: classifier(torchvision.models.resnet18, 224),
        "vgg11": lambda: classifier(torchvision.models.vgg11, 224),
        "alexnet": lambda: classifier(torchvision.models.alexnet, 224),
    }
    try:
        configurations = transformers_configurations()
    except ImportError as error:
        print(f"without transformers: {error}", file=sys.stderr)
        return made
    rtdetr, dfine = configurations["rtdetr"], configurations["dfine"]
    made["rtdetr"] = lambda: query_detector(*rtdetr, deployed=False)
    made["rtdetr_deployed"] = lambda: query_detector(*rtdetr, deployed=True)
    made["dfine"] = lambda: query_detector(*dfine, deployed=False)
    return made


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="*", help="names of the models to export")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore")
    for name, make in recipes().items():
        if options.only and name not in options.only:
            continue
        pixels, expected = make()(options.folder / name)
        (options.folder / f"{name}.rgb").write_bytes(pixels.tobytes())
        facts = {"widthPx": pixels.shape[1], "heightPx": pixels.shape[0], "expected": expected}
        (options.folder / f"{name}.json").write_text(json.dumps(facts))
        print(name, len(expected), "numbers or detections")


if __name__ == "__main__":
    main()
