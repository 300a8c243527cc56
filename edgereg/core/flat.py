"""Records as rows of a flat table: a column for every number that the tasks of a run give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from edgereg.core.kinds import Kinds, Points
from edgereg.core.records import Record

REGION = ("region_x1", "region_y1", "region_x2", "region_y2")
FIXED = ("frame", "time_s", "source", "task", "model", "track", "label", "state", *REGION, "score")
ENERGY = ("energy_initial", "energy_final")
# A number's own column, and those of what is known about it.
PARTS = ("", "_std", "_low", "_high", "_initial", "_smoothed")


class FlatTable:
    """Columns: FIXED; for each number <name>, <name>_std, <name>_low and <name>_high (the central
    90 %), <name>_initial, <name>_smoothed; and ENERGY.

    A point has two numbers, <point>_x and <point>_y; a map stays a list. A name that two tasks
    give, or that FIXED has, gets its task's name in front, as in age.score. The columns follow
    from what the tasks say that they give, so empty frames change nothing.
    """

    def __init__(self, kinds: Mapping[str, Kinds]) -> None:
        taken = {*FIXED, *ENERGY}
        self._numbers: dict[str, list[tuple[str, str, int | None]]] = {}
        for task, given in kinds.items():
            self._numbers[task] = [
                (f"{task}.{name}" if name in taken else name, value, index)
                for name, value, index in _numbers_of(given)
            ]
            taken |= {column for column, _, _ in self._numbers[task]}
        names = [column for numbers in self._numbers.values() for column, _, _ in numbers]
        self.columns = (*FIXED, *(f"{name}{part}" for name in names for part in PARTS), *ENERGY)

    def row(self, record: Record) -> dict[str, Any]:
        """The cells of a record by column; what is missing is None."""
        cells: dict[str, Any] = dict.fromkeys(self.columns)
        cells |= {name: record[name] for name in FIXED if name in record}
        cells |= dict(zip(REGION, record["region"] or [None] * 4, strict=True))
        energy = record["energy"] or {}
        cells |= dict(zip(ENERGY, (energy.get("initial"), energy.get("final")), strict=True))
        ends = record["interval"] or {}
        given: dict[str, Mapping[str, Any]] = {
            "": record["values"],
            "_std": record["std"] or {},
            "_low": {name: low for name, (low, _) in ends.items()},
            "_high": {name: high for name, (_, high) in ends.items()},
            "_initial": record["initial"] or {},
            "_smoothed": record["smoothed"] or {},
        }
        for column, value, index in self._numbers.get(record["task"], ()):
            for part, numbers in given.items():
                cell = numbers.get(value)
                cells[f"{column}{part}"] = cell if index is None or cell is None else cell[index]
        return cells


def _numbers_of(kinds: Kinds) -> Iterator[tuple[str, str, int | None]]:
    """(column, value, index of the number in a value that is a list) of every number."""
    for kind in kinds:
        if isinstance(kind, Points):
            for index, name in enumerate(kind.names):
                yield f"{name}_x", "points", 2 * index
                yield f"{name}_y", "points", 2 * index + 1
        else:
            for spec in kind.values:
                yield spec.name, spec.name, None
