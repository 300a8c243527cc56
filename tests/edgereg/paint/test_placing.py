"""Labels that would lie on each other."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from edgereg.core import marks as m
from edgereg.paint.opencv import paint
from edgereg.paint.placing import spread
from edgereg.paint.primitives import Plate

FRAME = (640, 360)


def _plate(x: float, y: float, width: float = 100, height: float = 20) -> Plate:
    return Plate(x, y, width, height, 3, x + 6, y + 16)


def _apart(a: Plate, b: Plate) -> bool:
    aside = a.x >= b.x + b.width or b.x >= a.x + a.width
    return aside or a.y >= b.y + b.height or b.y >= a.y + a.height


def test_plates_with_room_stay() -> None:
    plates = [_plate(10, 10), _plate(200, 10), _plate(10, 200)]
    assert spread(plates, FRAME, 1) == plates


def test_the_later_one_makes_way_by_as_little_as_it_needs() -> None:
    first, second = spread([_plate(10, 50), _plate(15, 58)], FRAME, 1)
    assert first == _plate(10, 50)
    assert (second.x, second.y) == (15, 71)
    # Text and plate move together.
    assert (second.text_x, second.baseline) == (21, 87)


@pytest.mark.parametrize("seed", range(5))
def test_a_crowd_is_told_apart_inside_the_frame(seed: int) -> None:
    rng = np.random.default_rng(seed)
    places = rng.normal((320, 180), (50, 30), (14, 2))
    found = spread([_plate(float(x), float(y)) for x, y in places], FRAME, 1)
    assert all(_apart(a, b) for a, b in combinations(found, 2))
    assert all(0 <= p.x <= 540 and 0 <= p.y <= 340 for p in found)


def test_where_there_is_no_room_labels_stay() -> None:
    full = [_plate(0, 0, 640, 360)] * 3
    assert spread(full, FRAME, 1) == full


def test_a_label_in_a_frame_is_not_covered_by_the_next() -> None:
    frame = np.full((180, 320, 3), 90, np.uint8)
    one = m.TextMark("first", np.array([40, 80], np.float32), 0)
    two = m.TextMark("second", np.array([42, 82], np.float32), 1)
    alone, both = paint(frame, [one]), paint(frame, [one, two])
    drawn = (alone != frame).any(axis=2)
    assert drawn.sum() > 200
    # Smooth edges reach over by a pixel.
    inner = drawn.copy()
    inner[1:] &= drawn[:-1]
    inner[:-1] &= drawn[1:]
    assert inner.sum() > 200
    assert (alone[inner] == both[inner]).all()
