"""Calibration of how sure an energy says that boxes are, on pictures that were not learnt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from edgereg.core.geometry import box_iou
from edgereg_training.detection.energy import BoxEnergyNet, refine_boxes
from edgereg_training.loop.errors import TrainingError
from edgereg_training.methods.ebm.box_spread import fitted_factors

# A box found with so much overlap is taken to be that of the label.
SAME = 0.5


class Ascent(Protocol):
    """How boxes climb at run time: Algorithm 1."""

    @property
    def steps(self) -> int:
        """Steps of the ascent."""
        ...

    @property
    def step_length(self) -> tuple[float, float, float, float]:
        """Of each relative coordinate."""
        ...

    @property
    def decay(self) -> float:
        """Of a step that does not climb."""
        ...


@dataclass(frozen=True)
class Held:
    """features: [1, C, h, w] of one picture; found: boxes [N, 4] as estimated, truth: those of
    their labels [N, 4], all in image pixels."""

    features: Tensor
    found: npt.NDArray[np.float32]
    truth: npt.NDArray[np.float32]


def matched(
    features: Tensor,
    found: npt.NDArray[np.float32],
    truth: npt.NDArray[np.float32],
    ignored: npt.NDArray[np.bool_] | None = None,
) -> Held:
    """Of boxes found [N, 4] those that lie on a label of truth [M, 4] that is not ignored."""
    rows, labels = on_labels(found, truth, ignored)
    return Held(features, found[rows], truth[labels])


def on_labels(
    found: npt.NDArray[np.floating],
    truth: npt.NDArray[np.floating],
    ignored: npt.NDArray[np.bool_] | None = None,
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Which of boxes found [N, 4] lie on a label of truth [M, 4] that is not ignored, by an IoU of
    at least SAME, and on which: rows [K] of both."""
    if not len(found) or not len(truth):
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    overlap = box_iou(found, truth)
    if ignored is not None:
        overlap = np.where(ignored, 0, overlap)
    rows = np.flatnonzero(overlap.max(axis=1) >= SAME)
    return rows, overlap[rows].argmax(axis=1)


def calibrate_boxes(net: BoxEnergyNet, kinds: Sequence[Iterable[Held]], ascent: Ascent) -> None:
    """Set the energy's `factors` so that the 90 % intervals of refined boxes hold 90 % of the
    labels' edges; kinds of pictures count alike. Raises TrainingError where no box was found."""
    found = [_errors(net, pictures, ascent) for pictures in kinds]
    if not any(len(errors) for errors, _ in found):
        raise TrainingError(
            "nothing can be calibrated: on the validation pictures no box lies on a label"
        )
    net.get_buffer("factors").copy_(fitted_factors(found))


def _errors(net: BoxEnergyNet, pictures: Iterable[Held], ascent: Ascent) -> tuple[Tensor, Tensor]:
    """Errors of the edges [N, 4] and their deviations as they were learnt."""
    errors, deviations = [torch.zeros(0, 4)], [torch.zeros(0, 4)]
    for picture in pictures:
        if not len(picture.found):
            continue
        start = torch.from_numpy(picture.found)[None]
        length = torch.tensor(ascent.step_length)
        path, _ = refine_boxes(net, picture.features, start, length, ascent.decay, ascent.steps)
        final = path[:, :, -1].detach()
        with torch.no_grad():
            std, _ = net.spread(picture.features, final)
        errors.append(final[0] - torch.from_numpy(picture.truth))
        deviations.append(std[0] / net.get_buffer("factors"))
    return torch.cat(errors), torch.cat(deviations)
