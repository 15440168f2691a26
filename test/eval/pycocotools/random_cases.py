"""Random detection problems with the numbers that pycocotools gives, one JSON object per line.

    python -m venv .venv && .venv/bin/pip install -r test/eval/pycocotools/requirements.txt
    .venv/bin/python test/eval/pycocotools/random_cases.py --cases 40 --seed 1 > test/eval/pycocotools/cases.jsonl

`cases.jsonl` is what `test/eval/coco-cases.test.ts` reads. For thousands, write to another file and name it in
OCELLUS_COCO_CASES.
"""

import argparse
import contextlib
import io
import json
import random
import sys

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval


def box(rng):
    """Mostly ordinary; sometimes of no area, far outside, or on the border between two size classes."""
    kind = rng.random()
    if kind < 0.06:
        width, height = rng.choice([(0.0, 5.0), (0.0, 0.0), (1e5, 2e5), (32.0, 32.0), (96.0, 96.0)])
    else:
        width, height = rng.uniform(1, 160), rng.uniform(1, 160)
    if rng.random() < 0.5:
        width, height = round(width), round(height)
    left, top = rng.uniform(-10, 200), rng.uniform(-10, 200)
    return [left, top, width, height]


def near(rng, bbox):
    """A detection of the object: moved and scaled a little, or exactly on it."""
    if rng.random() < 0.15:
        return list(bbox)
    spread = rng.choice([0.02, 0.1, 0.3])
    left, top, width, height = bbox
    return [
        left + width * rng.uniform(-spread, spread),
        top + height * rng.uniform(-spread, spread),
        max(0.0, width * (1 + rng.uniform(-spread, spread))),
        max(0.0, height * (1 + rng.uniform(-spread, spread))),
    ]


def score(rng, coarse):
    return round(rng.random(), 1) if coarse else rng.random()


def make_case(rng):
    image_ids = rng.sample(range(1, 1000), rng.randint(1, 6))
    category_ids = rng.sample(range(1, 90), rng.randint(1, 4))
    coarse = rng.random() < 0.5
    crowded = rng.random() < 0.3
    annotations, results = [], []
    for image_id in image_ids:
        for _ in range(rng.randint(0, 8 if crowded else 4)):
            bbox = box(rng)
            area = bbox[2] * bbox[3] * (rng.uniform(0.3, 1) if rng.random() < 0.7 else 1)
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": image_id,
                    "category_id": rng.choice(category_ids),
                    "bbox": bbox,
                    "area": rng.choice([0.0, 1e10, 2e10]) if rng.random() < 0.03 else area,
                    "iscrowd": int(rng.random() < 0.15),
                }
            )
    for annotation in list(annotations):
        for _ in range(rng.choice([0, 1, 1, 1, 2, 12 if crowded else 3])):
            category = annotation["category_id"] if rng.random() < 0.9 else rng.choice(category_ids)
            results.append(
                {
                    "image_id": annotation["image_id"],
                    "category_id": category,
                    "bbox": near(rng, annotation["bbox"]),
                    "score": score(rng, coarse),
                }
            )
    for _ in range(rng.choice([0, 3, 10, 130 if rng.random() < 0.2 else 5])):
        results.append(
            {
                "image_id": rng.choice(image_ids),
                "category_id": rng.choice(category_ids),
                "bbox": box(rng),
                "score": score(rng, coarse),
            }
        )
    rng.shuffle(results)
    rng.shuffle(annotations)
    if rng.random() < 0.05:
        results = []
    return {
        "truth": {
            "images": [{"id": image_id} for image_id in image_ids],
            "categories": [{"id": category_id, "name": f"class{category_id}"} for category_id in category_ids],
            "annotations": annotations,
        },
        "results": results,
        "maxDetections": rng.choice([[1, 10, 100]] * 3 + [[1, 2, 3], [2, 5, 50]]),
        # A part of the photos and classes, or all of them.
        "imageIds": rng.sample(image_ids, rng.randint(1, len(image_ids))) if rng.random() < 0.2 else None,
        "categoryIds": rng.sample(category_ids, rng.randint(1, len(category_ids))) if rng.random() < 0.2 else None,
    }


def load(truth, results):
    coco = COCO()
    coco.dataset = json.loads(json.dumps(truth))
    coco.createIndex()
    if results:
        return coco, coco.loadRes(json.loads(json.dumps(results)))
    # loadRes refuses an empty list.
    empty = COCO()
    empty.dataset = {**coco.dataset, "annotations": []}
    empty.createIndex()
    return coco, empty


def stats_of(case):
    truth, found = load(case["truth"], case["results"])
    evaluation = COCOeval(truth, found, "bbox")
    evaluation.params.maxDets = case["maxDetections"]
    if case["imageIds"] is not None:
        evaluation.params.imgIds = case["imageIds"]
    if case["categoryIds"] is not None:
        evaluation.params.catIds = case["categoryIds"]
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    stats = [float(value) for value in evaluation.stats]
    # summarize() asks for 100 detections by name: with other limits its first number is -1.
    precision = evaluation.eval["precision"][:, :, :, 0, 2]
    defined = precision[precision > -1]
    stats[0] = float(np.mean(defined)) if defined.size else -1.0
    return stats


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    for _ in range(options.cases):
        case = make_case(rng)
        with contextlib.redirect_stdout(io.StringIO()):
            case["stats"] = stats_of(case)
        json.dump(case, sys.stdout, separators=(",", ":"))
        sys.stdout.write("\n")


main()
