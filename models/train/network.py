"""A tiny anchor-free detector: plain convolutions and ReLU, strides 8, 16 and 32."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

STRIDES = (8, 16, 32)


class Conv(nn.Module):
    """Convolution, batch normalisation, ReLU."""

    def __init__(self, channels_in: int, channels_out: int, kernel: int = 3, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels_in, channels_out, kernel, stride, (kernel - 1) // 2, bias=False)
        self.norm: nn.Module = nn.BatchNorm2d(channels_out)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.norm(self.conv(x)))

    def fuse(self) -> None:
        """Folds the normalisation into the convolution, for inference."""
        self.conv = fuse_conv_bn_eval(self.conv, self.norm)
        self.norm = nn.Identity()


class SceneDetector(nn.Module):
    """
    Input: RGB in 0..1, [batch, 3, height, width]; both sides multiples of 32.
    `forward` gives raw maps: distances to the four sides (before softplus) and class logits per level.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.classes = classes
        # One wide step to a quarter of the size: at full size, memory traffic would cost more than the sums.
        self.stem = Conv(3, 24, kernel=6, stride=4)
        self.stage8 = nn.Sequential(Conv(24, 40, stride=2), Conv(40, 40), Conv(40, 40))
        self.stage16 = nn.Sequential(Conv(40, 56, stride=2), Conv(56, 56))
        self.stage32 = nn.Sequential(Conv(56, 72, stride=2), Conv(72, 72))
        self.down16 = Conv(72, 56, kernel=1)
        self.down8 = Conv(56, 40, kernel=1)
        self.heads = nn.ModuleList(
            nn.Sequential(Conv(width, 40), nn.Conv2d(40, 4 + classes, 1)) for width in (40, 56, 72)
        )
        for head in self.heads:
            # Nearly every cell is background: start from a low score so that the first steps are not wasted on it.
            nn.init.constant_(head[1].bias[4:], -4.0)
            nn.init.constant_(head[1].bias[:4], 1.0)

    def forward(self, x: Tensor) -> list[Tensor]:
        level8 = self.stage8(self.stem(x))
        level16 = self.stage16(level8)
        level32 = self.stage32(level16)
        level16 = level16 + F.interpolate(self.down16(level32), scale_factor=2.0, mode="nearest")
        level8 = level8 + F.interpolate(self.down8(level16), scale_factor=2.0, mode="nearest")
        return [head(level) for head, level in zip(self.heads, (level8, level16, level32), strict=True)]

    def fuse(self) -> None:
        for module in list(self.modules()):
            if isinstance(module, Conv):
                module.fuse()


def cell_centres(height: int, width: int) -> tuple[Tensor, Tensor]:
    """Centres of all cells, [cells, 2] in pixels, and their strides, [cells]; level by level, row by row."""
    points, strides = [], []
    for stride in STRIDES:
        ys = (torch.arange(height // stride) + 0.5) * stride
        xs = (torch.arange(width // stride) + 0.5) * stride
        grid = torch.stack(torch.meshgrid(ys, xs, indexing="ij")[::-1], dim=-1).reshape(-1, 2)
        points.append(grid)
        strides.append(torch.full((len(grid),), float(stride)))
    return torch.cat(points), torch.cat(strides)


def flatten(maps: list[Tensor]) -> tuple[Tensor, Tensor]:
    """Maps of all levels -> raw distances [batch, cells, 4] and class logits [batch, cells, classes]."""
    rows = torch.cat([level.flatten(2) for level in maps], dim=2).transpose(1, 2)
    return rows[..., :4], rows[..., 4:]


def decode_boxes(raw: Tensor, centres: Tensor, strides: Tensor) -> Tensor:
    """Raw distances -> x1, y1, x2, y2 in pixels of the input."""
    distance = F.softplus(raw) * strides[:, None]
    return torch.cat([centres - distance[..., :2], centres + distance[..., 2:]], dim=-1)


class Exported(nn.Module):
    """The detector with its boxes decoded, as Ultralytics lays out YOLOv8: [batch, 4 + classes, cells], xywh, scores."""

    def __init__(self, detector: SceneDetector, height: int, width: int) -> None:
        super().__init__()
        self.detector = detector
        centres, strides = cell_centres(height, width)
        self.register_buffer("centres", centres.T[None])
        self.register_buffer("strides", strides[None, None])

    def forward(self, images: Tensor) -> Tensor:
        rows = torch.cat([level.flatten(2) for level in self.detector(images)], dim=2)
        distance = F.softplus(rows[:, :4]) * self.strides
        low, high = self.centres - distance[:, :2], self.centres + distance[:, 2:]
        return torch.cat([(low + high) / 2, high - low, rows[:, 4:].sigmoid()], dim=1)
