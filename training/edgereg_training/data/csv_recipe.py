"""A recipe for a CSV table, so that nobody has to write one: `edgereg train --csv`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgereg_training.data.csv_table import CSV, number_columns
from edgereg_training.data.dataset import DataSetError, samples_of
from edgereg_training.loop.errors import RecipeError
from edgereg_training.loop.recipe import OptimiserSettings, Recipe

# Enough for a small network to settle, and minutes on two cores.
STEPS, BATCH, SIZE = 2000, 32, 64
# Of the range of the labels, what is added at both ends where no range is given.
MARGIN = 0.1


@dataclass(frozen=True)
class Wanted:
    """A column to learn, and its range and unit where they are given."""

    name: str
    low: float | None = None
    high: float | None = None
    unit: str = ""


def parse_wanted(text: str) -> Wanted:
    """NAME, NAME:LOW:HIGH or NAME:LOW:HIGH:UNIT; RecipeError where it is neither."""
    name, *rest = text.split(":", 3)
    try:
        low, high = (float(end) for end in rest[:2]) if rest else (None, None)
    except ValueError as error:
        raise RecipeError(f"'{text}' is no target such as length_mm:0:120:mm") from error
    if not name or (low is not None and high is not None and low >= high):
        raise RecipeError(f"'{text}' is no target such as length_mm:0:120:mm")
    return Wanted(name, low, high, rest[2] if len(rest) > 2 else "")


def csv_recipe(table: Path, wanted: Wanted) -> Recipe:
    """BEL on a small network over whole pictures (or the table's boxes).

    Raises DataSetError where the table has no such column, or no line with a number in it.
    """
    samples = samples_of(CSV, table, "all")
    if wanted.name not in number_columns(table):
        known = ", ".join(number_columns(table))
        raise DataSetError(f"{table}: has no column '{wanted.name}' (it has {known})")
    labels = [float(s.labels[wanted.name]) for s in samples if wanted.name in s.labels]
    if not labels:
        raise DataSetError(f"{table}: column '{wanted.name}' holds no numbers")
    margin = MARGIN * ((max(labels) - min(labels)) or 1.0)
    low = min(labels) - margin if wanted.low is None else wanted.low
    high = max(labels) + margin if wanted.high is None else wanted.high
    outside = sum(not low <= label <= high for label in labels)
    if outside:
        raise DataSetError(
            f"{table}: {outside} of {len(labels)} numbers in '{wanted.name}' lie outside "
            f"{low:g}..{high:g} (least {min(labels):g}, most {max(labels):g}): give another range"
        )
    part = {"set": "csv", "folder": str(table.resolve())}
    count = max(len(labels), 1)
    batch = min(BATCH, max(1, count // 2))
    return Recipe(
        problem="regression",
        epochs=max(1, round(STEPS * batch / max(count, batch))),
        batch_size=batch,
        ema=0.99,
        optimiser=OptimiserSettings(
            learning_rate=3e-3, weight_decay=0.02, warmup_steps=100, gradient_clip=20.0
        ),
        options={
            "target": {
                "name": "scalar",
                "label": wanted.name,
                "unit": wanted.unit,
                "low": low,
                "high": high,
            },
            "train": [{**part, "split": "train"}],
            "validation": [{**part, "split": "val"}],
            "size": SIZE,
            "crop_scale": 1.0,
            "backbone": {"name": "edge-xs"},
            "method": {"name": "bel", "code": "J", "levels": 101},
            "score_densities": False,
        },
    )
