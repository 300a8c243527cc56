"""Cameras and streams: stalled, unplugged, dead and back again, never a hang."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edgereg.core.errors import SourceError
from edgereg.sources import live
from edgereg.sources.live import LiveSettings, LiveSource
from edgereg.sources.open import open_source
from edgereg.sources.options import SourceOptions

FAST = LiveSettings(timeout_s=0.5, reconnects=2, pause_s=0.01)


class FakeCamera:
    """Delivers `count` frames at 200 a second, then fails, or hangs until the test ends."""

    def __init__(self, count: int, *, hangs: bool = False, length: int = 0) -> None:
        self.count, self.hangs, self.length = count, hangs, length
        self.delivered = 0
        self.released = threading.Event()

    def get(self, what: int) -> float:
        return {cv2.CAP_PROP_FPS: 200.0, cv2.CAP_PROP_FRAME_COUNT: self.length}.get(what, 0.0)

    def read(self) -> tuple[bool, Any]:
        if self.delivered >= self.count:
            if self.hangs:
                self.released.wait(3)
            return False, None
        time.sleep(0.005)
        self.delivered += 1
        return True, np.full((12, 16, 3), self.delivered, np.uint8)

    def release(self) -> None:
        self.released.set()


def source_of(*cameras: FakeCamera | None) -> LiveSource:
    """A live source that gets these cameras in turn when it connects, then none."""
    waiting = iter(cameras)
    return LiveSource("camera 0", lambda: next(waiting, None), FAST, "plug it in")


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


def test_an_unplugged_camera_ends_with_an_error() -> None:
    source = source_of(FakeCamera(5))
    indices, error = collect(source)
    assert 1 <= len(indices) <= 5
    assert error == "camera 0: stopped delivering frames; plug it in"
    assert len(source.warnings) == 2


def test_a_camera_that_comes_back() -> None:
    source = source_of(FakeCamera(4), None, FakeCamera(6))
    indices, _ = collect(source)
    assert indices[-1] == 9
    assert sum("reconnecting" in line for line in source.warnings) >= 2


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


def test_a_driver_that_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(FakeCamera):
        def read(self) -> tuple[bool, Any]:
            raise cv2.error("driver")

    with pytest.raises(SourceError, match="can't be opened"):
        source_of(Broken(1))


def test_a_stream_of_known_length_loses_nothing_and_ends() -> None:
    source = source_of(FakeCamera(20, length=20))
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


def test_gstreamer_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live.cv2, "getBuildInformation", lambda: "GStreamer: NO")
    with pytest.raises(SourceError, match="without GStreamer"):
        open_source("videotestsrc ! appsink")


CSI_CAMERA = (
    "nvarguscamerasrc ! video/x-raw(memory:NVMM),width=1280,height=720,framerate=30/1 ! "
    "nvvidconv ! video/x-raw,format=BGRx ! videoconvert ! video/x-raw,format=BGR ! appsink drop=1"
)


def test_a_csi_cameras_pipeline_goes_to_gstreamer_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    page = (Path(__file__).parents[3] / "docs" / "jetson.md").read_text(encoding="utf-8")
    assert f'"{CSI_CAMERA}"' in page
    asked: list[tuple[Any, ...]] = []

    def open_capture(*arguments: Any) -> FakeCamera:
        asked.append(arguments)
        return FakeCamera(1000)

    monkeypatch.setattr(live.cv2, "getBuildInformation", lambda: "GStreamer:                   YES")
    monkeypatch.setattr(live, "open_capture", open_capture)
    source = open_source(CSI_CAMERA)
    assert next(source.frames()).image.shape == (12, 16, 3)
    source.close()
    assert asked == [(CSI_CAMERA, cv2.CAP_GSTREAMER)]
    assert source.info.live
    assert source.warnings == ()


@pytest.mark.skipif(
    "GStreamer:                   YES" not in cv2.getBuildInformation(),
    reason="needs an OpenCV with GStreamer",
)
def test_a_real_pipeline() -> None:
    source = open_source(
        "videotestsrc is-live=true ! video/x-raw,width=160,height=120,framerate=30/1 ! "
        "videoconvert ! video/x-raw,format=BGR ! appsink drop=1"
    )
    frames = source.frames()
    assert [next(frames).index for _ in range(3)] == [0, 1, 2]
    assert (source.info.width, source.info.height, source.info.fps) == (160, 120, 30.0)
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


def test_no_password_in_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live.cv2, "getBuildInformation", lambda: "GStreamer:                   YES")
    monkeypatch.setattr(live, "open_capture", lambda *_: None)
    long = "rtspsrc location=rtsp://me:secret@host/cam ! " + "queue ! " * 60 + "appsink"
    for address in (long, "rtsp://me:secret@host/cam"):
        with pytest.raises(SourceError) as caught:
            open_source(address)
        assert "//***@host/cam" in str(caught.value)
        assert "secret" not in str(caught.value)


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.mark.parametrize("scheme", ["http", "rtsp"])
def test_a_dead_url(closed_port: int, scheme: str) -> None:
    start = time.monotonic()
    with pytest.raises(SourceError) as caught:
        open_source(
            f"{scheme}://user:secret@127.0.0.1:{closed_port}/live", SourceOptions(timeout_s=2)
        )
    assert time.monotonic() - start < 5
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_url_that_never_answers() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        start = time.monotonic()
        with pytest.raises(SourceError, match="check the address"):
            open_source(
                f"http://127.0.0.1:{listener.getsockname()[1]}/live", SourceOptions(timeout_s=1)
            )
        assert time.monotonic() - start < 5


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """Serves tmp_path."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    handler = partial(Quiet, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()


def test_a_file_behind_a_url(clip: Callable[..., Path], server: str) -> None:
    path = clip(12)
    source = open_source(f"{server}/{path.name}", SourceOptions(timeout_s=5))
    assert [frame.index for frame in source.frames()] == list(range(12))
    source.close()


def test_a_url_without_a_file(server: str) -> None:
    with pytest.raises(SourceError, match="can't be opened"):
        open_source(f"{server}/nothing.mp4", SourceOptions(timeout_s=5))
