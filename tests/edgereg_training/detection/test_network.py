"""Shapes, sizes and limits of the network and its `predict` graph."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from edgereg_training.detection.model import TOP, HeadModel, Predictor, best_candidates  # noqa: E402
from edgereg_training.detection.network import DetectorConfig, RawDetections  # noqa: E402

SMALL = DetectorConfig(widths=(4, 4, 8, 8, 8), depths=(0, 1, 0, 0), pyramid=8, features=4)


def test_no_more_parameters_than_promised() -> None:
    assert sum(p.numel() for p in HeadModel(DetectorConfig()).parameters()) <= 1_500_000


@pytest.mark.parametrize(("height", "width"), [(64, 96), (96, 64), (32, 32)])
def test_any_multiple_of_32_gives_100_candidates(height: int, width: int) -> None:
    predictor = Predictor(HeadModel(SMALL).detector).eval()
    images = torch.randint(0, 256, (2, height, width, 3), dtype=torch.uint8)
    boxes, scores, features = predictor(images)
    assert boxes.shape == (2, TOP, 4)
    assert features.shape == (2, 4, height // 8, width // 8)
    assert (scores[:, 1:] <= scores[:, :-1]).all()
    assert ((scores >= 0) & (scores <= 1)).all()


def test_points_are_cell_centres_and_boxes_hold_them() -> None:
    raw = HeadModel(SMALL).detector.eval()(torch.zeros(1, 3, 32, 64))
    assert raw.points[:2].tolist() == [[4.0, 4.0], [12.0, 4.0]]
    assert raw.points[-1].tolist() == [48.0, 16.0]
    assert len(raw.points) == 4 * 8 + 2 * 4 + 2
    assert (raw.boxes[0, :, :2] < raw.points).all()
    assert (raw.boxes[0, :, 2:] > raw.points).all()


def test_candidates_are_the_best_of_all_levels() -> None:
    logits = torch.linspace(-3, 3, 150)[None]
    boxes = torch.arange(150.0)[None, :, None].expand(1, 150, 4)
    nothing = torch.zeros(0)
    raw = RawDetections(logits, boxes, nothing, nothing, nothing)
    found, scores = best_candidates(raw, 3)
    assert found[0, :, 0].tolist() == [149.0, 148.0, 147.0]
    assert scores[0, 0].item() == pytest.approx(torch.sigmoid(torch.tensor(3.0)).item())


def test_a_new_network_calls_nothing_a_head() -> None:
    predictor = Predictor(HeadModel(SMALL).detector).eval()
    _, scores, _ = predictor(torch.randint(0, 256, (1, 64, 64, 3), dtype=torch.uint8))
    assert scores.max() < 0.1
