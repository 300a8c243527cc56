"""`edgereg run FOLDER --resume`: a stopped run ends as one that was never stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from edgereg.core.errors import SourceError
from edgereg.sources.clips import Clips

NAMES = ("o.jsonl", "o.csv", "o.parquet", "o.txt")
TASK = ("--task", "spots")


@pytest.fixture
def clips(clip: Callable[..., Path], tmp_path: Path) -> Path:
    """Three clips of 5, 4 and 6 frames."""
    pytest.importorskip("pyarrow")
    folder = tmp_path / "clips"
    folder.mkdir()
    for name, count in (("a", 5), ("b", 4), ("c", 6)):
        clip(count, name=f"clips/{name}.mp4")
    return folder


def outputs(folder: Path) -> list[Path]:
    folder.mkdir()
    return [folder / name for name in NAMES]


def contents(paths: list[Path]) -> list[Any]:
    read_table = pytest.importorskip("pyarrow.parquet").read_table
    tables = [path.with_name(f"{path.name}.clips.csv") for path in paths[:1]]
    return [
        read_table(path).to_pylist() if path.suffix == ".parquet" else path.read_text()
        for path in (*paths, *tables)
    ]


def stop_after(monkeypatch: pytest.MonkeyPatch, frames: int) -> None:
    """Let the source fail after so many frames."""
    whole = Clips.frames

    def some(self: Clips) -> Iterator[Any]:
        for count, frame in enumerate(whole(self)):
            if count == frames:
                raise SourceError("unplugged")
            yield frame

    monkeypatch.setattr(Clips, "frames", some)


@pytest.mark.parametrize("frames", [0, 3, 5, 7, 12])
def test_it_goes_on_after_the_last_clip_that_is_done(
    call: Any, clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, frames: int
) -> None:
    whole, parts = outputs(tmp_path / "whole"), outputs(tmp_path / "parts")
    assert call("run", clips, *whole, *TASK) == 0
    with monkeypatch.context() as patch:
        stop_after(patch, frames)
        assert call("run", clips, *parts, *TASK) == 1
    read = []
    opened = Clips._opened
    monkeypatch.setattr(
        Clips, "_opened", lambda self, path: read.append(path) or opened(self, path)
    )
    assert call("run", clips, *parts, *TASK, "--resume") == 0
    assert contents(parts) == contents(whole)
    done = 0 if frames <= 5 else 1 if frames <= 9 else 2
    # The first clip is always opened, to know what a frame is.
    assert [path.name for path in read[1:]] == ["a.mp4", "b.mp4", "c.mp4"][done:]
    assert sorted(path.name for path in (tmp_path / "parts").iterdir()) == sorted(
        [*NAMES, "o.jsonl.clips.csv"]
    )


def test_what_was_done_is_not_done_again(call: Any, clips: Path, tmp_path: Path) -> None:
    paths = outputs(tmp_path / "out")
    assert call("run", clips, *paths, *TASK, "--resume") == 0
    before = contents(paths)
    assert call("run", clips, *paths, *TASK, "--resume") == 0
    assert contents(paths) == before


def test_a_result_of_before_survives_two_stops(
    call: Any, clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stopped run over an older result leaves that, and still goes on from its own rows."""
    whole, paths = outputs(tmp_path / "whole"), outputs(tmp_path / "out")
    assert call("run", clips, *whole, *TASK) == 0
    for path in paths:
        path.write_text("before")
    for frames in (7, 3):
        with monkeypatch.context() as patch:
            stop_after(patch, frames)
            more = ("--resume",) if frames == 3 else ()
            assert call("run", clips, *paths, *TASK, *more) == 1
    assert all(path.read_text() == "before" for path in paths)
    assert call("run", clips, *paths, *TASK, "--resume") == 0
    assert contents(paths) == contents(whole)


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (("o.mp4",), "can't be appended to"),
        (("o.jsonl", "--limit", "3"), "goes on after the last clip"),
    ],
)
def test_what_can_not_be_resumed(
    call: Any, clips: Path, tmp_path: Path, capsys: Any, what: tuple[str, ...], said: str
) -> None:
    assert call("run", clips, tmp_path / what[0], *what[1:], *TASK, "--resume") == 1
    assert said in capsys.readouterr().err


def test_a_single_file_can_not_be_resumed(
    call: Any, clips: Path, tmp_path: Path, capsys: Any
) -> None:
    assert call("run", clips / "a.mp4", tmp_path / "o.csv", *TASK, "--resume") == 1
    assert "goes on after the last clip" in capsys.readouterr().err


def test_an_output_of_no_stopped_run(call: Any, clips: Path, tmp_path: Path, capsys: Any) -> None:
    assert call("run", clips, tmp_path / "o.csv", *TASK) == 0
    assert call("run", clips, tmp_path / "o.csv", tmp_path / "n.csv", *TASK, "--resume") == 1
    assert "n.csv: was no output of the run" in capsys.readouterr().err
