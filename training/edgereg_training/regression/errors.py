"""Errors of regressed values: of each example, and which head poses belong to which range."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgereg_training.regression.labels import FloatArray, Label

# Beyond so many targets, metrics of each would only fill the log.
MOST_NAMED = 8
# Of head poses: |yaw|, |pitch|, |roll| in degrees, below all of which a pose is within the range.
# Towards 90 degrees of yaw, pitch and roll turn about the same axis and can't be told apart.
POSE_RANGES = {
    "usual": (45.0, 35.0, 45.0),
    "full": (75.0, 60.0, 50.0),
    "wide": (90.0, 60.0, 50.0),
}


def example_errors(label: Label, values: FloatArray, targets: FloatArray) -> dict[str, FloatArray]:
    """Errors of each example, by name: 'mae' (mean over targets), 'mae_<target>', and of landmarks
    'nme' in percent (mean distance over the square root of the area of the landmarks' box)."""
    errors = np.abs(values - targets)
    found = {"mae": errors.mean(axis=1)}
    if 1 < len(label.targets) <= MOST_NAMED:
        named = zip(label.targets, errors.T, strict=True)
        found |= {f"mae_{target.name}": column for target, column in named}
    if label.kind == "points":
        points = targets.reshape(len(targets), -1, 2)
        distance = np.linalg.norm(values.reshape(points.shape) - points, axis=2).mean(axis=1)
        found["nme"] = 100 * distance / np.sqrt(np.ptp(points, axis=1).prod(axis=1))
    return found


def pose_ranges(label: Label, targets: FloatArray) -> dict[str, npt.NDArray[np.bool_]]:
    """Which of the targets [N, D] are within each of POSE_RANGES: of head pose, and of the ranges
    that hold any."""
    if label.kind != "pose":
        return {}
    ranges = {
        name: np.all(np.abs(targets) < limits, axis=1) for name, limits in POSE_RANGES.items()
    }
    return {name: inside for name, inside in ranges.items() if inside.any()}
