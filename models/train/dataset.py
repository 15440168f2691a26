"""Pictures and COCO annotations, letterboxed as the daemon does it, held in memory."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

PAD = 114


@dataclass
class Dataset:
    """`boxes` [pictures, objects, 4] xyxy in pixels of the input; `labels` -1 where there is no object."""

    names: list[str]
    images: Tensor  # uint8 [pictures, 3, height, width]
    boxes: Tensor
    labels: Tensor
    ignored: Tensor

    def __len__(self) -> int:
        return len(self.images)


def load(folder: Path, split: str, height: int, width: int) -> Dataset:
    coco = json.loads((folder / f"{split}.json").read_text())
    names = [category["name"] for category in sorted(coco["categories"], key=lambda c: c["id"])]
    objects: dict[int, list[dict]] = {image["id"]: [] for image in coco["images"]}
    for annotation in coco["annotations"]:
        objects[annotation["image_id"]].append(annotation)
    most = max(len(of_image) for of_image in objects.values())
    count = len(coco["images"])
    images = torch.full((count, 3, height, width), PAD, dtype=torch.uint8)
    boxes = torch.zeros(count, most, 4)
    labels = torch.full((count, most), -1)
    ignored = torch.zeros(count, most, dtype=torch.bool)
    for row, image in enumerate(coco["images"]):
        picture = np.array(Image.open(folder / split / image["file_name"]).convert("RGB"))
        top, left = (height - picture.shape[0]) // 2, (width - picture.shape[1]) // 2
        inside = images[row, :, top : top + picture.shape[0], left : left + picture.shape[1]]
        inside.copy_(torch.from_numpy(picture).permute(2, 0, 1))
        for column, annotation in enumerate(objects[image["id"]]):
            x, y, w, h = annotation["bbox"]
            boxes[row, column] = torch.tensor([x + left, y + top, x + left + w, y + top + h])
            labels[row, column] = annotation["category_id"]
            ignored[row, column] = bool(annotation["ignore"])
    return Dataset(names, images, boxes, labels, ignored)


def augment(images: Tensor, boxes: Tensor, labels: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """
    Mirror, zoom and shift, light, colour, motion blur and noise.
    `images` float 0..1; returns images, boxes and labels of the same shapes.
    """

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(*shape, generator=random)

    count, _, height, width = images.shape
    size = torch.tensor([width, height], dtype=torch.float32)
    # One affine map per picture: input = zoom * output + shift, in the -1..1 coordinates of grid_sample.
    zoom = uniform(0.75, 1.25, count)
    mirror = (uniform(0, 1, count) < 0.5).float() * -2 + 1
    shift = uniform(-0.15, 0.15, count, 2)
    theta = torch.zeros(count, 2, 3)
    theta[:, 0, 0], theta[:, 1, 1], theta[:, :, 2] = zoom * mirror, zoom, shift
    grid = F.affine_grid(theta, list(images.shape), align_corners=False)
    grey = PAD / 255
    images = F.grid_sample(images - grey, grid, mode="bilinear", align_corners=False) + grey

    corners = boxes.reshape(count, -1, 2, 2) / size * 2 - 1
    corners = (corners - shift[:, None, None]) / torch.stack([zoom * mirror, zoom], dim=1)[:, None, None]
    corners = (corners + 1) / 2 * size
    low, high = corners.amin(dim=2), corners.amax(dim=2)
    whole = (high - low).prod(dim=-1)
    low, high = low.clamp(min=0).minimum(size), high.clamp(min=0).minimum(size)
    kept = (high - low).prod(dim=-1) > 0.25 * whole.clamp(min=1)
    labels = torch.where(kept, labels, torch.full_like(labels, -1))
    boxes = torch.cat([low, high], dim=-1)

    gain = uniform(0.55, 1.35, count, 1, 1, 1) * uniform(0.92, 1.08, count, 3, 1, 1)
    mean = images.mean(dim=(2, 3), keepdim=True)
    images = ((images - mean) * uniform(0.75, 1.2, count, 1, 1, 1) + mean) * gain
    saturation = torch.where(uniform(0, 1, count) < 0.15, torch.zeros(count), uniform(0.6, 1.3, count))
    luma = images.mean(dim=1, keepdim=True)
    images = luma + (images - luma) * saturation[:, None, None, None]
    blurred = F.avg_pool2d(images, (1, 3), 1, (0, 1))
    images = torch.where((uniform(0, 1, count) < 0.25)[:, None, None, None], blurred, images)
    sigma = uniform(0, 0.03, count, 1, 1, 1)
    images = images + sigma * torch.randn(images.shape, generator=random)
    return images.clamp(0, 1), boxes, labels
