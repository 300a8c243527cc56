"""The age task: crops in, years with an interval out."""

from __future__ import annotations

from typing import Any

import numpy as np
from edgereg_age.task import Age

from edgereg.api import Frame, ModelSpec, Regions, TextMark

SPEC = ModelSpec.model_validate(
    {
        "schema_version": 1,
        "name": "years",
        "version": "1",
        "task": "age",
        "method": "bel",
        "targets": [{"name": "age", "unit": "year", "low": 0, "high": 100}],
        "input": {"width": 32, "height": 32, "crop_scale": 1.0},
        "graphs": {"predict": {"file": "predict.onnx", "sha256": "0" * 64}},
        "features": ["features"],
        "training_data": "none",
        "licence": "Apache-2.0",
    }
)


def run(ages: list[float]) -> Any:
    task = Age()
    frame = Frame(0, 0.0, np.zeros((100, 200, 3), np.uint8))
    boxes = [[40 * k, 10, 40 * k + 30, 50] for k in range(len(ages))]
    prepared = task.prepare(frame, Regions.of_boxes(boxes), SPEC)
    values = np.array(ages, np.float32).reshape(-1, 1)
    outputs = {
        "values": values,
        "std": np.full_like(values, 5),
        "interval": np.stack([values - 6, values + 12], -1),
        "features": np.zeros((len(ages), 4), np.float32),
    }
    return task.conclude(task.propose(outputs, prepared, SPEC), None, prepared, SPEC)


def test_years_with_their_interval() -> None:
    first, second = run([30, 61.4])
    assert (first["age"], first.interval("age")) == (30, (24, 42))
    assert second.all.specs[0].unit == "year"


def test_it_is_written_below_the_head() -> None:
    marks = Age().marks(run([30, 61.4]), (200, 100))
    assert [mark.text for mark in marks if isinstance(mark, TextMark)] == [
        "age 30 (24 to 42)",
        "age 61 (55 to 73)",
    ]


def test_no_heads() -> None:
    found = run([])
    assert found.values.shape == (0, 1)
    assert Age().marks(found, (200, 100)) == []
