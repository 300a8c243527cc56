"""Calibration of how sure boxes are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from edgereg_training.detection.calibration import Held, calibrate_boxes, matched
from edgereg_training.detection.energy import BoxEnergyNet


@dataclass(frozen=True)
class Rest:
    """No ascent."""

    steps: int = 0
    step_length: tuple[float, float, float, float] = (1e-4, 1e-4, 1e-4, 1e-4)
    decay: float = 0.5


def pictures(count: int, error: float) -> list[Held]:
    """Boxes found beside their labels, by normal errors that are a share of their sides."""
    rng = np.random.default_rng(count)
    made = []
    for _ in range(count):
        features = torch.from_numpy(rng.normal(0, 1, (1, 4, 16, 16)).astype(np.float32))
        corner = rng.uniform(10, 60, (3, 2))
        truth = np.hstack([corner, corner + rng.uniform(20, 50, (3, 2))]).astype(np.float32)
        sides = np.tile(truth[:, 2:] - truth[:, :2], 2)
        noise = rng.normal(0, error, (3, 4)) * sides
        made.append(Held(features, (truth + noise).astype(np.float32), truth))
    return made


@pytest.mark.parametrize("error", [0.02, 0.05])
def test_intervals_hold_what_they_say_on_other_pictures(error: float) -> None:
    torch.manual_seed(1)
    net = BoxEnergyNet(4, 3, (8,)).requires_grad_(False)
    calibrate_boxes(net, [pictures(60, error)], Rest())
    held = []
    for picture in pictures(61, error):
        std, _ = net.spread(picture.features, torch.from_numpy(picture.found)[None])
        held.append(np.abs(picture.found - picture.truth) <= 1.645 * std[0].numpy())
    assert np.concatenate(held).mean() == pytest.approx(0.9, abs=0.05)


def test_a_second_calibration_finds_the_same() -> None:
    net = BoxEnergyNet(4, 3, (8,)).requires_grad_(False)
    calibrate_boxes(net, [pictures(20, 0.03)], Rest())
    first = net.get_buffer("factors").clone()
    calibrate_boxes(net, [pictures(20, 0.03)], Rest())
    torch.testing.assert_close(net.get_buffer("factors"), first)


def test_only_boxes_on_a_label_that_counts_are_matched() -> None:
    found = np.array([[0, 0, 10, 10], [50, 50, 60, 60], [100, 100, 120, 120]], np.float32)
    truth = np.array([[1, 0, 11, 10], [101, 100, 121, 120]], np.float32)
    held = matched(torch.zeros(1, 1, 2, 2), found, truth, np.array([False, True]))
    np.testing.assert_array_equal(held.found, found[:1])
    np.testing.assert_array_equal(held.truth, truth[:1])
    assert not len(matched(torch.zeros(1, 1, 2, 2), found, truth[:0]).found)
