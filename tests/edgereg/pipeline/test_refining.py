"""How sure boxes are, from a graph in other pixels than the frame's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from edgereg.core.errors import EngineError
from edgereg.core.kinds import Boxes
from edgereg.core.predictions import Predictions
from edgereg.pipeline.refining import with_spread


class Tenth:
    """A graph `spread` that is unsure by a tenth of each box's width."""

    provider, inputs, outputs = "test", ("features", "final"), ("std",)

    def __init__(self, rows: int | None = None) -> None:
        self.rows = rows
        self.seen: Mapping[str, Any] = {}

    def run(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        self.seen = inputs
        final = inputs["final"]
        std = np.repeat(final[..., 2:3] - final[..., :1], 4, axis=2) / 10
        return {"std": std[:, : self.rows]}


def boxes(count: int) -> Predictions:
    """Of a frame that the graph sees at half its size, 10 pixels moved."""
    values = np.tile(np.array([[20, 40, 60, 100]], np.float32), (count, 1))
    scale, offset = np.full((count, 4), 0.5, np.float32), np.full((count, 4), 10, np.float32)
    features = {"features": np.zeros((1, 2, 4, 4), np.float32)}
    return Predictions(
        "detection", "test", (Boxes(),), values, np.ones(count, np.float32),
        features=features, to_graph=(scale, offset),
    )  # fmt: skip


def test_boxes_go_to_the_graph_in_its_pixels_and_come_back_in_the_frames() -> None:
    graph = Tenth()
    told = with_spread(graph, boxes(2))
    np.testing.assert_allclose(graph.seen["final"][0, 0], [20, 30, 40, 60])
    assert told.std is not None
    np.testing.assert_allclose(told.std, np.full((2, 4), 4.0))
    low, high = told[0].interval("x1")  # type: ignore[misc]
    assert (low, high) == pytest.approx((20 - 1.645 * 4, 20 + 1.645 * 4), abs=0.01)


def test_no_boxes_are_not_asked_about() -> None:
    graph = Tenth()
    assert with_spread(graph, boxes(0)).std is None
    assert not graph.seen


def test_an_output_of_another_shape_is_one_line() -> None:
    with pytest.raises(EngineError, match=r"'std' has shape \[1, 1, 4\], expected is \[1, 2, 4\]"):
        with_spread(Tenth(rows=1), boxes(2))
