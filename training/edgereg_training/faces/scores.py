"""What a network of faces achieves on crops with labels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from edgereg.core.arrays import FloatArray
from edgereg_training.faces.batches import Crops
from edgereg_training.faces.net import FacesNet

BATCH = 128
OUTER_EYES = (36, 45)


def values(net: FacesNet, images: np.ndarray) -> dict[str, FloatArray]:
    """headpose [N, 3], landmarks [N, 136], age [N, 1], by target."""
    net.eval()
    parts: dict[str, list[FloatArray]] = {target: [] for target in net.heads}
    with torch.no_grad():
        for start in range(0, len(images), BATCH):
            features = net.features(torch.from_numpy(images[start : start + BATCH]))
            for target, found in parts.items():
                found.append(net.head(target).value(features).numpy())
    return {target: np.concatenate(found) for target, found in parts.items()}


def scores(net: FacesNet, crops: Crops) -> dict[str, float]:
    """Means over what is known: mae and mae_yaw, mae_pitch, mae_roll (degrees); nme (percent of
    the outer eye corners' distance, or of a third of the points' box where that is longer, as in
    profiles); right_bin, the share of ages within their interval."""
    found = values(net, crops.images)
    labels = crops.labels
    exact = labels.pose[..., 0] == labels.pose[..., 1]
    errors = np.where(exact, np.abs(found["headpose"] - labels.pose[..., 0]), np.nan)
    angles = np.nanmean(errors, axis=0)
    result = {"mae": float(angles.mean())}
    result |= {f"mae_{n}": float(a) for n, a in zip(("yaw", "pitch", "roll"), angles, strict=True)}
    nme = point_errors(found["landmarks"].reshape(labels.points.shape), labels.points)
    result["nme"] = float(np.nanmean(nme))
    age, known = found["age"][:, 0], np.isfinite(labels.age[:, 0])
    if known.any():
        inside = (age >= labels.age[:, 0]) & (age < labels.age[:, 1])
        result["right_bin"] = float(inside[known].mean())
    return result


def point_errors(
    found: FloatArray, points: FloatArray, which: npt.NDArray[np.bool_] | None = None
) -> FloatArray:
    """Mean distance [N] of points [N, 68, 2], or of those [68] that count, in percent; see
    `scores`. NaN where unknown."""
    a, b = OUTER_EYES
    eyes = np.linalg.norm(points[:, a] - points[:, b], axis=1)
    box = np.sqrt(np.prod(points.max(1) - points.min(1), axis=1))
    distance = np.linalg.norm(found - points, axis=2)
    mean = distance.mean(1) if which is None else distance[:, which].mean(1)
    error: FloatArray = 100 * mean / np.maximum(eyes, box / 3)
    return error
