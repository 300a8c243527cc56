"""The face from near, in the window."""

from __future__ import annotations

import numpy as np
import pytest
from edgereg_landmarks.panel import PARTS, around
from edgereg_landmarks.task import Landmarks

from edgereg.api import FrameResult, PanelChoice, PanelNumber, PanelPicture, Predictions
from edgereg.pipeline.returned import checked_panel

TASK = Landmarks()


def _result(points: np.ndarray) -> FrameResult:
    image = np.arange(100 * 200 * 3, dtype=np.uint32).reshape(100, 200, 3).astype(np.uint8)
    values = np.concatenate([points.reshape(1, -1), [[0.3, 0.2, 0.1]]], 1).astype(np.float32)
    found = Predictions(
        "landmarks",
        "m",
        TASK.kinds(None),  # type: ignore[arg-type]
        values,
        np.ones(1, np.float32),
        np.array([[50, 20, 90, 70]], np.float32),
    )
    return FrameResult(0, 0.0, image, {"landmarks": found})


def _face() -> np.ndarray:
    generator = np.random.default_rng(0)
    return generator.uniform((50, 20), (90, 70), (68, 2))


def test_it_offers_parts_and_shows_the_chosen_one() -> None:
    result = _result(_face())
    sizes = {}
    for part in PARTS:
        items = checked_panel(TASK.panel(result, 0, {"part": part}))
        kinds = [type(item) for item in items]
        assert kinds == [PanelChoice, PanelPicture, PanelNumber, PanelNumber, PanelNumber]
        sizes[part] = items[1].image.size
        assert items[4].value == pytest.approx(0.1)
    assert sizes["face"] >= max(sizes.values())


def test_without_a_face_there_is_nothing() -> None:
    assert TASK.panel(_result(_face()), None, {}) == ()
    assert TASK.panel(FrameResult(0, 0.0, np.zeros((9, 9, 3), np.uint8)), 0, {}) == ()


def test_what_lies_outside_of_the_picture_is_left_out() -> None:
    image = np.zeros((40, 60, 3), np.uint8)
    assert around(image, np.array([[-30, 10], [20, 30]], np.float32)).shape[0] == 40
    assert around(image, np.array([[100, 100], [120, 120]], np.float32)).size == 0
