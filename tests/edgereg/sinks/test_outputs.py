"""Outputs of a run: checked first, no file of before lost, and what a killed run left is found."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgereg.core.errors import SinkError
from edgereg.core.files import part_of
from edgereg.core.frames import SourceInfo
from edgereg.core.kinds import Points, Scalars
from edgereg.core.model_spec import Target
from edgereg.core.result import FrameResult
from edgereg.sinks.base import RunInfo
from edgereg.sinks.open import BUILT_IN, format_of
from edgereg.sinks.outputs import check_inputs, check_outputs, open_outputs, settle
from edgereg.sinks.recovery import left_behind, places_in, recover

from .media import written

Result = Callable[..., FrameResult]
KINDS = {
    "colour": (Scalars(tuple(Target(name=n, unit="grey", low=0, high=255) for n in "rgb")),),
    "points": (Points(("a",)),),
}
RUN = RunInfo(SourceInfo("clip", 64, 48, 20.0, 10, seekable=True, live=False), KINDS)
TABLES = (".jsonl", ".csv", ".parquet", ".json", ".txt")
# All but those that are many files, each whole at once.
WHOLE = (*TABLES, ".mp4", ".mkv", ".webm")


def needs(ending: str) -> None:
    if ending == ".parquet":
        pytest.importorskip("pyarrow")


def count(path: Path) -> int:
    """Frames with results in an output, or pictures."""
    if path.suffix == ".parquet":
        rows = pytest.importorskip("pyarrow.parquet").read_table(path).to_pylist()
        return len({(row["source"], row["frame"]) for row in rows})
    if path.suffix == ".json":
        return len(json.loads(path.read_text())["images"])
    if path.suffix in (".mp4", ".mkv", ".webm"):
        return len(written(path).times_s)
    lines = path.read_text().splitlines()
    if path.suffix == ".csv":
        return len({line.split(",")[0] for line in lines[1:]})
    if path.suffix == ".txt":
        return len({line.split(",")[0] for line in lines})
    return len({json.loads(line)["frame"] for line in lines})


def run(path: Path, result: Result, frames: Sequence[int], **more: Any) -> list[str]:
    outputs = open_outputs([path], RUN, BUILT_IN, append=more.pop("append", False))
    for index in frames:
        outputs[0].write(result(index))
    outputs[0].close()
    return settle(outputs, **{"whole": True, **more})


@pytest.mark.parametrize("ending", WHOLE)
def test_what_exists_is_replaced_when_the_new_one_is_whole(
    tmp_path: Path, result: Result, ending: str
) -> None:
    needs(ending)
    path = tmp_path / f"out{ending}"
    assert run(path, result, range(5)) == []
    before = path.read_bytes()
    outputs = open_outputs([path], RUN, BUILT_IN)
    for index in range(8):
        outputs[0].write(result(index))
    assert path.read_bytes() == before
    outputs[0].close()
    assert path.read_bytes() == before
    assert settle(outputs, whole=True) == []
    assert count(path) == 8
    assert [*tmp_path.iterdir()] == [path]


@pytest.mark.parametrize("ending", WHOLE)
def test_a_run_that_was_stopped_replaces_nothing(
    tmp_path: Path, result: Result, ending: str
) -> None:
    needs(ending)
    path = tmp_path / f"out{ending}"
    run(path, result, range(5))
    before = path.read_bytes()
    (line,) = run(path, result, range(3), whole=False)
    assert path.read_bytes() == before
    assert "3 frames, up to 0.1 s" in line
    assert str(part_of(path)) in line
    assert count(part_of(path)) == 3


@pytest.mark.parametrize("ending", WHOLE)
def test_a_first_run_that_was_stopped_takes_its_place(
    tmp_path: Path, result: Result, ending: str
) -> None:
    needs(ending)
    path = tmp_path / f"out{ending}"
    (line,) = run(path, result, range(3), whole=False)
    assert line == f"{path}: holds 3 frames, up to 0.1 s"
    assert count(path) == 3
    assert [*tmp_path.iterdir()] == [path]


def test_a_run_that_never_began_leaves_nothing(tmp_path: Path, result: Result) -> None:
    old, new = tmp_path / "old.csv", tmp_path / "new.csv"
    old.write_text("before")
    outputs = open_outputs([old, new, tmp_path / "new.mp4"], RUN, BUILT_IN)
    for output in outputs:
        output.close()
    assert settle(outputs, whole=False) == []
    assert [*tmp_path.iterdir()] == [old]


KILLED = """
import os, signal, sys
sys.path.insert(0, {tests!r})
import numpy as np
from pathlib import Path
from edgereg.core.predictions import Predictions
from edgereg.core.result import FrameResult
from edgereg.sinks.open import BUILT_IN
from edgereg.sinks.outputs import open_outputs
from edgereg.sinks import parquet
from tests.edgereg.sinks.test_outputs import RUN, KINDS

