"""AP at IoU 0.5 with COCO's rules: greedy matching by score, 101 recall points, ignored objects count neither way."""

from dataclasses import dataclass

import numpy as np


@dataclass
class Predictions:
    """Of one picture, after NMS."""

    boxes: np.ndarray  # [n, 4] xyxy
    scores: np.ndarray
    labels: np.ndarray


def iou_matrix(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=-1)
    area_a = (a[:, 2:] - a[:, :2]).prod(axis=-1)
    area_b = (b[:, 2:] - b[:, :2]).prod(axis=-1)
    return shared / np.maximum(area_a[:, None] + area_b[None] - shared, 1e-9)


def non_maximum_suppression(predictions: Predictions, threshold: float) -> Predictions:
    """Greedy, class by class."""
    kept: list[int] = []
    for row in np.argsort(-predictions.scores, kind="stable"):
        same = [other for other in kept if predictions.labels[other] == predictions.labels[row]]
        overlaps = iou_matrix(predictions.boxes[row : row + 1], predictions.boxes[same])[0]
        if not (overlaps > threshold).any():
            kept.append(int(row))
    return Predictions(predictions.boxes[kept], predictions.scores[kept], predictions.labels[kept])


def average_precision(
    predictions: list[Predictions], boxes: np.ndarray, labels: np.ndarray, ignored: np.ndarray, label: int
) -> float:
    """AP50 of one class; `boxes` [pictures, objects, 4], `labels` -1 where there is no object."""
    hits: list[tuple[float, bool]] = []
    objects = 0
    for picture, predicted in enumerate(predictions):
        own = labels[picture] == label
        truth, skip = boxes[picture][own], ignored[picture][own]
        objects += int((~skip).sum())
        rows = np.flatnonzero(predicted.labels == label)
        rows = rows[np.argsort(-predicted.scores[rows], kind="stable")]
        overlaps = iou_matrix(predicted.boxes[rows], truth)
        taken = np.zeros(len(truth), dtype=bool)
        for row, score in enumerate(predicted.scores[rows]):
            free = np.where(~taken & (overlaps[row] >= 0.5), overlaps[row], 0)
            real = np.where(skip, 0, free)
            if real.size and real.max() > 0:
                taken[real.argmax()] = True
                hits.append((float(score), True))
            elif not (free.size and free.max() > 0):
                hits.append((float(score), False))
    if objects == 0:
        return float("nan")
    hits.sort(key=lambda hit: -hit[0])
    right = np.cumsum([hit for _, hit in hits]) if hits else np.zeros(0)
    precision = right / (np.arange(len(right)) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    points = np.searchsorted(right / objects, np.linspace(0, 1, 101), side="left")
    return float(np.mean([precision[i] if i < len(precision) else 0.0 for i in points]))
