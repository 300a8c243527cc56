"""Records of measurements: saved, read again, compared; what is none is refused in one line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from edgereg.bench.record import Record, Row, describe_machine, differences, read_record
from edgereg.errors import EdgeregError

ROW = Row("heads", "fp32", "cpu", "predict", 1, 10.0, 12.0, 15.0, 100.0)


def test_a_record_survives_the_disk(tmp_path: Path) -> None:
    record = Record(describe_machine(), (ROW, replace(ROW, batch=4, energy_mj=3.5)))
    record.save(tmp_path / "r.json")
    assert read_record(tmp_path / "r.json") == record
    assert record.machine["cores"] >= 1
    assert record.machine["processor"]


def test_differences_are_of_the_same_case() -> None:
    baseline = Record({}, (ROW, replace(ROW, batch=4, p50_ms=20.0)))
    rows = [replace(ROW, p50_ms=11.0), replace(ROW, batch=4, p50_ms=15.0), replace(ROW, batch=8)]
    assert differences(rows, baseline) == [pytest.approx(0.1), pytest.approx(-0.25), None]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"machine": {}, "rows": [{"model": 1}]}'])
def test_what_is_no_record_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "r.json"
    path.write_text(text)
    with pytest.raises(EdgeregError, match="no record of 'edgereg bench'") as caught:
        read_record(path)
    assert "\n" not in str(caught.value)


def test_missing_files(tmp_path: Path) -> None:
    with pytest.raises(EdgeregError, match="can't be read"):
        read_record(tmp_path / "none.json")
    with pytest.raises(EdgeregError, match="can't be written"):
        Record({}, ()).save(tmp_path / "none" / "r.json")
