"""Annotated video: whole, of one size, true to time."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from edgereg.core.errors import SinkError
from edgereg.core.frames import SourceInfo
from edgereg.core.result import FrameResult
from edgereg.sinks import space
from edgereg.sinks.base import RunInfo, Sink
from edgereg.sinks.containers import CONTAINERS, make_whole, recover_video
from edgereg.sinks.open import open_sink
from edgereg.sources.open import open_source

from .media import Written, film, written

Result = Callable[..., FrameResult]
INFO = SourceInfo("clip", 64, 48, 20.0, 10, seekable=True, live=False)


def images(path: Path) -> list[np.ndarray]:
    return [frame.image for frame in open_source(path).frames()]


def fill(sink: Sink, result: Result, count: int) -> None:
    for index in range(count):
        sink.write(result(index))


def test_every_picture_is_in_it(
    tmp_path: Path, result: Result, index_of: Callable[[np.ndarray], int]
) -> None:
    sink = open_sink(tmp_path / "out.mp4", RunInfo(INFO))
    fill(sink, result, 10)
    sink.close()
    sink.close()
    assert [index_of(image) for image in images(tmp_path / "out.mp4")] == list(range(10))
    assert open_source(tmp_path / "out.mp4").info.fps == 20


def test_the_painted_picture_goes_first(tmp_path: Path, result: Result) -> None:
    sink = open_sink(tmp_path / "out.mp4", RunInfo(INFO))
    painted = np.full((48, 64, 3), (200, 40, 40), np.uint8)
    sink.write(replace(result(0), picture=painted))
    sink.close()
    image = images(tmp_path / "out.mp4")[0]
    assert np.allclose(image.mean(axis=(0, 1)), (200, 40, 40), atol=12)


@pytest.mark.parametrize("size", [(65, 49), (63, 48), (2, 2)])
def test_odd_sizes(tmp_path: Path, result: Result, size: tuple[int, int]) -> None:
    sink = open_sink(tmp_path / "out.mp4", RunInfo(INFO))
    sink.write(replace(result(0), image=np.zeros((*size[::-1], 3), np.uint8)))
    sink.close()
    height, width = images(tmp_path / "out.mp4")[0].shape[:2]
    assert (width, height) == (size[0] + size[0] % 2, size[1] + size[1] % 2)


def test_a_size_that_changes_is_fitted(tmp_path: Path, result: Result) -> None:
    sink = open_sink(tmp_path / "out.mp4", RunInfo(INFO))
    sink.write(result(0))
    sink.write(replace(result(1), image=np.full((200, 100, 3), 255, np.uint8)))
    sink.write(replace(result(2), image=np.full((12, 16, 3), 255, np.uint8)))
    sink.close()
    _, tall, small = images(tmp_path / "out.mp4")
    assert tall[:, 30:34].mean() > 200
    assert tall[:, :10].mean() < 50
    assert small.mean() > 200


def test_a_live_source_keeps_its_time(tmp_path: Path, result: Result) -> None:
    sink = open_sink(tmp_path / "out.mp4", RunInfo(replace(INFO, live=True, frame_count=None)))
    for time_s in (5.0, 5.05, 5.5, 5.51, 5.6):
        sink.write(replace(result(0), time_s=time_s))
    sink.close()
    times = written(tmp_path / "out.mp4").times_s
    assert np.allclose(times, [0, 0.05, 0.5, 0.51, 0.6], atol=1e-4)


def test_a_live_source_that_was_gone_is_no_long_still(tmp_path: Path, result: Result) -> None:
    sink = open_sink(tmp_path / "out.mp4", RunInfo(replace(INFO, live=True, frame_count=None)))
    for time_s in (0.0, 3600.0):
        sink.write(replace(result(0), time_s=time_s))
    sink.close()
    assert written(tmp_path / "out.mp4").times_s == [0, 10]


def test_a_looped_live_source_goes_on(tmp_path: Path, result: Result) -> None:
    sink = open_sink(tmp_path / "out.mp4", RunInfo(replace(INFO, live=True, frame_count=None)))
    for time_s in (0.0, 0.05, 0.1, 0.0, 0.05, 0.1):
        sink.write(replace(result(0), time_s=time_s))
    sink.close()
    assert len(images(tmp_path / "out.mp4")) == 6


def test_a_nearly_full_disk_leaves_a_playable_file(
    tmp_path: Path, result: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = open_sink(tmp_path / "out.mp4", RunInfo(INFO))
    fill(sink, result, 10)
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr(space.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(SinkError, match="nearly full"):
        fill(sink, result, 100)
    sink.close()
    assert len(images(tmp_path / "out.mp4")) == 30


def test_nothing_written_leaves_no_error(tmp_path: Path) -> None:
    open_sink(tmp_path / "out.mp4", RunInfo(INFO)).close()


KINDS = [(".mp4", "h264", "aac"), (".mkv", "h264", "aac"), (".webm", "vp9", "opus")]
VARIABLE = [0.0, 0.1, 0.15, 0.6, 0.62, 1.3]


def rewrite(source: Path, target: Path, result: Result, times: list[float]) -> Written:
    """A video of plain pictures at these times, made from `source`."""
    info = replace(INFO, fps=25.0, files=(source,))
    sink = open_sink(target, RunInfo(info))
    for index, time_s in enumerate(times):
        sink.write(replace(result(index), time_s=time_s))
    sink.close()
    assert [path.name for path in target.parent.glob(f"{target.stem}.*")] == [target.name]
    return written(target)


@pytest.mark.parametrize(("ending", "codec", "sound"), KINDS)
def test_times_and_sound_are_those_of_the_source(
    tmp_path: Path, result: Result, ending: str, codec: str, sound: str
) -> None:
    source = film(tmp_path / "source.mp4", VARIABLE, "aac")
    found = rewrite(source, tmp_path / f"out{ending}", result, VARIABLE)
    assert (found.codec, found.pixels, found.sound) == (codec, "yuv420p", sound)
    assert np.allclose(found.times_s, VARIABLE, atol=2e-3)
    assert found.seconds == pytest.approx(1.34, abs=0.08)
    assert found.sound_s == pytest.approx(1.34, abs=0.05)


@pytest.mark.parametrize(
    ("made_as", "encoder", "ending", "codec"),
    [
        ("s.mov", "pcm_s16le", ".mp4", "aac"),
        ("s.mkv", "libmp3lame", ".mp4", "mp3"),
        ("s.ts", "ac3", ".mp4", "aac"),
        ("s.ts", "ac3", ".mkv", "ac3"),
        ("s.webm.mkv", "libopus", ".mp4", "opus"),
        ("s.mkv", "libopus", ".webm", "opus"),
    ],
)
def test_sound_is_copied_where_it_may_be(
    tmp_path: Path, result: Result, made_as: str, encoder: str, ending: str, codec: str
) -> None:
    if encoder not in av.codecs_available:
        pytest.skip(f"this PyAV has no {encoder}")
    source = film(tmp_path / made_as, VARIABLE, encoder, seconds=1.34)
    found = rewrite(source, tmp_path / f"out{ending}", result, VARIABLE)
    assert found.sound == codec
    assert found.sound_s == pytest.approx(1.34, abs=0.06)
    assert np.allclose(found.times_s, VARIABLE, atol=2e-3)


def test_no_sound_no_stream(tmp_path: Path, result: Result) -> None:
    source = film(tmp_path / "source.mp4", VARIABLE, None)
    assert rewrite(source, tmp_path / "out.mp4", result, VARIABLE).sound is None


def test_a_part_of_a_film_has_the_sound_of_that_part(tmp_path: Path, result: Result) -> None:
    source = film(tmp_path / "source.mp4", VARIABLE, "aac")
    found = rewrite(source, tmp_path / "out.mp4", result, [0.5, 0.6, 0.7])
    assert np.allclose(found.times_s, [0, 0.1, 0.2], atol=1e-3)
    assert found.sound_s == pytest.approx(0.24, abs=0.05)


def test_a_source_whose_sound_is_damaged_gives_a_video(
    tmp_path: Path, result: Result, caplog: pytest.LogCaptureFixture
) -> None:
    source = tmp_path / "source.mp4"
    source.write_bytes(b"rubbish" * 100)
    assert rewrite(source, tmp_path / "out.mp4", result, VARIABLE).sound is None
    assert "goes without sound" in caplog.text


@pytest.mark.parametrize("ending", CONTAINERS)
def test_what_is_written_is_readable_at_any_moment(
    tmp_path: Path, result: Result, ending: str
) -> None:
    """As a process that is killed leaves it: all but the last tenth of a second."""
    path, cut = tmp_path / f"out{ending}", tmp_path / f"cut{ending}"
    source = film(tmp_path / "source.mp4", VARIABLE, "aac")
    sink = open_sink(path, RunInfo(replace(INFO, files=(source,))))
    fill(sink, result, 30)
    shutil.copy(path, cut)
    sink.close()
    with cut.open("ab") as file:
        file.write(path.read_bytes()[:30])
    assert len(written(cut).times_s) >= 27
    make_whole(cut, CONTAINERS[ending])
    found = written(cut)
    assert len(found.times_s) >= 27
    assert found.sound_s >= 1.2


def test_a_finished_mp4_begins_with_its_index(tmp_path: Path, result: Result) -> None:
    sink = open_sink(tmp_path / "out.mp4", RunInfo(INFO))
    fill(sink, result, 10)
    sink.close()
    content = (tmp_path / "out.mp4").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    assert b"moof" not in content


def test_no_room_to_rewrite_leaves_a_video_that_plays(
    tmp_path: Path,
    result: Result,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("edgereg.sinks.video.make_whole", full)
    sink = open_sink(tmp_path / "out.mp4", RunInfo(INFO))
    fill(sink, result, 10)
    sink.close()
    assert "plays, but is not rewritten" in caplog.text
    assert len(images(tmp_path / "out.mp4")) == 10


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sets no limit on files")
def test_a_full_disk_leaves_the_pictures_before(tmp_path: Path) -> None:
    """In a process of its own, whose files may not grow beyond 30 kB."""
    code = f"""
