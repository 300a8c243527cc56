"""Predictions of a PoseNet in torch, with refinement on its energy (for validation)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from pydantic import Field

from edgereg_training import ebm
from edgereg_training.headpose_net import PoseNet
from edgereg_training.recipe import Strict

FloatArray = npt.NDArray[np.float32]


class PoseRefinement(Strict):
    """Algorithm 1 in the energy's coordinates (units of ten degrees)."""

    steps: int = Field(default=10, ge=0)
    step_length: float = Field(default=0.05, gt=0)
    decay: float = Field(default=0.5, gt=0, le=1)


@dataclass(frozen=True)
class PosePredictions:
    """values, std and refined: float32 [N, 3] yaw, pitch, roll in degrees."""

    values: FloatArray
    std: FloatArray
    refined: FloatArray


def predict(
    model: PoseNet, images: npt.NDArray[np.uint8], settings: PoseRefinement, batch: int = 256
) -> PosePredictions:
    """Predict crops uint8 [N, S, S, 3] in parts of `batch`."""
    parts = [
        _predict(model, torch.from_numpy(images[start : start + batch]), settings)
        for start in range(0, len(images), batch)
    ]
    columns = zip(*parts, strict=True)
    return PosePredictions(*(np.concatenate(column) for column in columns))


def _predict(
    model: PoseNet, images: torch.Tensor, settings: PoseRefinement
) -> tuple[FloatArray, FloatArray, FloatArray]:
    with torch.no_grad():
        features = model.extract(images)
        values, std = model.estimate(model.bits(features))
    trajectory, _ = ebm.refine(
        lambda points: model.energy(features, points),
        model.energy.normalise(values)[:, None],
        settings.steps,
        settings.step_length,
        settings.decay,
    )
    refined = trajectory[:, 0, -1] * model.energy.scale + model.energy.centre
    return values.numpy(), std.numpy(), refined.detach().numpy()