parquet.WAIT_S = 0.0
outputs = open_outputs([Path(each) for each in sys.argv[1:]], RUN, BUILT_IN)
for index in range(20):
    found = Predictions(
        "colour", "tiny", KINDS["colour"], np.ones((1, 3), np.float32), np.ones(1, np.float32),
        np.array([[1, 2, 3, 4]], np.float32),
    )
    image = np.full((48, 64, 3), 8 * index, np.uint8)
    for output in outputs:
        output.write(FrameResult(index, index / 20, image, {{"colour": found}}))
os.kill(os.getpid(), signal.SIGKILL)
"""


def killed(*paths: Path) -> None:
    """Write 20 frames in another process, which is then killed."""
    code = KILLED.format(tests=str(Path(__file__).parents[3]))
    done = subprocess.run([sys.executable, "-c", code, *map(str, paths)], capture_output=True)
    assert done.returncode == -9, done.stderr.decode()


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_what_a_killed_run_left_is_found_by_the_next(tmp_path: Path, result: Result) -> None:
    pytest.importorskip("pyarrow")
    paths = [tmp_path / f"out{ending}" for ending in WHOLE]
    for path in paths:
        path.write_text("before")
    killed(*paths)
    for path in paths:
        assert path.read_text() == "before"
        run(path, result, range(3))
        assert count(path) == 3
        rest = path.with_name(f"out.recovered{path.suffix}")
        assert count(rest) >= 18
    assert len([*tmp_path.iterdir()]) == 2 * len(paths)


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_what_a_killed_run_left_can_be_recovered(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    paths = [tmp_path / f"out{ending}" for ending in WHOLE]
    killed(*paths)
    # As where the kill came while a file was finished.
    (tmp_path / "out.part.part.json").write_text("half")
    left = [path for path in paths if path.suffix not in (".jsonl", ".csv", ".txt")]
    assert places_in(tmp_path) == sorted(left)
    for path in left:
        assert left_behind(path) is not None
        assert recover(path, format_of(path)) == path
    for path in paths:
        assert count(path) >= 18
    assert sorted(tmp_path.iterdir()) == sorted(paths)


@pytest.mark.parametrize("ending", [".jsonl", ".csv", ".parquet", ".txt"])
def test_tables_are_continued(tmp_path: Path, result: Result, ending: str) -> None:
    needs(ending)
    path = tmp_path / f"out{ending}"
    assert run(path, result, range(3), append=True) == []
    assert run(path, result, range(10, 14), append=True) == []
    assert count(path) == 7
    assert [*tmp_path.iterdir()] == [path]


def test_a_last_line_without_its_end_is_not_continued(tmp_path: Path, result: Result) -> None:
    path = tmp_path / "out.jsonl"
    run(path, result, range(1))
    path.write_text(path.read_text().rstrip("\n"))
    run(path, result, range(1, 2), append=True)
    assert count(path) == 2


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_other_columns_are_not_continued(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"out{ending}"
    if ending == ".csv":
        path.write_text("frame,yaw\n0,1\n")
    else:
        pa = pytest.importorskip("pyarrow")
        pytest.importorskip("pyarrow.parquet").write_table(pa.table({"frame": [0]}), path)
    before = path.read_bytes()
    with pytest.raises(SinkError, match="has other columns"):
        open_outputs([path], RUN, BUILT_IN, append=True)
    assert path.read_bytes() == before
    assert [*tmp_path.iterdir()] == [path]


def test_what_can_not_be_continued_says_what_can(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match=r"continues \.jsonl, \.csv, \.parquet, \.txt"):
        check_outputs([tmp_path / "a.csv", tmp_path / "a.mp4"], BUILT_IN, append=True)


def test_all_are_checked_before_the_first_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("before")
    for other in (tmp_path / "out.xyz", tmp_path, tmp_path / "x" / ".." / "out.csv"):
        with pytest.raises(SinkError):
            open_outputs([path, other], RUN, BUILT_IN)
    (tmp_path / "file").write_text("")
    with pytest.raises(SinkError, match="can't be written"):
        open_outputs([path, tmp_path / "file" / "out.mp4"], RUN, BUILT_IN)
    assert path.read_text() == "before"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["file", "out.csv"]


@pytest.mark.parametrize("other", ["OUT.CSV", "./out.csv", "sub/../out.csv"])
def test_one_file_under_two_names(tmp_path: Path, other: str) -> None:
    (tmp_path / "sub").mkdir()
    with pytest.raises(SinkError, match="named twice"):
        check_outputs([tmp_path / "out.csv", tmp_path / other], BUILT_IN)


def test_an_address_is_no_output() -> None:
    with pytest.raises(SinkError, match="is an address"):
        check_outputs([Path("file:///tmp/out.csv")], BUILT_IN)


def other_names(tmp_path: Path, clip: Path) -> dict[str, Path]:
    hard, soft = tmp_path / "hard.mp4", tmp_path / "soft.mp4"
    hard.hardlink_to(clip)
    soft.symlink_to(clip)
    (tmp_path / "folder").mkdir()
    return {
        "itself": clip,
        "by way of a folder": tmp_path / "folder" / ".." / clip.name,
        "hard link": hard,
        "symbolic link": soft,
    }


NAMES = ("itself", "by way of a folder", "hard link", "symbolic link")


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
@pytest.mark.parametrize("name", NAMES)
def test_an_input_is_no_output_by_whatever_name(tmp_path: Path, name: str) -> None:
    clip, photo = tmp_path / "clip.mp4", tmp_path / "photo.jpg"
    clip.write_bytes(b"film")
    photo.write_bytes(b"picture")
    names = other_names(tmp_path, clip)
    with pytest.raises(SinkError, match="source itself"):
        check_inputs([tmp_path / "a.csv", names[name]], [photo, clip])
    assert clip.read_bytes() == b"film"


def test_numbered_pictures_spare_the_pictures_that_are_read(tmp_path: Path) -> None:
    photos = [tmp_path / "img_0007.jpg", tmp_path / "other.jpg"]
    with pytest.raises(SinkError, match="source itself"):
        check_inputs([tmp_path / "img_%04d.jpg"], photos)
    check_inputs([tmp_path / "new_%04d.jpg"], photos)
    check_inputs([tmp_path / "out" / "img_%04d.jpg"], photos)


def test_two_runs_do_not_write_one_file(tmp_path: Path, result: Result) -> None:
    pytest.importorskip("fcntl")
    path = tmp_path / "out.csv"
    first = open_outputs([path], RUN, BUILT_IN)
    first[0].write(result(0))
    with pytest.raises(SinkError, match="another run is writing it"):
        open_outputs([path], RUN, BUILT_IN)
    first[0].write(result(1))
    first[0].close()
    assert settle(first, whole=True) == []
    assert count(path) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="Windows deletes no folder with open files")
@pytest.mark.parametrize("ending", WHOLE)
def test_a_folder_that_vanishes(
    tmp_path: Path, result: Result, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs(ending)
    monkeypatch.setattr("edgereg.sinks.outputs.LOOK_S", 0.0)
    path = tmp_path / "gone" / f"out{ending}"
    outputs = open_outputs([path], RUN, BUILT_IN)
    for index in range(10):
        outputs[0].write(result(index))
    shutil.rmtree(path.parent)
    with pytest.raises(SinkError, match="its folder is gone"):
        outputs[0].write(result(10))
    outputs[0].close()
    (line,) = settle(outputs, whole=False)
    assert "10 frames" in line
    assert count(path) >= 8


def test_a_name_with_an_escape_code_is_told_harmlessly(tmp_path: Path, result: Result) -> None:
    outputs = open_outputs([tmp_path / "red\x1b[31m.csv"], RUN, BUILT_IN)
    outputs[0].write(result(0))
    outputs[0].close()
    (line,) = settle(outputs, whole=False)
    assert "\x1b" not in line
    assert r"red\x1b[31m.csv: holds 1 frame" in line


@pytest.mark.parametrize("ending", [".parquet", ".json"])
def test_a_disk_too_full_to_finish_keeps_the_rows(
    tmp_path: Path, result: Result, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs(ending)
    path = tmp_path / f"out{ending}"
    outputs = open_outputs([path], RUN, BUILT_IN)
    for index in range(10):
        outputs[0].write(result(index))

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    for module in ("core.files", "sinks.parquet"):
        monkeypatch.setattr(f"edgereg.{module}.put_in_place", full)
    with pytest.raises(SinkError, match="can't be finished: No space left"):
        outputs[0].close()
    (line,) = settle(outputs, whole=False)
    assert "holds 10 frames" in line
    assert f"edgereg recover {path}" in line
    monkeypatch.undo()
    assert recover(path, format_of(path)) == path
    assert count(path) == 10


def test_photographs_keep_their_names(tmp_path: Path, result: Result) -> None:
    """In every table, and in COCO's file_name."""
    pytest.importorskip("pyarrow")
    paths = [tmp_path / f"out{ending}" for ending in (".jsonl", ".csv", ".parquet", ".json")]
    still = replace(RUN, source=replace(RUN.source, stills=True))
    outputs = open_outputs(paths, still, BUILT_IN)
    for output in outputs:
        for index, name in enumerate(("c5.jpg", "übung 7.jpg")):
            output.write(replace(result(index), source=name))
        output.close()
    assert settle(outputs, whole=True) == []
    rows = [json.loads(line) for line in paths[0].read_text("utf-8").splitlines()]
    assert [row["source"] for row in rows][::2] == ["c5.jpg", "übung 7.jpg"]
    assert ",übung 7.jpg," in paths[1].read_text("utf-8")
    table = pytest.importorskip("pyarrow.parquet").read_table(paths[2])
    assert {*table["source"].to_pylist()} == {"c5.jpg", "übung 7.jpg"}
    images = json.loads(paths[3].read_text())["images"]
    assert [image["file_name"] for image in images] == ["c5.jpg", "übung 7.jpg"]