import resource, sys
import numpy as np
from edgereg.core.errors import SinkError
from edgereg.core.result import FrameResult
from edgereg.sinks.containers import CONTAINERS, make_whole, recover_video
from edgereg.core.frames import SourceInfo
from edgereg.sinks.base import RunInfo
from edgereg.sinks.open import open_sink

resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))
noise = np.random.default_rng(0)
clip = SourceInfo("c", 64, 48, 20.0, 99, True, False)
sink = open_sink({str(tmp_path / "out.mp4")!r}, RunInfo(clip))
try:
    for index in range(99):
        image = noise.integers(0, 255, (48, 64, 3), np.uint8)
        sink.write(FrameResult(index, index / 20, image, {{}}))
except SinkError as error:
    print(index, error)
sink.close()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    count, said = done.stdout.split(maxsplit=1)
    assert "free some space" in said
    # All but the tenth of a second that was not complete.
    assert len(written(tmp_path / "out.mp4").times_s) >= int(count) - 2 > 3


def test_without_any_encoder_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(av, "codecs_available", {"libvpx"})
    with pytest.raises(SinkError, match="can't encode"):
        open_sink(tmp_path / "out.mp4", RunInfo(INFO))


def test_the_last_resort_is_named(
    tmp_path: Path, result: Result, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    monkeypatch.setattr(av, "codecs_available", {"mpeg4"})
    sink = open_sink(tmp_path / "out.mp4", RunInfo(INFO))
    fill(sink, result, 3)
    sink.close()
    assert "no encoder for H.264" in caplog.text
    assert written(tmp_path / "out.mp4").codec == "mpeg4"


@pytest.mark.parametrize("ending", CONTAINERS)
def test_what_can_not_be_recovered_is_not_thrown_away(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"out{ending}"
    path.write_bytes(b"\x1a\x45\xdf\xa3" + b"rubbish" * 1000)
    before = path.read_bytes()
    with pytest.raises(OSError, match=r"\w"):
        recover_video(path)
    assert path.read_bytes() == before
    assert [*tmp_path.iterdir()] == [path]
