"""Cuts are told from motion and light; boxes move with the pixels inside them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from edgereg.tracks.cuts import Cuts
from edgereg.tracks.flow import Flow


def texture(seed: int) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(0, 256, (18, 32, 3), dtype=np.uint8)
    return np.asarray(np.kron(coarse, np.ones((10, 10, 1))), np.uint8)


def test_a_cut_is_told_from_motion_and_from_light() -> None:
    cuts, picture = Cuts(), texture(0)
    moving = [np.roll(picture, 2 * step, axis=1) for step in range(10)]
    assert [cuts.is_cut(image) for image in moving] == [False] * 10
    assert not cuts.is_cut(np.asarray(np.clip(moving[-1] * 0.5 + 60, 0, 255), np.uint8))
    assert cuts.is_cut(texture(1))
    assert not cuts.is_cut(texture(1))


def test_the_first_frame_is_no_cut() -> None:
    assert not Cuts().is_cut(texture(0))


@pytest.mark.parametrize(("shift", "growth"), [((7, -4), 1.0), ((0, 0), 1.06)])
def test_a_box_goes_with_its_pixels(shift: tuple[int, int], growth: float) -> None:
    picture = cv2.GaussianBlur(texture(3), (0, 0), 2)
    box = np.array([[100, 60, 180, 120]], np.float32)
    centre = np.array([140 + shift[0], 90 + shift[1]])
    matrix = np.array([[growth, 0, centre[0] - growth * 140], [0, growth, centre[1] - growth * 90]])
    after = cv2.warpAffine(picture, matrix, (320, 180), borderMode=cv2.BORDER_REFLECT)
    flow = Flow()
    assert flow.show(np.asarray(picture, np.uint8)) is None
    before = flow.show(np.asarray(after, np.uint8))
    assert before is not None
    moved, followed = flow.carry(before, box)
    assert followed.tolist() == [True]
    half = np.array([40, 30]) * growth
    assert np.abs(moved[0] - np.concatenate([centre - half, centre + half])).max() < 1.0


def test_what_can_not_be_followed_is_said() -> None:
    flow, noise = Flow(), np.random.default_rng(0)
    flow.show(noise.integers(0, 256, (180, 320, 3), dtype=np.uint8))
    before = flow.show(noise.integers(0, 256, (180, 320, 3), dtype=np.uint8))
    assert before is not None
    _, followed = flow.carry(before, np.array([[100, 60, 180, 120]], np.float32))
    assert followed.tolist() == [False]
    assert flow.carry(before, np.zeros((0, 4), np.float32))[0].shape == (0, 4)


def test_another_size_of_frame_begins_anew() -> None:
    flow = Flow()
    flow.show(texture(0))
    assert flow.show(texture(0)[:90]) is None
