"""Standard input and named pipes: every frame of what is written, and no endless wait."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from edgereg.core.errors import SourceError
from edgereg.sources.open import open_source
from edgereg.sources.options import SourceOptions

from .media import H264, Coding, encode, number_in

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")


@pytest.fixture
def fifo(tmp_path: Path) -> Path:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return path


def feed(fifo: Path, content: bytes, pause_s: float = 0.0) -> None:
    def write() -> None:
        time.sleep(0.3)
        with fifo.open("wb") as file:
            file.write(content[:20_000])
            file.flush()
            time.sleep(pause_s)
            file.write(content[20_000:])

    threading.Thread(target=write, daemon=True).start()


@pytest.mark.parametrize("name", ["clip.ts", "clip.mkv"])
def test_every_frame_that_is_written(tmp_path: Path, fifo: Path, name: str) -> None:
    feed(fifo, encode(tmp_path / name, Coding(options=H264)).read_bytes(), pause_s=1.5)
    source = open_source(fifo, SourceOptions(timeout_s=1))
    frames = list(source.frames())
    source.close()
    assert [number_in(frame.image) for frame in frames] == list(range(40))
    assert frames[-1].time_s == pytest.approx(39 / 25)
    assert (source.info.seekable, source.info.live, source.info.frame_count) == (False, False, None)
    with pytest.raises(SourceError, match="can't be searched"):
        source.seek(0)


def test_a_pipe_without_a_writer(fifo: Path) -> None:
    start = time.monotonic()
    with pytest.raises(SourceError, match="nothing came for 1 s; nobody writes to it"):
        open_source(fifo, SourceOptions(timeout_s=1))
    assert time.monotonic() - start < 4


def test_what_can_not_be_read_without_going_back(tmp_path: Path, fifo: Path) -> None:
    large = Coding("mjpeg", "yuvj420p", size=(640, 480))
    feed(fifo, encode(tmp_path / "clip.mp4", large).read_bytes())
    with pytest.raises(SourceError, match="through a pipe go MPEG-TS, Matroska"):
        open_source(fifo, SourceOptions(timeout_s=3))


def test_standard_input(tmp_path: Path) -> None:
    path = encode(tmp_path / "clip.ts", Coding(options=H264))
    code = (
        "from edgereg.sources.open import open_source\n"
        "source = open_source('-')\n"
        "print(source.info.name, sum(1 for _ in source.frames()))"
    )
    with path.open("rb") as file:
        done = subprocess.run(
            [sys.executable, "-c", code], stdin=file, capture_output=True, text=True, timeout=60
        )
    assert done.stdout == "standard input 40\n", done.stderr
