"""Boxes as tensors: overlaps, and the coordinates in which the energy sees them."""

from __future__ import annotations

import torch
from torch import Tensor


def pairwise_iou(a: Tensor, b: Tensor) -> Tensor:
    """IoU [B, N, M] of boxes a [B, N, 4] and b [B, M, 4]; 0 where both are empty."""
    low = torch.maximum(a[:, :, None, :2], b[:, None, :, :2])
    high = torch.minimum(a[:, :, None, 2:], b[:, None, :, 2:])
    shared = (high - low).clamp(min=0).prod(-1)
    union = _area(a)[:, :, None] + _area(b)[:, None, :] - shared
    return shared / union.clamp(min=1e-6)


def generalised_iou(a: Tensor, b: Tensor) -> Tensor:
    """GIoU [N] in (-1, 1] of aligned boxes [N, 4]: IoU minus the empty share of the hull."""
    low, high = torch.maximum(a[:, :2], b[:, :2]), torch.minimum(a[:, 2:], b[:, 2:])
    shared = (high - low).clamp(min=0).prod(-1)
    union = (_area(a) + _area(b) - shared).clamp(min=1e-6)
    hull = torch.maximum(a[:, 2:], b[:, 2:]) - torch.minimum(a[:, :2], b[:, :2])
    hull_area = hull.prod(-1).clamp(min=1e-6)
    return shared / union - (hull_area - union) / hull_area


def _area(boxes: Tensor) -> Tensor:
    return (boxes[..., 2:] - boxes[..., :2]).clamp(min=0).prod(-1)


def to_relative(boxes: Tensor, size: Tensor) -> Tensor:
    """y = (cx / w0, cy / h0, log w, log h) of boxes [..., 4], with reference sizes [..., 2] (w0,
    h0).

    The coordinates of EBM paper section 5.1; the sizes are those of the ground truth in training
    and of the initial box in refinement. Boxes must have positive sides.
    """
    sides = boxes[..., 2:] - boxes[..., :2]
    centres = (boxes[..., 2:] + boxes[..., :2]) / 2
    return torch.cat([centres / size, sides.log()], dim=-1)


def from_relative(y: Tensor, size: Tensor) -> Tensor:
    """The inverse of `to_relative`."""
    centres, half = y[..., :2] * size, y[..., 2:].exp() / 2
    return torch.cat([centres - half, centres + half], dim=-1)
