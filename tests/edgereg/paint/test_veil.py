"""Covered boxes: nothing of the pattern stays, nothing outside changes."""

from __future__ import annotations

import numpy as np
import pytest

from edgereg.paint.veil import LOOKS, Look, veiled

NOISE = np.random.default_rng(0).integers(0, 256, (120, 160, 3), dtype=np.uint8)


@pytest.mark.parametrize("look", LOOKS)
def test_only_what_is_in_the_box_changes(look: Look) -> None:
    before = NOISE.copy()
    picture = veiled(NOISE, np.array([[20.5, 30.5, 79.5, 99.5]], np.float32), look)
    outside = np.ones((120, 160), bool)
    outside[30:100, 20:80] = False
    assert (picture[outside] == NOISE[outside]).all()
    assert (before == NOISE).all(), "the source's picture is not written into"
    part, was = picture[30:100, 20:80].astype(float), NOISE[30:100, 20:80].astype(float)
    assert part.std() < 0.15 * was.std(), "of noise hardly anything is left"


@pytest.mark.parametrize("look", LOOKS)
def test_of_a_face_at_most_thirty_six_cells_stay(look: Look) -> None:
    """Two patterns of the same cells' means look the same afterwards."""
    fine = np.zeros((60, 60, 3), np.uint8)
    fine[::2] = 200
    other = np.zeros((60, 60, 3), np.uint8)
    other[:, ::2] = 200
    box = np.array([[0, 0, 60, 60]], np.float32)
    apart = np.abs(veiled(fine, box, look).astype(int) - veiled(other, box, look))
    assert apart.max() <= 1


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize(
    "box", [[-50, -50, -10, -10], [150, 110, 900, 900], [5, 5, 5, 5], [3, 3, 4, 5], [np.nan] * 4]
)
def test_boxes_at_the_edge_outside_or_broken(look: Look, box: list[float]) -> None:
    assert veiled(NOISE, np.array([box], np.float32), look).shape == NOISE.shape


def test_nothing_to_cover() -> None:
    assert (veiled(NOISE, np.zeros((0, 4), np.float32), "blur") == NOISE).all()
