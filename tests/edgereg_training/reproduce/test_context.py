"""Studies go on where they were stopped, in any number of processes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

from edgereg_training.reproduce.cells import Cells
from edgereg_training.reproduce.context import Context


def square(key: dict[str, Any], ledger: Path) -> dict[str, Any]:
    """Writes down that it ran; 13 fails."""
    (ledger / str(key["n"])).touch()
    if key["n"] == 13:
        raise ValueError("13 is unlucky")
    return {"square": key["n"] ** 2}


@pytest.fixture
def context(tmp_path: Path) -> Context:
    return Context(True, Cells(tmp_path / "cells"), tmp_path / "data")


def keys(*numbers: int) -> list[dict[str, Any]]:
    return [{"n": number} for number in numbers]


def test_cells_are_in_order_and_computed_once(context: Context, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first = context.map(square, keys(3, 1, 2), ledger=tmp_path / "a")
    again = context.map(square, keys(1, 2, 3, 4), ledger=tmp_path / "b")
    assert [cell["square"] for cell in first] == [9, 1, 4]
    assert [cell["square"] for cell in again] == [1, 4, 9, 16]
    assert [path.name for path in (tmp_path / "b").iterdir()] == ["4"]


def test_processes_give_the_same_and_keep_what_was_done_beside_a_failure(
    context: Context, tmp_path: Path
) -> None:
    pool = Context(True, context.cells, context.data, jobs=2)
    with pytest.raises(ValueError, match="unlucky"):
        pool.map(square, keys(5, 13), ledger=tmp_path)
    assert context.cells.read({"n": 5}) == {"square": 25}
    assert context.cells.read({"n": 13}) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"key": {"n": 8}, "result": {"square": 1}}'])
def test_a_damaged_or_foreign_cell_is_computed_again(
    context: Context, tmp_path: Path, text: str
) -> None:
    context.cells.write({"n": 7}, {"square": 0})
    (only,) = context.cells.folder.iterdir()
    only.write_text(text, encoding="utf-8")
    (cell,) = context.map(square, keys(7), ledger=tmp_path)
    assert cell == {"square": 49}


def test_progress_counts_finished_cells(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    context = Context(
        True,
        Cells(tmp_path / "c"),
        tmp_path,
        progress=lambda done, total, _: seen.append((done, total)),
    )
    context.map(square, keys(1, 2), ledger=tmp_path)
    context.map(square, keys(1, 2, 3), ledger=tmp_path)
    assert seen == [(0, 2), (1, 2), (2, 2), (2, 3), (3, 3)]
