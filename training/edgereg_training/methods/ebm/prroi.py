"""Precise RoI pooling: exact integrals of the bilinear surface, as two matrix products.

The zero-padded bilinear surface of a feature map is F(x, y) = sum_ij F[i, j] hat(y - i) hat(x - j),
with pixel i at coordinate i. Its integral over a bin is separable, so one matrix per axis holds the
integrals of the hat function over the bins, in closed form; autograd then gives the gradient of the
box as well.
"""

from __future__ import annotations

import torch
from torch import Tensor


def prroi_pool(features: Tensor, boxes: Tensor, size: int, scale: float) -> Tensor:
    """Mean of the bilinear surface over each of size x size bins of every box.

    features: float [B, C, H, W]. boxes: float [B, N, 4] (x1, y1, x2, y2) in pixels of the image, of
    which a feature cell is 1 / scale wide. Returns [B, N, C, size, size] (y before x); a box of no
    area gives 0. Differentiable in the features and in the boxes. (PrRoI pooling of IoU-Net, ECCV
    2018, eq. 6, as the EBM paper uses it.)
    """
    batch, channels, height, width = features.shape
    count = boxes.shape[1]
    columns = _bin_weights(boxes[..., 0] * scale, boxes[..., 2] * scale, size, width)
    rows = _bin_weights(boxes[..., 1] * scale, boxes[..., 3] * scale, size, height)
    # Layouts are chosen so that no large intermediate is permuted: [N * size_x, W] x [W, C * H].
    flat = features.reshape(batch, channels * height, width)
    along_x = columns.reshape(batch, count * size, width) @ flat.transpose(1, 2)
    along_x = along_x.reshape(batch, count, size * channels, height)
    pooled = along_x @ rows.transpose(2, 3)
    return pooled.reshape(batch, count, size, channels, size).permute(0, 1, 3, 4, 2)


def _bin_weights(low: Tensor, high: Tensor, size: int, cells: int) -> Tensor:
    """Mean of each cell's hat function over each bin: [B, N, size, cells] of ends [B, N]."""
    fractions = torch.linspace(0, 1, size + 1, dtype=low.dtype, device=low.device)
    edges = low[..., None] + (high - low)[..., None] * fractions
    centres = torch.arange(cells, dtype=low.dtype, device=low.device)
    integral = _hat_integral(edges[..., None] - centres)
    length = ((high - low) / size)[..., None, None]
    # The inner `where` keeps the gradient of the unused branch finite.
    safe = torch.where(length > 0, length, torch.ones_like(length))
    mean = (integral[..., 1:, :] - integral[..., :-1, :]) / safe
    return torch.where(length > 0, mean, torch.zeros_like(mean))


def _hat_integral(t: Tensor) -> Tensor:
    """Integral of hat(s) = max(0, 1 - |s|) from minus infinity to t."""
    c = t.clamp(-1, 1)
    return 0.5 + c - 0.5 * c * c.abs()
