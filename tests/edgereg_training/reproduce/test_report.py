"""Reports as files."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

pytest.importorskip("torch")

from edgereg_training.reproduce.report import Report, Table, write_report
from edgereg_training.reproduce.statistics import over_seeds


def test_a_report_is_written_as_markdown_json_and_png(tmp_path: Path) -> None:
    table = Table("Errors", ("method", "MAE", "paper"), (("bel", 3.14159, None), ("l2", 4, "-")))
    report = Report(
        (table,), ("BEL is best.",), "Ten heads.", lambda figure: figure.subplots().plot([1, 2])
    )
    path = write_report(report, "Title", "edgereg reproduce x", tmp_path / "out", "x")
    text = path.read_text(encoding="utf-8")
    assert "| bel | 3.142 |  |" in text
    assert "- BEL is best." in text
    assert "![Title](x.png)" in text
    content = json.loads((tmp_path / "out" / "x.json").read_text(encoding="utf-8"))
    assert content["tables"][0]["rows"][0] == ["bel", 3.14159, None]
    assert (tmp_path / "out" / "x.png").read_bytes().startswith(b"\x89PNG")
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"x.md", "x.json", "x.png"}


def test_json_has_no_nan(tmp_path: Path) -> None:
    report = Report((Table("T", ("a",), ((float("nan"),),)),), (), "")
    write_report(report, "T", "c", tmp_path, "n")
    assert json.loads((tmp_path / "n.json").read_text())["tables"][0]["rows"] == [[None]]


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="'T'"):
        Table("T", ("a", "b"), ((1,),))


def test_interval_over_seeds_is_students() -> None:
    interval = over_seeds([1.0, 2.0, 3.0])
    # t(0.975, 2) = 4.302653; standard error 1 / sqrt(3).
    assert interval.mean == 2.0
    assert interval.high - 2.0 == pytest.approx(4.302653 / math.sqrt(3), rel=1e-6)
    assert math.isnan(over_seeds([1.0]).low)
    with pytest.raises(ValueError, match="no values"):
        over_seeds([])
