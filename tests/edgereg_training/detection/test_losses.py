"""The detector's loss: what it rewards, what it leaves alone."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from edgereg_training.detection.assignment import Assignment, HeadLabels  # noqa: E402
from edgereg_training.detection.energy import BoxEnergyNet  # noqa: E402
from edgereg_training.detection.losses import (  # noqa: E402
    LossSettings,
    detection_loss,
    jittered,
    pick_heads,
    quality_focal,
    total_loss,
)
from edgereg_training.detection.model import HeadModel  # noqa: E402
from edgereg_training.detection.network import DetectorConfig, RawDetections  # noqa: E402

BOX = torch.tensor([4.0, 4.0, 20.0, 24.0])


def _raw(logit: float, boxes: torch.Tensor) -> RawDetections:
    nothing = torch.zeros(0)
    return RawDetections(torch.full((1, 2), logit), boxes[None], nothing, nothing, nothing)


def _assigned(weight: float = 1.0) -> Assignment:
    quality = torch.tensor([[1.0, 0.0]])
    return Assignment(quality, torch.tensor([[1.0, weight]]), BOX.expand(1, 2, 4))


def test_quality_focal_is_least_at_its_target() -> None:
    target = torch.tensor(0.3)
    at_target = quality_focal(torch.logit(target), target)
    assert at_target.item() == pytest.approx(0, abs=1e-6)
    assert quality_focal(torch.tensor(2.0), target) > 0.1


def test_a_perfect_box_costs_nothing() -> None:
    quality, box = detection_loss(_raw(0.0, BOX.expand(2, 4)), _assigned())
    assert box.item() == pytest.approx(0, abs=1e-6)
    _, worse = detection_loss(_raw(0.0, BOX.expand(2, 4) + 3), _assigned())
    assert worse > 0.1
    assert quality > 0


def test_ignored_points_cost_nothing() -> None:
    raw = _raw(3.0, BOX.expand(2, 4))
    counted, _ = detection_loss(raw, _assigned(1.0))
    ignored, _ = detection_loss(raw, _assigned(0.0))
    assert ignored < 0.1 < counted


def test_picked_heads_are_real_ones() -> None:
    boxes = torch.arange(24.0).reshape(2, 3, 4)
    valid = torch.tensor([[True, True, False], [False, False, False]])
    ignored = torch.tensor([[False, True, False], [False, False, False]])
    picked, mask = pick_heads(HeadLabels(boxes, valid, ignored), 2)
    assert mask.sum() == 1
    assert picked[mask].tolist() == [boxes[0, 0].tolist()]
    assert (picked[~mask][:, 2:] > picked[~mask][:, :2]).all()


def test_jitter_is_relative_to_the_size_of_a_box() -> None:
    boxes = torch.tensor([[[0.0, 0.0, 100.0, 50.0]]]).expand(1, 4000, 4)
    moved = jittered(boxes, 0.02, torch.Generator().manual_seed(0)) - boxes
    centre = (moved[..., :2] + moved[..., 2:])[0] / 2
    torch.testing.assert_close(centre.std(dim=0), torch.tensor([2.0, 1.0]), rtol=0.1, atol=0)
    assert (moved[..., 2:] > -10).all()


def test_training_steps_lower_the_loss() -> None:
    torch.manual_seed(0)
    config = DetectorConfig(
        widths=(4, 8, 8, 8, 8), depths=(0, 0, 0, 0), pyramid=8, features=4, hidden=(8,)
    )
    model = HeadModel(config)
    images = torch.full((2, 3, 64, 64), -1.0)
    boxes = torch.tensor([[[8.0, 8.0, 32.0, 32.0]], [[20.0, 24.0, 50.0, 60.0]]])
    for image, box in zip(images, boxes[:, 0].int().tolist(), strict=True):
        image[:, box[1] : box[3], box[0] : box[2]] = 1
    flags = torch.ones(2, 1, dtype=torch.bool)
    labels = HeadLabels(boxes, flags, ~flags)
    optimiser = torch.optim.Adam(model.parameters(), 0.02)
    history = []
    for _ in range(40):
        raw = model.detector(images)
        parts = total_loss(raw, model.energy, labels, LossSettings(samples=8))
        optimiser.zero_grad()
        parts["loss"].backward()
        optimiser.step()
        history.append(parts["loss"].item())
    assert min(history[-5:]) < 0.6 * history[0]


def test_a_batch_without_heads_has_a_finite_loss() -> None:
    config = DetectorConfig(
        widths=(4, 4, 4, 4, 4), depths=(0, 0, 0, 0), pyramid=4, features=4, hidden=(4,)
    )
    model = HeadModel(config)
    nobody = torch.zeros(1, 1, dtype=torch.bool)
    labels = HeadLabels(torch.tensor([[[0.0, 0.0, 1.0, 1.0]]]), nobody, nobody)
    raw = model.detector(torch.zeros(1, 3, 64, 64))
    parts = total_loss(raw, model.energy, labels, LossSettings())
    parts["loss"].backward()
    assert torch.isfinite(parts["loss"])
    assert isinstance(model.energy, BoxEnergyNet)
