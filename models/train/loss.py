"""Which cell answers for which object, and how wrong it is."""

import torch
from torch import Tensor
from torch.nn import functional as F

from network import STRIDES, decode_boxes

# Largest side of a box, in strides, that a level answers for.
LARGEST_SIDE = (7.0, 6.0, float("inf"))
CENTRE_RADIUS = 1.5


def assign(boxes: Tensor, labels: Tensor, centres: Tensor, strides: Tensor) -> Tensor:
    """
    For each cell the number of its object, -1 for none: [batch, cells]. A cell takes an object whose box holds the cell's
    centre, whose middle is near (centre sampling, FCOS, arXiv 1904.01355) and whose size is its level's; the smallest wins.
    """
    point = centres[None, :, None]
    inside = ((point > boxes[:, None, :, :2]) & (point < boxes[:, None, :, 2:])).all(dim=-1)
    middle = (boxes[:, None, :, :2] + boxes[:, None, :, 2:]) / 2
    reach = CENTRE_RADIUS * strides[None, :, None]
    near = ((point - middle).abs() < reach[..., None]).all(dim=-1)
    side = (boxes[..., 2:] - boxes[..., :2]).amax(dim=-1)[:, None]
    fits = torch.zeros_like(near)
    lower = 0.0
    for stride, limit in zip(STRIDES, LARGEST_SIDE, strict=True):
        upper = limit * stride
        fits |= (strides == stride)[None, :, None] & (side > lower * 0.8) & (side <= upper * 1.25)
        lower = upper
    candidates = inside & near & fits & (labels >= 0)[:, None]
    area = (boxes[..., 2:] - boxes[..., :2]).prod(dim=-1)[:, None].expand(candidates.shape)
    smallest, chosen = area.masked_fill(~candidates, float("inf")).min(dim=-1)
    return torch.where(smallest.isfinite(), chosen, torch.full_like(chosen, -1))


def overlap(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """IoU and generalised IoU (arXiv 1902.09630) of boxes pair by pair."""
    width_height = (torch.minimum(a[:, 2:], b[:, 2:]) - torch.maximum(a[:, :2], b[:, :2])).clamp(min=0)
    shared = width_height.prod(dim=-1)
    union = (a[:, 2:] - a[:, :2]).prod(dim=-1) + (b[:, 2:] - b[:, :2]).prod(dim=-1) - shared
    hull = (torch.maximum(a[:, 2:], b[:, 2:]) - torch.minimum(a[:, :2], b[:, :2])).prod(dim=-1)
    iou = shared / union.clamp(min=1e-6)
    return iou, iou - (hull - union) / hull.clamp(min=1e-6)


def detection_loss(
    raw: Tensor, logits: Tensor, boxes: Tensor, labels: Tensor, ignored: Tensor, centres: Tensor, strides: Tensor
) -> tuple[Tensor, Tensor]:
    """Quality focal loss on classes (arXiv 2006.04388) and generalised IoU on boxes, each per answering cell."""
    assigned = assign(boxes, labels, centres, strides)
    batch, cell = (assigned >= 0).nonzero(as_tuple=True)
    number = assigned[batch, cell]
    counts = ~ignored[batch, number]
    predicted = decode_boxes(raw, centres, strides)[batch, cell]
    iou, giou = overlap(predicted, boxes[batch, number])
    target = torch.zeros_like(logits)
    target[batch, cell, labels[batch, number]] = iou.detach().clamp(min=0.05)
    # Objects that are hardly in view: their cells are neither right nor wrong.
    weight = torch.ones(logits.shape[:2])
    weight[batch[~counts], cell[~counts]] = 0
    score = logits.sigmoid()
    focal = F.binary_cross_entropy_with_logits(logits, target, reduction="none") * (score - target).abs() ** 2
    answering = counts.sum().clamp(min=1)
    class_loss = (focal * weight[..., None]).sum() / answering
    box_loss = ((1 - giou) * counts).sum() / answering
    return class_loss, box_loss
