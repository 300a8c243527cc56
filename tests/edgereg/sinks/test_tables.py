"""Tables: the documented schema, whole lines whatever happens, and unwritable outputs."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgereg.core.errors import SinkError
from edgereg.core.frames import SourceInfo
from edgereg.core.kinds import Angles, Boxes, Kinds, Points, Scalars, scalar
from edgereg.core.model_spec import Target
from edgereg.core.records import FIELDS, records
from edgereg.core.result import FrameResult
from edgereg.sinks import space
from edgereg.sinks.base import RunInfo, Sink
from edgereg.sinks.open import open_sink

Result = Callable[..., FrameResult]
INFO = SourceInfo("clip", 64, 48, 20.0, 10, seekable=True, live=False)


def test_the_documented_record(result: Result) -> None:
    colour, points = records(result(3))
    assert tuple(colour) == FIELDS == tuple(points)
    assert colour == {
        "frame": 3,
        "time_s": 0.15,
        "source": "clip.mp4",
        "task": "colour",
        "model": "tiny-colour",
        "track": 0,
        "label": None,
        "state": None,
        "region": [1.0, 2.0, 3.0, 4.5],
        "score": 0.5,
        "values": {"red": 10.1, "green": 20.0, "blue": 30.0},
        "units": {"red": "grey", "green": "grey", "blue": "grey"},
        "std": {"red": 0.25, "green": 0.25, "blue": 0.25},
        "interval": {
            "red": [9.688787, 10.511213],
            "green": [19.588787, 20.411213],
            "blue": [29.588787, 30.411213],
        },
        "initial": {"red": 1.0, "green": 2.0, "blue": 3.0},
        "smoothed": None,
        "energy": {"initial": -4.0, "final": -1.5},
    }
    assert points["values"] == {"points": [7.0, 8.0]}
    empty = ("track", "region", "std", "interval", "initial", "smoothed", "energy")
    assert all(points[name] is None for name in empty)


def test_jsonl_holds_the_records(tmp_path: Path, result: Result) -> None:
    path = tmp_path / "new" / "folder" / "out.jsonl"
    sink = open_sink(path, RunInfo(INFO))
    for index in range(3):
        sink.write(result(index, count=2))
    sink.write(result(3, count=0))
    sink.close()
    sink.close()
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert lines == [record for index in range(3) for record in records(result(index, count=2))]


def test_jsonl_can_be_read_while_it_is_written(tmp_path: Path, result: Result) -> None:
    sink = open_sink(tmp_path / "out.jsonl", RunInfo(INFO))
    sink.write(result(0))
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == 2


COLOURS = Scalars(
    tuple(Target(name=n, unit="grey", low=0, high=255) for n in ("red", "green", "blue"))
)
RUN = RunInfo(INFO, {"colour": (COLOURS,), "points": (Points(("spot",)),)})


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text())))


def test_csv_is_flat(tmp_path: Path, result: Result) -> None:
    sink = open_sink(tmp_path / "out.csv", RUN)
    sink.write(result(0, count=0))
    sink.write(result(1))
    sink.close()
    colour, points = rows_of(tmp_path / "out.csv")
    assert (colour["frame"], colour["task"], colour["track"]) == ("1", "colour", "0")
    assert (colour["region_x1"], colour["region_y2"]) == ("1.0", "4.5")
    assert (colour["red"], colour["red_std"], colour["red_initial"]) == ("10.1", "0.25", "1.0")
    assert (colour["red_low"], colour["red_high"]) == ("9.688787", "10.511213")
    assert (colour["energy_initial"], colour["energy_final"]) == ("-4.0", "-1.5")
    assert (colour["spot_x"], points["red"], points["region_x1"]) == ("", "", "")
    assert (points["spot_x"], points["spot_y"]) == ("7.0", "8.0")


def test_csv_columns_come_from_the_tasks_not_from_the_first_frame(
    tmp_path: Path, result: Result
) -> None:
    sink = open_sink(tmp_path / "out.csv", RUN)
    first = result(0)
    del first.predictions["points"]  # type: ignore[attr-defined]
    sink.write(first)
    sink.write(result(1))
    sink.close()
    rows = rows_of(tmp_path / "out.csv")
    assert [row["spot_x"] for row in rows] == ["", "", "7.0"]
    assert "other" not in rows[0]


def test_csv_has_each_column_once(tmp_path: Path, result: Result) -> None:
    kinds: Kinds = (scalar("x1"), scalar("score"), scalar("region_x1"))
    found = replace(result().predictions["colour"], kinds=kinds)
    both = {name: replace(found, task=name) for name in ("first", "again")}
    sink = open_sink(tmp_path / "out.csv", RunInfo(INFO, dict.fromkeys(both, kinds)))
    sink.write(replace(result(), predictions=both))
    sink.close()
    header, *_ = csv.reader(io.StringIO((tmp_path / "out.csv").read_text()))
    assert len(header) == len(set(header))
    first, again = rows_of(tmp_path / "out.csv")
    assert (first["x1"], first["first.score"], first["first.region_x1"]) == ("10.1", "20.0", "30.0")
    assert (again["again.x1"], again["again.score"]) == ("10.1", "20.0")
    assert again["score"] == "0.5"


def test_csv_without_frames_has_the_columns_of_its_tasks(tmp_path: Path) -> None:
    kinds: dict[str, Kinds] = {"detection": (Boxes(),), "headpose": (Angles(),)}
    open_sink(tmp_path / "out.csv", RunInfo(INFO, kinds)).close()
    header = (tmp_path / "out.csv").read_text().strip().split(",")
    assert header[:4] == ["frame", "time_s", "source", "task"]
    assert {"x1", "y2_std", "yaw", "yaw_low", "yaw_high", "roll_initial"} <= set(header)


def test_parquet_in_row_groups(
    tmp_path: Path, result: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    monkeypatch.setattr("edgereg.sinks.parquet.ROW_GROUP", 4)
    monkeypatch.setattr("edgereg.sinks.parquet.WAIT_S", 100)
    path = tmp_path / "out.parquet"
    sink = open_sink(path, RunInfo(INFO))
    for index in range(5):
        sink.write(result(index))
    sink.close()
    sink.close()
    assert parquet.ParquetFile(path).num_row_groups == 3
    rows = parquet.read_table(path).to_pylist()
    assert [row["frame"] for row in rows] == [index // 2 for index in range(10)]
    assert tuple(rows[0]) == FIELDS
    assert dict(rows[0]["values"])["red"] == [pytest.approx(10.1)]
    assert dict(rows[1]["values"])["points"] == [7, 8]
    assert rows[1]["region"] is None
    assert rows[0]["energy"] == {"initial": -4, "final": -1.5}


def test_parquet_without_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(SinkError, match=r"install edgereg\[results\]"):
        open_sink(tmp_path / "out.parquet", RunInfo(INFO))


def test_parquet_on_a_nearly_full_disk_is_closed_whole(
    tmp_path: Path, result: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    monkeypatch.setattr("edgereg.sinks.parquet.ROW_GROUP", 4)
    sink = open_sink(tmp_path / "out.parquet", RunInfo(INFO))
    sink.write(result(0))
    sink.write(result(1))
    nearly_full(monkeypatch)
    sink.write(result(2))
    with pytest.raises(SinkError, match="nearly full"):
        sink.write(result(3))
    sink.close()
    assert parquet.read_table(tmp_path / "out.parquet").num_rows == 8


def nearly_full(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type("Usage", (), {"free": 5 * 2**20})
    monkeypatch.setattr(space.shutil, "disk_usage", lambda _: usage)


ENDINGS = [".jsonl", ".csv", ".parquet", ".mp4"]


def opening_fault(path: Path) -> str:
    if path.suffix == ".parquet":
        pytest.importorskip("pyarrow")
    with pytest.raises(SinkError) as caught:
        open_sink(path, RunInfo(INFO))
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_folder_is_no_output(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"out{ending}"
    path.mkdir()
    assert "is a folder" in opening_fault(path)


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_unwritable_place(tmp_path: Path, ending: str) -> None:
    (tmp_path / "file").write_text("")
    assert "can't be written" in opening_fault(tmp_path / "file" / f"out{ending}")


@pytest.mark.parametrize("name", ["out.xyz", "out"])
def test_an_unknown_ending(tmp_path: Path, name: str) -> None:
    assert "there are .jsonl" in opening_fault(tmp_path / name)


class FullDisk(io.RawIOBase):
    """A file on a disk with `room` bytes left: takes a part of the last write, then fails."""

    def __init__(self, file: Any, room: int) -> None:
        self.file, self.room = file, room

    def write(self, data: Any) -> int:
        if not self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        taken = self.file.write(data[: self.room])
        self.room -= taken
        return int(taken)

    def seek(self, *place: int) -> int:
        return int(self.file.seek(*place))

    def truncate(self, size: int | None = None) -> int:
        return int(self.file.truncate(size))

    def close(self) -> None:
        self.file.close()


def fill(sink: Sink, result: Result) -> None:
    for index in range(100):
        sink.write(result(index))


@pytest.mark.parametrize("ending", [".jsonl", ".csv"])
def test_a_full_disk_leaves_whole_lines(
    tmp_path: Path, result: Result, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    path = tmp_path / f"out{ending}"
    real = Path.open
    monkeypatch.setattr(
        Path, "open", lambda self, *a, **k: FullDisk(real(self, *a, **k), room=1000)
    )
    sink = open_sink(path, RunInfo(INFO))
    with pytest.raises(SinkError, match="free some space"):
        fill(sink, result)
    sink.close()
    monkeypatch.undo()
    text = path.read_text()
    assert 0 < len(text) <= 1000
    assert text.endswith("\n")
    if ending == ".jsonl":
        assert all(tuple(json.loads(line)) == FIELDS for line in text.splitlines())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_the_full_device(tmp_path: Path, result: Result) -> None:
    (tmp_path / "out.jsonl").symlink_to("/dev/full")
    sink = open_sink(tmp_path / "out.jsonl", RunInfo(INFO))
    with pytest.raises(SinkError, match="No space left"):
        sink.write(result(0))
    sink.close()


@pytest.mark.parametrize("ending", ENDINGS)
def test_writing_after_closing(tmp_path: Path, result: Result, ending: str) -> None:
    if ending == ".parquet":
        pytest.importorskip("pyarrow")
    sink = open_sink(tmp_path / f"out{ending}", RunInfo(INFO))
    sink.close()
    with pytest.raises(SinkError, match="is closed"):
        sink.write(result(0))
