"""Files one after the other, within a bound, whole after a kill."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import deque
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette")

from edgereg.core.records import FIELDS
from edgereg.serve.delivery.archive import Archive, cut_torn_line
from edgereg.serve.delivery.config import FilesConfig
from edgereg.serve.delivery.message import Message


def record(frame: int) -> dict[str, Any]:
    given = dict.fromkeys(FIELDS)
    given |= {"frame": frame, "time_s": frame / 20, "source": "clip.mp4", "task": "headpose"}
    return {**given, "model": "m", "score": 0.5, "values": {"yaw": 1.0}, "units": {"yaw": "degree"}}


def write(archive: Archive, frames: range, source: str = "door") -> None:
    archive.handle(deque(Message(source, 1.7e9 + k, [record(k)]) for k in frames))


def settings(folder: Path, **more: Any) -> FilesConfig:
    return FilesConfig.model_validate({"to": "files", "folder": folder, **more})


def frames_in(folder: Path) -> list[int]:
    lines = [line for path in sorted(folder.iterdir()) for line in path.read_text().splitlines()]
    return [json.loads(line)["frame"] for line in lines]


def test_a_new_file_when_one_is_large_enough(tmp_path: Path) -> None:
    archive = Archive(settings(tmp_path, megabytes=0.002))
    write(archive, range(50))
    archive.close()
    files = sorted((tmp_path / "door").iterdir())
    assert len(files) > 3
    assert all(path.stat().st_size < 2600 for path in files)
    assert frames_in(tmp_path / "door") == list(range(50))
    assert files[0].name.startswith("door-000001-")


def test_a_new_file_after_some_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = Archive(settings(tmp_path, minutes=5))
    now = 1000.0
    monkeypatch.setattr("edgereg.serve.delivery.archive.time.monotonic", lambda: now)
    write(archive, range(2))
    now += 299
    write(archive, range(2, 4))
    assert len(list((tmp_path / "door").iterdir())) == 1
    now += 2
    write(archive, range(4, 6))
    archive.close()
    assert len(list((tmp_path / "door").iterdir())) == 2


def test_the_oldest_go_whatever_the_clock_says_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "door"
    folder.mkdir()
    (folder / "notes.jsonl").write_text("mine" * 3000)
    (folder / "door-000009-20380101T000000Z.jsonl").write_text('{"frame": -1}\n' * 500)
    archive = Archive(settings(tmp_path, megabytes=0.002, keep_megabytes=0.008))
    write(archive, range(100))
    archive.close()
    assert (folder / "notes.jsonl").exists()
    assert not (folder / "door-000009-20380101T000000Z.jsonl").exists()
    mine = [path for path in folder.iterdir() if path.name != "notes.jsonl"]
    assert sum(path.stat().st_size for path in mine) <= 8600
    (folder / "notes.jsonl").unlink()
    kept = frames_in(folder)
    assert kept == list(range(kept[0], 100))
    assert len(kept) > 15


def test_each_source_has_its_own_files(tmp_path: Path) -> None:
    archive = Archive(settings(tmp_path))
    write(archive, range(3), "door")
    write(archive, range(3, 5), "yard")
    archive.close()
    assert frames_in(tmp_path / "door") == [0, 1, 2]
    assert frames_in(tmp_path / "yard") == [3, 4]


def test_whole_messages(tmp_path: Path) -> None:
    archive = Archive(settings(tmp_path, format="messages"))
    write(archive, range(2))
    archive.close()
    (path,) = (tmp_path / "door").iterdir()
    first = json.loads(path.read_text().splitlines()[0])
    assert (first["source"], first["at"], first["records"]) == ("door", 1.7e9, [record(0)])


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_after_a_kill_the_files_are_whole(tmp_path: Path, form: str) -> None:
    if form == "parquet":
        pytest.importorskip("pyarrow")
    code = (
        "import os, sys, time; from pathlib import Path\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from test_archive import *\n"
        f"archive = Archive(settings(Path({str(tmp_path)!r}), format={form!r}))\n"
        "write(archive, range(20)); time.sleep(0.6); write(archive, range(20, 21))\n"
        "os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == -9
    archive = Archive(settings(tmp_path, format=form))
    write(archive, range(21, 25))
    archive.close()
    files = sorted((tmp_path / "door").iterdir())
    assert len(files) == 2
    if form == "parquet":
        import pyarrow.parquet as pq

        found = [frame for path in files for frame in pq.read_table(path)["frame"].to_pylist()]
    else:
        found = frames_in(tmp_path / "door")
    assert found == list(range(25))


@pytest.mark.parametrize(
    ("before", "after"),
    [(b'{"a": 1}\n{"a"', b'{"a": 1}\n'), (b'{"a"', b""), (b"", b""), (b"1\n2\n", b"1\n2\n")],
)
def test_a_torn_line_is_cut(tmp_path: Path, before: bytes, after: bytes) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_bytes(before)
    cut_torn_line(path)
    assert path.read_bytes() == after


def test_a_long_torn_line_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_bytes(b"whole\n" + b"x" * 200_000)
    cut_torn_line(path)
    assert path.read_bytes() == b"whole\n"
