"""Films: HLS that a player plays from a bounded folder, and RTSP to a listener."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

pytest.importorskip("starlette")

from edgereg.core.result import FrameResult
from edgereg.serve.delivery.broadcast import Broadcast
from edgereg.serve.delivery.config import HlsConfig, RtspConfig
from edgereg.serve.delivery.message import Message
from edgereg.serve.film import can_film

pytestmark = pytest.mark.skipif(not can_film(), reason="this PyAV has no libx264")


def offered(
    to: Broadcast, until: Callable[[], Any], size: tuple[int, int] = (64, 48), seconds: float = 25
) -> None:
    """Pictures at 30 a second until something is so."""
    width, height = size
    end = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end, to.progress
        image = np.full((height, width, 3), int(time.monotonic() * 50) % 200, np.uint8)
        to.offer(Message("door", 0.0, [], result=FrameResult(0, 0.0, image)))
        time.sleep(1 / 30)


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir()) if folder.exists() else []


def test_hls_is_played_and_its_folder_is_bounded(tmp_path: Path) -> None:
    config = HlsConfig(to="hls", folder=tmp_path, seconds=0.5, segments=3)
    (tmp_path / "door").mkdir()
    (tmp_path / "door" / "live-7.ts").write_bytes(b"of a process that was killed")
    (tmp_path / "door" / "mine.txt").write_text("nobody's business")
    film = Broadcast("tv", config)
    seen: set[str] = set()

    def enough() -> bool:
        seen.update(name for name in names(tmp_path / "door") if name.endswith(".ts"))
        return len(seen) >= 7  # that of the killed process among them

    offered(film, enough)
    with av.open(str(tmp_path / "door" / "live.m3u8")) as player:
        video = player.streams.video[0]
        assert (video.width, video.height) == (64, 48)
        decoded = [frame for _, frame in zip(range(10), player.decode(video), strict=False)]
    assert len(decoded) == 10
    left = names(tmp_path / "door")
    assert "live-7.ts" not in left
    assert "mine.txt" in left
    assert len([name for name in left if name.endswith(".ts")]) <= 3 + 2
    assert film.progress.error is None
    film.ask_to_stop()
    assert film.join(5)


def test_a_picture_of_another_size_begins_another_film(tmp_path: Path) -> None:
    film = Broadcast("tv", HlsConfig(to="hls", folder=tmp_path, seconds=1))
    offered(film, lambda: film.progress.sent >= 3)
    offered(film, lambda: film.progress.sent >= 6, (99, 51))
    assert film.progress.failures == 0
    film.ask_to_stop()
    assert film.join(5)


def test_a_folder_that_can_not_be_written_is_told_and_tried_again(tmp_path: Path) -> None:
    (tmp_path / "door").write_text("in the way")
    film = Broadcast("tv", HlsConfig(to="hls", folder=tmp_path))
    offered(film, lambda: film.progress.error is not None)
    (tmp_path / "door").unlink()
    offered(film, lambda: film.progress.sent >= 3)
    assert film.progress.error is None
    film.ask_to_stop()
    assert film.join(5)


def test_sources_that_are_not_wanted_are_not_filmed(tmp_path: Path) -> None:
    film = Broadcast("tv", HlsConfig(to="hls", folder=tmp_path, sources=("yard",)))
    film.offer(Message("door", 0.0, [], result=FrameResult(0, 0.0, np.zeros((4, 4, 3), np.uint8))))
    event = Message("yard", 0.0, [], rule="r", event="enter")
    film.offer(event)
    film.offer(replace(event, rule=None))
    assert film.pulses == ()
    assert film.alive


def test_rtsp_reaches_a_listener_that_comes_later(tmp_path: Path) -> None:
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        pytest.skip("needs ffmpeg")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    film = Broadcast("nvr", RtspConfig(to="rtsp", url=f"rtsp://127.0.0.1:{port}/{{source}}"))
    offered(film, lambda: film.progress.failures >= 1)  # nobody listens
    assert film.progress.error is not None
    taken = tmp_path / "taken.mkv"
    command = [
        *(ffmpeg, "-loglevel", "error", "-rtsp_flags", "listen"),
        *("-i", f"rtsp://127.0.0.1:{port}/door", "-frames:v", "15", "-c", "copy", str(taken)),
    ]
    listener = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        offered(film, lambda: listener.poll() is not None)
    finally:
        listener.kill()
        listener.wait()
        film.ask_to_stop()
        assert film.join(8)
    with av.open(str(taken)) as recorded:
        assert sum(1 for _ in recorded.decode(video=0)) >= 10
