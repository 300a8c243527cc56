"""Records of measurements: saved, read again, compared; what is none is refused in one line."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from edgereg.bench.compare import differences, doubts
from edgereg.bench.machine import describe_machine, is_busy, unlike
from edgereg.bench.record import VERSION, Record, Row, read_record, require_place
from edgereg.core.errors import EdgeregError

ROW = Row("heads", "fp32", "cpu", "predict", 1, 1.5, 50, 2, 10.0, 12.0, 15.0, 100.0)
ROOT = Path(__file__).parents[3]


def test_a_record_survives_the_disk(tmp_path: Path) -> None:
    record = Record(describe_machine(), (ROW, replace(ROW, batch=4, energy_mj=3.5)))
    record.save(tmp_path / "r.json")
    assert read_record(tmp_path / "r.json") == record
    assert record.machine["cores"] >= 1
    assert record.machine["processor"]


def test_every_field_of_the_file_is_documented() -> None:
    page = (ROOT / "docs" / "bench.md").read_text(encoding="utf-8")
    found = json.loads(Record(describe_machine(), (ROW,)).text())
    for name in (*found, *found["machine"], *found["rows"][0]):
        assert f"`{name}`" in page, name


def test_differences_are_of_the_same_case() -> None:
    baseline = Record({}, (ROW, replace(ROW, batch=4, p50_ms=20.0)))
    rows = [replace(ROW, p50_ms=11.0), replace(ROW, batch=4, p50_ms=15.0), replace(ROW, batch=8)]
    assert differences(rows, baseline) == [pytest.approx(0.1), pytest.approx(-0.25), None]


def test_a_baseline_of_something_else_is_doubted() -> None:
    here = Record({"processor": "A", "cores": 2, "gpu": "none"}, (ROW,))
    assert doubts(here, here) == []
    there = Record({**here.machine, "processor": "B", "cores": 4}, (ROW,))
    assert doubts(here, there) == [
        "the baseline was measured on another machine: processor B (here A), cores 4 (here 2)"
    ]
    other = Record(here.machine, (replace(ROW, model="pose"),))
    assert doubts(here, other) == ["the baseline has none of these rows; it is of pose fp32"]
    assert "it is of nothing" in doubts(here, Record(here.machine, ()))[0]
    (line,) = doubts(here, Record(here.machine, (replace(ROW, threads=1),)))
    assert "another number of threads" in line


def test_a_machine_with_other_work_is_known() -> None:
    machine = describe_machine()
    assert unlike(machine, machine) == []
    assert is_busy({**machine, "cores": 2, "load": 1.5})
    assert not is_busy({**machine, "cores": 2, "load": 0.4})
    assert not is_busy({**machine, "load": None})


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"version": 2}', '{"version": 2, "machine": {}, "rows": [{"model": 1}]}'],
)
def test_what_is_no_record_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "r.json"
    path.write_text(text)
    with pytest.raises(EdgeregError, match="no record of 'edgereg bench'") as caught:
        read_record(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("version", [VERSION - 1, VERSION + 1])
def test_a_record_of_another_version_is_refused(tmp_path: Path, version: int) -> None:
    path = tmp_path / "r.json"
    path.write_text(json.dumps({"version": version, "machine": {}, "rows": []}))
    with pytest.raises(EdgeregError, match=f"version {version} of the file, this one reads"):
        read_record(path)


def test_missing_files(tmp_path: Path) -> None:
    with pytest.raises(EdgeregError, match="can't be read"):
        read_record(tmp_path / "none.json")
    with pytest.raises(EdgeregError, match="can't be written"):
        Record({}, ()).save(tmp_path / "none" / "r.json")


def test_a_place_that_takes_no_file_is_told_beforehand(tmp_path: Path) -> None:
    require_place(tmp_path / "r.json")
    with pytest.raises(EdgeregError, match="its folder does not exist"):
        require_place(tmp_path / "none" / "r.json")
    with pytest.raises(EdgeregError, match="is a folder"):
        require_place(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_what_is_no_file_is_written_to_not_replaced(tmp_path: Path) -> None:
    place = tmp_path / "pipe"
    os.mkfifo(place)
    end = os.open(place, os.O_RDONLY | os.O_NONBLOCK)
    Record({}, (ROW,)).save(place)
    assert json.loads(os.read(end, 10_000))["version"] == VERSION
    os.close(end)
    assert place.is_fifo()


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "r.json"
    Record({}, (ROW,)).save(path)

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(EdgeregError, match="can't be written: No space left on device"):
        Record({}, ()).save(path)
    assert read_record(path).rows == (ROW,)
    assert list(tmp_path.iterdir()) == [path]
