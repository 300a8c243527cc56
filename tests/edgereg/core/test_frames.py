"""Pictures that are made when they are asked for."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest

from edgereg.core.frames import Frame


def test_a_picture_is_made_once_and_only_when_it_is_asked_for() -> None:
    made = []

    def develop() -> np.ndarray:
        made.append(np.full((4, 6, 3), 7, np.uint8))
        return made[-1]

    frame = Frame.undeveloped(3, 0.1, develop, "clip")
    assert (frame.index, frame.time_s, frame.name, made) == (3, 0.1, "clip", [])
    assert frame.size == (6, 4)
    frame.develop()
    assert frame.image is frame.image
    assert len(made) == 1
    with pytest.raises(ValueError, match="read-only"):
        frame.image[0, 0] = 1
    with pytest.raises(ValueError, match="WRITEABLE"):
        frame.image.flags.writeable = True


def test_it_travels_and_is_copied_as_an_array() -> None:
    def undeveloped() -> Frame:
        return Frame.undeveloped(3, 0.1, lambda: np.full((4, 6, 3), 7, np.uint8))

    there = pickle.loads(pickle.dumps(undeveloped()))  # noqa: S301
    copied = replace(undeveloped(), index=9)
    assert (there.index, copied.index) == (3, 9)
    assert there.image.tolist() == copied.image.tolist() == undeveloped().image.tolist()
