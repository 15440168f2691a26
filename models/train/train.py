"""
Trains the demo's detector on the simulated scene, measures it on seeds it never saw, and writes an ONNX file.

    python models/train/train.py DATA --out models/demo-scene.onnx
"""

import argparse
import csv
import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch

from average_precision import Predictions, average_precision, non_maximum_suppression
from dataset import Dataset, augment, load
from loss import detection_loss
from network import STRIDES, Exported, SceneDetector, cell_centres, flatten

HEIGHT, WIDTH = 192, 320
MAX_BYTES = 1_500_000


def train(data: Dataset, epochs: int, batch: int, metrics: Path, tensorboard: Path | None) -> SceneDetector:
    torch.manual_seed(1)
    random = torch.Generator().manual_seed(2)
    # Channels last is about twice as fast on a CPU.
    detector = SceneDetector(len(data.names)).train().to(memory_format=torch.channels_last)
    centres, strides = cell_centres(HEIGHT, WIDTH)
    steps = epochs * (len(data) // batch)
    optimiser = torch.optim.AdamW(detector.parameters(), lr=4e-3, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=4e-3, total_steps=steps, pct_start=0.15)
    writer = None
    if tensorboard is not None:
        from torch.utils.tensorboard import SummaryWriter

        writer = SummaryWriter(str(tensorboard))
    started = time.monotonic()
    with metrics.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["epoch", "seconds", "class_loss", "box_loss", "learning_rate"])
        for epoch in range(1, epochs + 1):
            sums = np.zeros(2)
            order = torch.randperm(len(data), generator=random)
            for at in range(0, len(data) - batch + 1, batch):
                rows = order[at : at + batch]
                images, boxes, labels = augment(
                    data.images[rows].float() / 255, data.boxes[rows], data.labels[rows], random
                )
                raw, logits = flatten(detector(images.contiguous(memory_format=torch.channels_last)))
                class_loss, box_loss = detection_loss(
                    raw, logits, boxes, labels, data.ignored[rows], centres, strides
                )
                optimiser.zero_grad(set_to_none=True)
                (class_loss + 2 * box_loss).backward()
                torch.nn.utils.clip_grad_norm_(detector.parameters(), 5.0)
                optimiser.step()
                schedule.step()
                sums += (class_loss.item(), box_loss.item())
            means = sums / (len(data) // batch)
            seconds = time.monotonic() - started
            rate = schedule.get_last_lr()[0]
            table.writerow([epoch, f"{seconds:.0f}", f"{means[0]:.4f}", f"{means[1]:.4f}", f"{rate:.6f}"])
            file.flush()
            if writer is not None:
                writer.add_scalar("loss/class", means[0], epoch)
                writer.add_scalar("loss/box", means[1], epoch)
            print(f"epoch {epoch:3d}  {seconds:5.0f} s  class {means[0]:.4f}  box {means[1]:.4f}", flush=True)
    return detector.eval()


def export(detector: SceneDetector, names: list[str], out: Path) -> None:
    """Writes the ONNX file with what Ultralytics' exports say about themselves."""
    detector.fuse()
    wrapped = Exported(detector, HEIGHT, WIDTH).eval()
    example = torch.zeros(1, 3, HEIGHT, WIDTH)
    torch.onnx.export(
        wrapped, (example,), str(out), input_names=["images"], output_names=["output0"], opset_version=17, dynamo=False
    )
    model = onnx.load(str(out))
    metadata = {
        "description": "Ocellus demo detector; knows the simulated scene and nothing else",
        "author": "Ocellus",
        "license": "Apache-2.0",
        "task": "detect",
        "stride": str(max(STRIDES)),
        "batch": "1",
        "imgsz": str([HEIGHT, WIDTH]),
        "names": str(dict(enumerate(names))),
    }
    onnx.helper.set_model_props(model, metadata)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, str(out))
    size = out.stat().st_size
    if size > MAX_BYTES:
        raise SystemExit(f"{out} has {size} bytes, more than {MAX_BYTES}")
    print(f"{out}: {size} bytes")


def evaluate(model: Path, data: Dataset) -> dict[str, float]:
    """AP50 per class of the exported file, run as the daemon runs it."""
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    predictions = []
    for image in data.images:
        output = session.run(None, {"images": image[None].numpy().astype(np.float32) / 255})[0][0]
        scores, labels = output[4:].max(axis=0), output[4:].argmax(axis=0)
        kept = scores > 0.01
        x, y, w, h = output[:4, kept]
        boxes = np.stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2], axis=1)
        predictions.append(non_maximum_suppression(Predictions(boxes, scores[kept], labels[kept]), 0.6))
    truth = (data.boxes.numpy(), data.labels.numpy(), data.ignored.numpy())
    return {name: average_precision(predictions, *truth, label) for label, name in enumerate(data.names)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder written by export-scene.mjs")
    parser.add_argument("--out", type=Path, required=True, help="ONNX file to write")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--metrics", type=Path, default=Path("metrics.csv"), help="losses per epoch, CSV")
    parser.add_argument("--tensorboard", type=Path, help="folder for TensorBoard (needs `tensorboard`)")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    data = load(options.data, "train", HEIGHT, WIDTH)
    detector = train(data, options.epochs, options.batch, options.metrics, options.tensorboard)
    export(detector, data.names, options.out)
    by_class = evaluate(options.out, load(options.data, "val", HEIGHT, WIDTH))
    for name, ap in by_class.items():
        print(f"AP50 {name:8s} {ap:.3f}")
    print(f"AP50 mean     {np.mean(list(by_class.values())):.3f}  (held-out seeds)")


if __name__ == "__main__":
    main()
