"""Cameras and GStreamer pipelines, as OpenCV reads them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edgereg.core.errors import SourceError
from edgereg.sources import camera
from edgereg.sources.open import open_source
from edgereg.sources.options import CameraMode, SourceOptions, camera_mode


class FakeDevice:
    """What OpenCV gives for a camera that has one mode."""

    def __init__(self, width: int = 16, height: int = 12, fps: float = 200.0) -> None:
        self.has = {
            cv2.CAP_PROP_FRAME_WIDTH: float(width),
            cv2.CAP_PROP_FRAME_HEIGHT: float(height),
            cv2.CAP_PROP_FPS: fps,
            cv2.CAP_PROP_FOURCC: float(cv2.VideoWriter.fourcc(*"MJPG")),
        }
        self.asked: list[tuple[int, float]] = []
        self.empty = 0

    def get(self, what: int) -> float:
        return self.has.get(what, 0.0)

    def set(self, what: int, value: float) -> bool:
        self.asked.append((what, value))
        return self.has.get(what) == value

    def read(self) -> tuple[bool, Any]:
        time.sleep(0.005)
        self.empty -= 1
        if self.empty >= 0:
            return True, np.zeros((0, 0, 3), np.uint8)
        return True, np.full((12, 16, 3), (0, 0, 255), np.uint8)

    def release(self) -> None:
        pass


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> FakeDevice:
    made = FakeDevice()
    monkeypatch.setattr(camera, "open_capture", lambda *_: made)
    return made


@pytest.mark.parametrize("name", ["0", "/dev/video0"])
def test_a_camera_by_its_index(device: FakeDevice, name: str) -> None:
    device.empty = 3
    source = open_source(name)
    image = next(source.frames()).image
    source.close()
    assert image[0, 0].tolist() == [255, 0, 0]
    assert not image.flags.writeable
    assert (source.info.name, source.info.fps, source.info.live) == ("camera 0", 200.0, True)


def test_a_camera_is_asked_for_its_mode_format_first(device: FakeDevice) -> None:
    options = SourceOptions(camera=camera_mode("16x12@200,mjpg"))
    open_source("0", options).close()
    assert [what for what, _ in device.asked] == [
        cv2.CAP_PROP_FOURCC,
        cv2.CAP_PROP_FRAME_WIDTH,
        cv2.CAP_PROP_FRAME_HEIGHT,
        cv2.CAP_PROP_FPS,
    ]


def test_a_mode_that_a_camera_has_not(device: FakeDevice) -> None:
    options = SourceOptions(camera=camera_mode("1280x720,YUYV"))
    with pytest.raises(SourceError) as caught:
        open_source("0", options)
    assert str(caught.value).startswith(
        "camera 0: has no such mode: it gives format MJPG instead of YUYV, width 16 instead of 1280"
    )


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("1280x720@30,MJPG", CameraMode(1280, 720, 30.0, "MJPG")),
        ("640x480", CameraMode(640, 480, None, None)),
        ("@29.97", CameraMode(None, None, 29.97, None)),
        ("yuyv", CameraMode(None, None, None, "YUYV")),
    ],
)
def test_modes(text: str, mode: CameraMode) -> None:
    assert camera_mode(text) == mode


@pytest.mark.parametrize("text", ["", "big", "1280", "1280x", "@", "1280x720@30,MJPEG"])
def test_what_is_no_mode(text: str) -> None:
    with pytest.raises(SourceError, match="write WIDTHxHEIGHT@RATE,FORMAT"):
        camera_mode(text)


def test_gstreamer_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera.cv2, "getBuildInformation", lambda: "GStreamer: NO")
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

    def open_capture(*arguments: Any) -> FakeDevice:
        asked.append(arguments)
        return FakeDevice()

    monkeypatch.setattr(
        camera.cv2, "getBuildInformation", lambda: "GStreamer:                   YES"
    )
    monkeypatch.setattr(camera, "open_capture", open_capture)
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


def test_no_password_in_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera.cv2, "getBuildInformation", lambda: "GStreamer:   YES")
    monkeypatch.setattr(camera, "open_capture", lambda *_: None)
    long = "rtspsrc location=rtsp://me:secret@host/cam ! " + "queue ! " * 60 + "appsink"
    with pytest.raises(SourceError) as caught:
        open_source(long)
    assert "//***@host/cam" in str(caught.value)
    assert "secret" not in str(caught.value)
