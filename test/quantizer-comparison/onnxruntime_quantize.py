"""Quantizes a float detector with onnxruntime.quantization, for comparison with `ocellus models quantize`.

    pip install onnx onnxruntime pillow numpy
    python onnxruntime_quantize.py FLOAT.onnx PHOTOS OUT.onnx [--method MinMax|Entropy|Percentile] [--yolox] [--count N] [--float-tail]

The same pictures, letterboxed alike; per-channel int8 weights, uint8 activations, QDQ format: what its guide recommends.
Without --float-tail boxes and scores are quantized together and every score becomes 0.
"""

import argparse
import pathlib

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from PIL import Image

parser = argparse.ArgumentParser()
parser.add_argument("model")
parser.add_argument("photos")
parser.add_argument("out")
parser.add_argument("--method", default="MinMax")
parser.add_argument("--yolox", action="store_true")
parser.add_argument("--count", type=int, default=64)
parser.add_argument("--float-tail", action="store_true", help="leave what leads to no convolution in float")
arguments = parser.parse_args()

graph_input = onnx.load(arguments.model, load_external_data=False).graph.input[0]
_, _, height, width = (dim.dim_value for dim in graph_input.type.tensor_type.shape.dim)


def tensor_of(path):
    """[1, 3, height, width] as the model's family feeds it."""
    photo = Image.open(path).convert("RGB")
    ratio = min(width / photo.width, height / photo.height)
    size = (max(1, round(photo.width * ratio)), max(1, round(photo.height * ratio)))
    left, top = (0, 0) if arguments.yolox else ((width - size[0]) // 2, (height - size[1]) // 2)
    canvas = np.full((height, width, 3), 114, np.float32)
    canvas[top : top + size[1], left : left + size[0]] = np.asarray(photo.resize(size, Image.BILINEAR))
    canvas = canvas[:, :, ::-1] if arguments.yolox else canvas / 255
    return np.ascontiguousarray(canvas.transpose(2, 0, 1)[None], dtype=np.float32)


class Photos(CalibrationDataReader):
    def __init__(self):
        self.paths = iter(sorted(pathlib.Path(arguments.photos).glob("*.jpg"))[: arguments.count])

    def get_next(self):
        path = next(self.paths, None)
        return None if path is None else {graph_input.name: tensor_of(path)}


def tail_of(path):
    """Names of the nodes from which no way leads to a convolution."""
    nodes = onnx.load(path).graph.node
    needed, tail = set(), []
    for node in reversed(nodes):
        leads = any(name in needed for name in node.output)
        if leads or node.op_type == "Conv":
            needed.update(node.input)
        if not leads and node.op_type != "Conv":
            tail.append(node.name)
    return tail


prepared = arguments.out + ".prepared.onnx"
quant_pre_process(arguments.model, prepared, skip_symbolic_shape=True)
quantize_static(
    prepared,
    arguments.out,
    Photos(),
    quant_format=QuantFormat.QDQ,
    per_channel=True,
    activation_type=QuantType.QUInt8,
    weight_type=QuantType.QInt8,
    calibrate_method=CalibrationMethod[arguments.method],
    nodes_to_exclude=tail_of(prepared) if arguments.float_tail else [],
)
pathlib.Path(prepared).unlink()
