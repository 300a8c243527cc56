"""A source that a player can rely on."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("PySide6")

from edgereg.app.player.watched import WatchedSource
from edgereg.sources.wrapped import Arrays


def _clip() -> Arrays:
    return Arrays([np.zeros((4, 4, 3), np.uint8)] * 6)


def test_late_frames_are_left_out_but_not_the_last() -> None:
    watched = WatchedSource(_clip(), lambda _: False)
    assert [frame.index for frame in watched.frames()] == [5]
    assert watched.last_index == 5


def test_a_frame_comes_once() -> None:
    watched = WatchedSource(_clip(), lambda _: True)
    assert [frame.index for frame in watched.frames()] == [0, 1, 2, 3, 4, 5]


def test_a_limit_is_the_length() -> None:
    watched = WatchedSource(_clip(), lambda _: True, 4)
    assert [frame.index for frame in watched.frames()] == [0, 1, 2, 3]
    assert watched.last_index == 3
