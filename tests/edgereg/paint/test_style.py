"""The shared style: roles can be told apart, also by colour-blind people."""

from __future__ import annotations

from itertools import combinations
from typing import get_args

import numpy as np
import pytest

from edgereg.core.marks import Role
from edgereg.paint.style import AXES, PALETTE, STROKES, colour_of, heat_colours, unit_of

# Viénot's linear-light simulations of the two common kinds of colour blindness.
_PROTAN = np.array([[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]])
_DEUTAN = np.array([[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]])


def _seen(rgb: tuple[int, int, int], matrix: np.ndarray) -> np.ndarray:
    linear = (np.asarray(rgb) / 255) ** 2.2
    return np.asarray(np.clip(matrix @ linear, 0, 1) ** (1 / 2.2) * 255)


def test_every_role_has_its_own_look() -> None:
    assert set(STROKES) == set(get_args(Role))
    assert STROKES["final"].dash is None
    assert STROKES["initial"].dash is not None
    assert STROKES["trajectory"].width < STROKES["initial"].width < STROKES["final"].width


@pytest.mark.parametrize("matrix", [np.eye(3), _PROTAN, _DEUTAN], ids=["full", "protan", "deutan"])
@pytest.mark.parametrize("colours", [PALETTE[:5], AXES], ids=["palette", "axes"])
def test_colours_differ_for_any_colour_vision(
    colours: tuple[tuple[int, int, int], ...], matrix: np.ndarray
) -> None:
    for one, other in combinations(colours, 2):
        assert np.linalg.norm(_seen(one, matrix) - _seen(other, matrix)) > 25


def test_palette_repeats() -> None:
    assert colour_of(len(PALETTE) + 2) == PALETTE[2]
    assert colour_of(-1) == PALETTE[-1]


def test_unit_follows_the_shorter_side() -> None:
    assert unit_of(1920, 1080) == pytest.approx(2.0)
    assert unit_of(1080, 1920) == pytest.approx(2.0)
    assert unit_of(64, 64) == 0.75


def test_heat_grows_brighter() -> None:
    brightness = heat_colours(np.linspace(-0.5, 1.5, 40)[None]).sum(axis=-1)[0].astype(int)
    assert (np.diff(brightness) >= 0).all()
