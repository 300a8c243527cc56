"""Calibration of a network of faces on photographs and rendered heads that were not learnt.

Of head pose and landmarks both kinds decide; of age, which rendered heads have none of, the
photographs, with a kernel: of the pairs of temperature and kernel that hold 90 %, the likeliest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from edgereg_training.faces.batches import Crops
from edgereg_training.faces.losses import interval_nll
from edgereg_training.faces.net import TARGETS, FacesNet
from edgereg_training.methods.bel.calibrated import calibrated
from edgereg_training.methods.bel.calibration import Held, calibrate, fit_blur, temperatures

BATCH = 128
# Of a blurred head, those that are tried.
TEMPERATURES = tuple(np.arange(1.0, 2.01, 0.1).tolist())


@torch.no_grad()
def calibrate_faces(net: FacesNet, kinds: Sequence[Crops]) -> None:
    """Set the calibration of all heads from one kind of crops or two, whose labels were not
    learnt."""
    features = [features_of(net.features, crops) for crops in kinds]
    for target in TARGETS:
        head = net.calibrated(target)
        labels = [torch.from_numpy(known(crops, target)) for crops in kinds]
        calibrate(head, features, labels, likeliest if head.blurred else temperatures)


def features_of(extract: Callable[[Tensor], Tensor], crops: Crops) -> Tensor:
    """Of all crops, in parts of BATCH."""
    starts = range(0, len(crops), BATCH)
    return torch.cat([extract(torch.from_numpy(crops.images[s : s + BATCH])) for s in starts])


def likeliest(kinds: Sequence[Held]) -> dict[str, Tensor]:
    """Temperature and kernel [1] of one number of which 90 % of the first kind are held, by their
    likelihood."""
    known = kinds[0].labels[:, 0, 0].isfinite()
    if not known.any():
        return {}
    held, found = Held(kinds[0].scores[known], kinds[0].labels[known]), []
    for number in TEMPERATURES:
        temperature = torch.tensor([number])
        blur = fit_blur(held, temperature)
        p = calibrated(held.scores, temperature, torch.zeros(1), blur)[:, 0]
        nll = interval_nll(p.clamp(min=1e-12).log(), *held.labels[:, 0].unbind(1)).mean()
        found.append((float(nll), {"temperature": temperature, "blur": blur}))
    return min(found, key=lambda each: each[0])[1]


def known(crops: Crops, target: str) -> npt.NDArray[np.float32]:
    """The labels of a target as intervals [N, D, 2], NaN where unknown."""
    labels = crops.labels
    if target == "headpose":
        return labels.pose
    if target == "age":
        return labels.age[:, None]
    points = labels.points.reshape(len(labels.points), -1, 1)
    return np.concatenate([points, points], 2)
