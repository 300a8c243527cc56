"""Temperatures that make 90 % intervals hold 90 % of the labels of photographs not learnt.

A density over levels, p_k = softmax(z C)_k, is widened by dividing its logits by a temperature
T > 1 ("On Calibration of Modern Neural Networks", ICML 2017). Each number has one of its own.
The value stays that of the density as it was learnt: `net.CalibratedHead`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from edgereg_training.faces.batches import Crops
from edgereg_training.faces.net import TARGETS, FacesNet
from edgereg_training.methods.bel.head import BelHead
from edgereg_training.methods.densities.levels import Levels

LEVEL = 0.9
LOW, HIGH, ROUNDS = 0.3, 4.0, 12
BATCH = 128


def calibrate(net: FacesNet, crops: Crops) -> None:
    """Set the temperatures of all heads from crops whose labels were not learnt."""
    with torch.no_grad():
        features = torch.cat(
            [
                net.features(torch.from_numpy(crops.images[start : start + BATCH]))
                for start in range(0, len(crops), BATCH)
            ]
        )
        for target in TARGETS:
            head = net.head(target)
            logits = head.bits(features)
            ends = torch.from_numpy(known(crops, target))
            found = [temperature(head, index, z, ends[:, index]) for index, z in enumerate(logits)]
            net.temperature(target).copy_(torch.tensor(found))


def known(crops: Crops, target: str) -> npt.NDArray[np.float32]:
    """The labels of a target as intervals [N, D, 2], NaN where unknown."""
    labels = crops.labels
    if target == "headpose":
        return labels.pose
    if target == "age":
        return labels.age[:, None]
    points = labels.points.reshape(len(labels.points), -1, 1)
    return np.concatenate([points, points], 2)


def temperature(head: BelHead, index: int, logits: Tensor, ends: Tensor) -> float:
    """By bisection, as coverage grows with T; 1 where nothing is known."""
    chosen = ends[:, 0].isfinite()
    if not chosen.any():
        return 1.0
    z, ends = logits[chosen], ends[chosen]
    words, quantiser = head.codec.words(index), head.codec.quantisers[index]
    low, high = LOW, HIGH
    for _ in range(ROUNDS):
        middle = (low + high) / 2
        p = torch.softmax(z @ words.T / middle, -1)
        density = Levels((p,), (quantiser.low,), (quantiser.step,))
        if covered(*density.interval(LEVEL), ends) < LEVEL:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def covered(low: Tensor, high: Tensor, ends: Tensor) -> float:
    """The mean share of each label's interval [N, 2] that lies within [low, high], [N, 1] each; of
    an exact value, whether it does."""
    first, last = ends[:, 0], ends[:, 1]
    overlap = torch.minimum(last, high[:, 0]) - torch.maximum(first, low[:, 0])
    share = (overlap / (last - first).clamp(min=1e-6)).clamp(0, 1)
    inside = ((low[:, 0] <= first) & (first <= high[:, 0])).float()
    return float(torch.where(first == last, inside, share).mean())
