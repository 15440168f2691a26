"""How long pycocotools and Ocellus take for the same files, in turn, in one run.

    .venv/bin/python test/eval/pycocotools/speed.py TRUTH.json RESULTS.json
    .venv/bin/python test/eval/pycocotools/speed.py --synthetic 2000

Both are measured as people run them, as a process that reads the files and prints the numbers (Ocellus loads its whole
command line for that, and adds the Pascal VOC metrics), and by the twelve numbers of COCO alone.
"""

import argparse
import contextlib
import io
import json
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

MAIN = pathlib.Path(__file__).resolve().parents[3] / "dist" / "main.js"
ROUNDS = 5
CHILD = "--child"


def synthetic(photos, folder):
    """80 classes, 7 objects a photo and 30 detections, most of them of little score."""
    rng = random.Random(1)
    truth = {
        "images": [{"id": i + 1} for i in range(photos)],
        "categories": [{"id": i + 1, "name": f"class{i}"} for i in range(80)],
        "annotations": [],
    }
    results = []
    for image in range(1, photos + 1):
        for _ in range(7):
            box = [rng.uniform(0, 500), rng.uniform(0, 400), rng.uniform(5, 200), rng.uniform(5, 200)]
            category = min(80, 1 + int(rng.expovariate(0.1)))
            number = len(truth["annotations"]) + 1
            truth["annotations"].append(
                {
                    "id": number,
                    "image_id": image,
                    "category_id": category,
                    "bbox": box,
                    "area": box[2] * box[3],
                    "iscrowd": int(rng.random() < 0.02),
                }
            )
            moved = [value + rng.gauss(0, 4) for value in box[:2]] + box[2:]
            results.append({"image_id": image, "category_id": category, "bbox": moved, "score": rng.random()})
        for _ in range(23):
            box = [rng.uniform(0, 500), rng.uniform(0, 400), rng.uniform(5, 200), rng.uniform(5, 200)]
            results.append(
                {"image_id": image, "category_id": rng.randint(1, 80), "bbox": box, "score": rng.random() * 0.3}
            )
    paths = [folder / "truth.json", folder / "results.json"]
    for path, data in zip(paths, [truth, results]):
        path.write_text(json.dumps(data))
    return paths


def evaluate(truth_path, results_path):
    """Prints the numbers and the time of the evaluation alone, as JSON."""
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(truth_path)
        found = truth.loadRes(results_path)
        started = time.perf_counter()
        evaluation = COCOeval(truth, found, "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
        took = time.perf_counter() - started
    print(json.dumps({"stats": list(evaluation.stats), "evaluateMs": took * 1000}))


def run(command):
    started = time.perf_counter()
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    wall = (time.perf_counter() - started) * 1000
    answer = json.loads(output)
    return answer["stats"], wall, answer["evaluateMs"]


def compare(truth, results):
    theirs = [sys.executable, __file__, CHILD, str(truth), str(results)]
    ours = ["node", str(MAIN), "eval", "detect", "--json", "--annotations", str(truth), "--predictions", str(results)]
    times = {"pycocotools": [], "ocellus": []}
    for _ in range(ROUNDS):
        their_stats, *their_times = run(theirs)
        our_stats, *our_times = run(ours)
        times["pycocotools"].append(their_times)
        times["ocellus"].append(our_times)
    print(f"largest difference of the twelve numbers: {max(abs(a - b) for a, b in zip(their_stats, our_stats)):.1e}")
    for index, what in enumerate(["whole process", "evaluation alone"]):
        medians = {name: statistics.median(row[index] for row in rows) for name, rows in times.items()}
        ratio = medians["pycocotools"] / medians["ocellus"]
        print(f"{what}: pycocotools {medians['pycocotools']:.0f} ms, Ocellus {medians['ocellus']:.0f} ms, {ratio:.1f} times")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("files", nargs="*")
    parser.add_argument("--synthetic", type=int, help="photos of made-up files")
    parser.add_argument(CHILD, action="store_true")
    options = parser.parse_args()
    if options.child:
        evaluate(*options.files)
    elif options.synthetic:
        with tempfile.TemporaryDirectory() as folder:
            compare(*synthetic(options.synthetic, pathlib.Path(folder)))
    else:
        compare(*options.files)


main()
