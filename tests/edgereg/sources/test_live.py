"""Cameras and streams: stalled, unplugged, dead and back again, never a hang."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from edgereg.core.errors import SourceError
from edgereg.sources import live
from edgereg.sources.live import LiveSettings, LiveSource

FAST = LiveSettings(timeout_s=0.5, reconnect_s=0.2, pause_s=0.01, longest_pause_s=0.05)


class FakeCamera:
    """Delivers `count` frames at 200 a second, then ends, or hangs until the test ends."""

    fps = 200.0
    length = None

    def __init__(self, count: int, *, hangs: bool = False) -> None:
        self.count, self.hangs = count, hangs
        self.delivered = 0
        self.released = threading.Event()

    def read(self) -> tuple[Callable[[], np.ndarray], float] | None:
        if self.delivered >= self.count:
            if self.hangs:
                self.released.wait(3)
            return None
        time.sleep(0.005)
        self.delivered += 1
        image = np.full((12, 16, 3), self.delivered, np.uint8)
        return lambda: image, 0.0

    def close(self) -> None:
        self.released.set()


def source_of(*cameras: FakeCamera | None, settings: LiveSettings = FAST) -> LiveSource:
    """A live source that gets these cameras in turn when it connects, then none."""
    waiting = iter(cameras)

    def connect() -> FakeCamera:
        camera = next(waiting, None)
        if camera is None:
            raise SourceError("can't be opened")
        return camera

    return LiveSource("camera 0", connect, settings, "plug it in")


def collect(source: LiveSource) -> tuple[list[int], str]:
    """Which frames came, and the error that ended them."""
    indices: list[int] = []
    with pytest.raises(SourceError) as caught:
        indices.extend(frame.index for frame in source.frames())
    return indices, str(caught.value)


def test_frames_come_with_rising_times() -> None:
    source = source_of(FakeCamera(1000))
    frames = source.frames()
    first = [next(frames) for _ in range(5)]
    source.close()
    assert source.info.live
    assert source.info.frame_count is None
    assert all(a.time_s < b.time_s for a, b in pairwise(first))
    assert list(frames) == []


def test_a_late_reader_loses_old_frames() -> None:
    source = source_of(FakeCamera(1000))
    time.sleep(0.2)
    frame = next(source.frames())
    source.close()
    assert frame.index > 5
    assert source.dropped > 5


def test_an_unplugged_camera_ends_with_an_error_where_time_is_limited() -> None:
    source = source_of(FakeCamera(5))
    start = time.monotonic()
    indices, error = collect(source)
    assert 0.15 < time.monotonic() - start < 2
    assert 1 <= len(indices) <= 5
    assert error == "camera 0: can't be opened; plug it in"
    assert len(source.warnings) == 1
    assert re.search(
        r"stopped delivering frames at \d\d:\d\d:\d\d; reconnecting", source.warnings[0]
    )


def test_a_camera_is_waited_for_longer_than_a_frame_may_take() -> None:
    for_ever = replace(FAST, timeout_s=0.1, reconnect_s=None)
    source = source_of(FakeCamera(4), *[None] * 8, FakeCamera(1000), settings=for_ever)
    frames = source.frames()
    indices = [next(frames).index for _ in range(12)]
    source.close()
    assert indices[-1] >= 11
    assert "stopped delivering frames" in source.warnings[0]
    assert "is back after 0 s" in source.warnings[1]
    assert len(source.warnings) == 2


def test_pauses_grow_and_start_anew_once_it_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    wait_for = threading.Condition.wait_for

    def watched(self: threading.Condition, predicate: Any, timeout: float | None = None) -> Any:
        if threading.current_thread().name.startswith("source"):
            pauses.append(timeout or 0)
        return wait_for(self, predicate, timeout)

    monkeypatch.setattr(threading.Condition, "wait_for", watched)
    collect(source_of(FakeCamera(1), None, None, None, FakeCamera(1)))
    assert pauses[:4] == [0.01, 0.02, 0.04, 0.05]
    assert pauses[4] == 0.01


def test_a_flapping_stream_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "TOLD", 3)
    source = source_of(*[FakeCamera(1) for _ in range(5)])
    collect(source)
    assert len(source.warnings) == 4
    assert source.warnings[-1] == "camera 0: further interruptions are not listed"


def test_a_hanging_camera_is_an_error_in_time() -> None:
    camera = FakeCamera(3, hangs=True)
    source = source_of(camera)
    start = time.monotonic()
    _, error = collect(source)
    assert time.monotonic() - start < 2
    assert error == "camera 0: no frame for 0.5 s; plug it in"
    camera.released.set()


def test_a_camera_that_hangs_on_opening() -> None:
    ended = threading.Event()
    start = time.monotonic()
    with pytest.raises(SourceError, match=r"no frame for 0\.5 s"):
        LiveSource("camera 0", lambda: ended.wait(3) and None, FAST, "plug it in")
    assert time.monotonic() - start < 2
    ended.set()


def test_a_camera_that_is_not_there() -> None:
    with pytest.raises(SourceError, match="camera 0: can't be opened; plug it in"):
        source_of()


def test_a_driver_that_raises() -> None:
    class Broken(FakeCamera):
        def read(self) -> tuple[Callable[[], np.ndarray], float] | None:
            raise ValueError("driver")

    with pytest.raises(SourceError, match="camera 0: failed: ValueError: driver; plug it in"):
        source_of(Broken(1))


def test_a_stream_of_known_length_loses_nothing_and_ends() -> None:
    class Recording(FakeCamera):
        length = 20

    source = source_of(Recording(20))
    indices = []
    for frame in source.frames():
        time.sleep(0.01)
        indices.append(frame.index)
    assert indices == list(range(20))
    assert not source.info.live


def test_live_sources_have_no_past() -> None:
    source = source_of(FakeCamera(1000))
    with pytest.raises(SourceError, match="is live"):
        source.seek(0)
    source.close()


def test_closing_waits_until_the_camera_is_released() -> None:
    camera = FakeCamera(1000)
    source = source_of(camera)
    source.close()
    assert camera.released.is_set()
    assert source.warnings == ()


def test_closing_does_not_wait_for_a_camera_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "RELEASE_S", 0.2)
    camera = FakeCamera(3, hangs=True)
    source = source_of(camera)
    frames = source.frames()
    assert [next(frames).index for _ in range(3)] == [0, 1, 2]
    start = time.monotonic()
    source.close()
    assert time.monotonic() - start < 2
    camera.released.set()
