"""The detection comparison: every approach trains and is measured on a few cached maps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from edgereg_training.reproduce.ebm.detection import fitting
from edgereg_training.reproduce.ebm.detection.detector import Cached
from edgereg_training.reproduce.ebm.detection.layers import CONFIDENCES, REGRESSORS, Confidence
from edgereg_training.reproduce.ebm.detection.study import judged, plot_of, rows_of
from matplotlib.figure import Figure

TRUTH = np.array([[16, 16, 48, 48]], np.float32)


def maps_with_a_square() -> Cached:
    """Four pictures whose one object is a bright square of the map; detections are beside it."""
    maps = np.zeros((4, 6, 8, 10), np.float16)
    maps[:, :, 2:6, 2:6] = 1
    maps += np.random.default_rng(0).normal(0, 0.1, maps.shape).astype(np.float16)
    boxes = TRUTH + np.array([[3, -2, 4, 3]], np.float32)
    return Cached(
        maps=maps,
        truth=[TRUTH] * 4,
        classes=[np.zeros(1, np.int64)] * 4,
        boxes=[boxes, boxes + 2, boxes - 2, boxes[:0]],
        scores=[np.array([0.9], np.float32)] * 3 + [np.zeros(0, np.float32)],
        labels=[np.zeros(1, np.int64)] * 3 + [np.zeros(0, np.int64)],
        names=("square",),
        seconds=0.01,
    )


@pytest.fixture
def cells(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[dict[str, Any]]]:
    torch.set_num_threads(1)
    data = maps_with_a_square()
    monkeypatch.setattr(fitting, "split_of", lambda *_: data)
    monkeypatch.setattr(fitting, "STEPS", 2)
    return {
        name: [
            fitting.train_cell({"folder": "", "data": "", "approach": name, "rate": 1e-3,
                                "seed": 0, "steps": 3})
        ]
        for name in [*REGRESSORS, *CONFIDENCES]
    }  # fmt: skip


def test_every_approach_becomes_a_row(cells: dict[str, list[dict[str, Any]]]) -> None:
    own = fitting.detector_figures(maps_with_a_square())
    rows = rows_of(cells, own, 0.01)
    assert [row[0] for row in rows if row[1] == "score"] == [
        "Faster R-CNN itself", *REGRESSORS, *CONFIDENCES,
    ]  # fmt: skip
    assert {row[1] for row in rows} == {"score", "IoU", "f"}
    assert all(np.isfinite(cell["loss"]) for found in cells.values() for cell in found)
    assert len(judged(cells)) == 7
    figure = Figure()
    plot_of(cells, own)(figure)
    assert [t.get_text() for t in figure.axes[0].get_yticklabels()] == [*REGRESSORS, *CONFIDENCES]


def test_an_energy_that_has_learnt_pulls_boxes_to_their_object() -> None:
    torch.manual_seed(0)
    torch.set_num_threads(1)
    data = maps_with_a_square()
    net = Confidence(6, "nll")
    fitting.fit(net, data, {"rate": 3e-3, "seed": 0, "steps": 60})
    before = np.abs(data.boxes[0] - TRUTH).mean()
    after = np.abs(fitting.refined(net, data, 4e-4).boxes[0] - TRUTH).mean()
    assert after < 0.8 * before


def test_a_split_without_any_detection_is_measured() -> None:
    data = maps_with_a_square()
    net = Confidence(6, "iou-net")
    empty = fitting.refined(net, data, 0.1, steps=1)
    assert len(empty.boxes[3]) == 0
