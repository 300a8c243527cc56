"""A file that behaves like a camera."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from edgereg.sources.open import open_source
from edgereg.sources.paced import PacedSource

Clip = Callable[..., Path]


def test_frames_come_in_real_time(clip: Clip) -> None:
    source = open_source(clip(9), realtime=True)
    start = time.monotonic()
    indices = [frame.index for frame in source.frames()]
    assert 0.35 < time.monotonic() - start < 1.5
    assert indices[0] == 0
    assert indices[-1] == 8
    assert source.info.live


def test_it_starts_again(clip: Clip) -> None:
    source = open_source(clip(4), loop=True)
    assert source.info.frame_count is None
    indices = [frame.index for frame in islice(source.frames(), 10)]
    source.close()
    assert indices[:4] == [0, 1, 2, 3]
    assert indices[4:6] == [0, 1]


def test_a_slow_reader_misses_frames(clip: Clip) -> None:
    source = open_source(clip(12), realtime=True)
    assert isinstance(source, PacedSource)
    indices = []
    for frame in source.frames():
        indices.append(frame.index)
        time.sleep(0.15)
    assert len(indices) < 9
    assert source.late == 12 - len(indices)


def test_a_jump_restarts_the_clock(clip: Clip) -> None:
    source = open_source(clip(12), realtime=True)
    frames = source.frames()
    next(frames)
    source.seek(10)
    start = time.monotonic()
    assert [frame.index for frame in frames][-2:] == [10, 11]
    assert time.monotonic() - start < 0.5


def test_closing_wakes_the_reader(clip: Clip) -> None:
    source = open_source(clip(6), loop=True)
    frames = source.frames()
    next(frames)
    source.close()
    assert list(frames) == []


def test_closing_at_the_end_of_a_loop_is_no_error(clip: Clip) -> None:
    source = open_source(clip(3), loop=True)
    inner = source._source  # type: ignore[attr-defined]
    seek = inner.seek

    def closed_meanwhile(index: int) -> None:
        source.close()
        seek(index)

    inner.seek = closed_meanwhile
    assert [frame.index for frame in source.frames()] == [0, 1, 2]
