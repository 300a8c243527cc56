"""Where a score map says that the object is."""

from __future__ import annotations

import numpy as np
import pytest
from edgereg_tracking.classifier import STRIDE
from edgereg_tracking.localisation import locate, peak

SIZE = np.array([48.0, 48.0], np.float32)


def bump(*peaks: tuple[float, float, float]) -> np.ndarray:
    """A score map [17, 17] with Gaussian peaks (x, y, height), in cells."""
    y, x = np.mgrid[:17, :17].astype(np.float32)
    parts = [h * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / 2) for cx, cy, h in peaks]
    return np.max(parts, axis=0).astype(np.float32)


@pytest.mark.parametrize(("x", "y"), [(8.0, 8.0), (5.3, 9.8), (12.4, 3.6)])
def test_the_peak_lies_between_the_cells(x: float, y: float) -> None:
    place, top = peak(bump((x, y, 0.9)))
    np.testing.assert_allclose(place / STRIDE, [x, y], atol=0.12)
    assert top == pytest.approx(0.9, abs=0.2)


def test_a_peak_on_the_edge_stays_on_the_map() -> None:
    place, _ = peak(bump((0.0, 16.0, 0.8)))
    np.testing.assert_allclose(place, [0, 16 * STRIDE])


@pytest.mark.parametrize(
    ("peaks", "certainty", "x"),
    [
        ([(8, 8, 0.9)], "found", 8),
        ([(8, 8, 0.2)], "lost", 8),
        # As strong, one near the last place and one at the edge: the near one, and learn from it.
        ([(8, 8, 0.8), (15, 8, 0.85)], "hard", 8),
        ([(15, 8, 0.8), (8, 8, 0.85)], "hard", 8),
        # As strong and both near: nobody knows.
        ([(6, 8, 0.8), (11, 8, 0.85)], "uncertain", 11),
        ([(8, 8, 0.9), (14, 8, 0.6)], "hard", 8),
        ([(8, 8, 0.9), (14, 8, 0.3)], "found", 8),
    ],
)
def test_rivals(peaks: list[tuple[float, float, float]], certainty: str, x: int) -> None:
    place = locate(bump(*peaks), SIZE)
    assert place.certainty == certainty
    assert place.centre[0] / STRIDE == pytest.approx(x, abs=0.2)


def test_a_map_of_one_value_is_no_error() -> None:
    assert locate(np.zeros((17, 17), np.float32), SIZE).certainty == "lost"
