"""The predicted IoU: boxes of given overlap, the loss by hand, learning, and the ascent."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from edgereg_training.detection.boxes import from_relative, to_relative  # noqa: E402
from edgereg_training.detection.energy import BoxEnergyNet  # noqa: E402
from edgereg_training.detection.iou_net import (  # noqa: E402
    FARTHEST,
    boxes_of_iou,
    iou_loss,
    overlaps,
    proposed,
    refine_corners,
    uniform_iou,
)
from edgereg_training.detection.losses import LossSettings, confidence_loss  # noqa: E402
from edgereg_training.detection.problem import DetectionOptions  # noqa: E402
from edgereg_training.methods.ebm.likelihood import Proposal  # noqa: E402
from scipy.stats import kstest, spearmanr  # noqa: E402

HEADS = torch.tensor([[10.0, 12.0, 40.0, 52.0], [5.0, 40.0, 55.0, 50.0]])
PROPOSAL = Proposal([[0.0375] * 4, [0.075] * 4, [0.15] * 4])


class _Constant(torch.nn.Module):
    def __init__(self, value: float) -> None:
        super().__init__()
        self.value = value

    def forward(self, features: torch.Tensor, boxes: torch.Tensor) -> torch.Tensor:
        return torch.full(boxes.shape[:2], self.value)


class _Slope(torch.nn.Module):
    """f = 0.1 x1 - 0.2 y2: its gradient in the corners is (0.1, 0, 0, -0.2)."""

    def forward(self, features: torch.Tensor, boxes: torch.Tensor) -> torch.Tensor:
        return 0.1 * boxes[..., 0] - 0.2 * boxes[..., 3]


def test_boxes_have_the_iou_asked_for() -> None:
    wanted = torch.tensor([[0.14, 0.3, 0.5, 0.75, 0.99, 1.0]] * 2)
    drawn = boxes_of_iou(HEADS, wanted, torch.Generator().manual_seed(0))
    torch.testing.assert_close(overlaps(drawn, HEADS), wanted, atol=1e-4, rtol=0)


def test_the_farthest_box_overlaps_little_in_any_direction() -> None:
    noise = torch.randn(1, 20_000, 4, generator=torch.Generator().manual_seed(1))
    direction = noise / noise.norm(dim=-1, keepdim=True)
    size = HEADS[:1, None, 2:] - HEADS[:1, None, :2]
    farthest = from_relative(to_relative(HEADS[:1, None], size) + FARTHEST * direction, size)
    assert overlaps(farthest, HEADS[:1]).max() < 0.14


def test_uniform_iou_is_uniform() -> None:
    drawn = uniform_iou(HEADS[:1], 2000, torch.Generator().manual_seed(2))
    found = overlaps(drawn, HEADS[:1])[0]
    assert kstest(found.numpy(), "uniform", (0.5, 0.5)).pvalue > 0.01


def test_proposed_boxes_follow_the_proposal() -> None:
    drawn = proposed(HEADS[:1], Proposal([[0.1] * 4]), 4000, torch.Generator().manual_seed(3))[0]
    width = (drawn[:, 2] - drawn[:, 0]).log()
    assert width.mean().item() == pytest.approx(torch.tensor(30.0).log().item(), abs=0.01)
    assert width.std().item() == pytest.approx(0.1, abs=0.005)


def test_loss_by_hand() -> None:
    """IoUs 1 and 1/3 are targets 1 and -1/3; Huber is quadratic up to 1, then linear."""
    heads = (HEADS[None], torch.tensor([[False, True]]))
    half = torch.tensor([[[5.0, 40.0, 55.0, 50.0], [30.0, 40.0, 80.0, 50.0]]])
    features = torch.zeros(1, 3, 8, 8)
    small = iou_loss(_Constant(0.5), features, heads, half)
    assert small.item() == pytest.approx((0.5 * 0.5**2 + 0.5 * (5 / 6) ** 2) / 2, abs=1e-5)
    large = iou_loss(_Constant(-1.5), features, heads, half)
    assert large.item() == pytest.approx(((2.5 - 0.5) + (7 / 6 - 0.5)) / 2, abs=1e-5)


def test_loss_of_no_heads_is_zero() -> None:
    heads = (HEADS[None], torch.zeros(1, 2, dtype=torch.bool))
    for kind in ("iou-net", "iou-net-star"):
        settings = LossSettings(kind, samples=4)
        assert confidence_loss(_Constant(3.0), torch.zeros(1, 3, 8, 8), heads, settings) == 0


@pytest.mark.parametrize("kind", ["iou-net", "iou-net-star"])
def test_learning_ranks_boxes_by_their_iou(kind: str) -> None:
    torch.manual_seed(0)
    net = BoxEnergyNet(3, 4, (32,))
    features = torch.zeros(1, 3, 8, 8)
    features[:, 0, 1:7, 1:5] = 1
    features[:, 1:] = 0.1 * torch.randn(1, 2, 8, 8)
    heads = (HEADS[None, :1], torch.ones(1, 1, dtype=torch.bool))
    tried = uniform_iou(HEADS[:1], 300, torch.Generator().manual_seed(9))
    overlap = overlaps(tried, HEADS[:1])[0].numpy()

    def correlation() -> float:
        with torch.no_grad():
            return float(spearmanr(net(features, tried)[0].numpy(), overlap).statistic)

    before = correlation()
    optimiser = torch.optim.Adam(net.parameters(), 0.01)
    settings = LossSettings(kind, samples=64)  # type: ignore[arg-type]
    for step in range(80):
        generator = torch.Generator().manual_seed(step)
        loss = confidence_loss(net, features, heads, settings, generator)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert abs(before) < 0.6
    assert correlation() > 0.8
    start = tried[:, overlap < 0.7]
    path, values = refine_corners(net, features, start, steps=10)
    assert (values.diff(dim=-1) >= 0).all()
    better = overlaps(path[0, :, -1][None], HEADS[:1]) - overlaps(start, HEADS[:1])
    assert better.mean() > 0.02


def test_ascent_moves_corners_by_gradient_times_side() -> None:
    path, values = refine_corners(_Slope(), torch.zeros(1, 3, 8, 8), HEADS[None], 0.5, 0.1, 1)
    # Sides are 30 x 40 and 50 x 10.
    moved = torch.tensor([[1.5, 0, 0, -4], [2.5, 0, 0, -1.0]])
    torch.testing.assert_close(path[0, :, 1], HEADS + moved, atol=1e-4, rtol=0)
    gained = 0.1 * moved[:, 0] - 0.2 * moved[:, 3]
    torch.testing.assert_close(values[0, :, 1] - values[0, :, 0], gained, atol=1e-4, rtol=0)


def test_recipes_name_the_confidence() -> None:
    options = {"train": ["a"], "val": ["b"], "confidence": "iou-net-star"}
    assert DetectionOptions.model_validate(options).confidence == "iou-net-star"
    with pytest.raises(ValueError, match="confidence"):
        DetectionOptions.model_validate(options | {"confidence": "iou"})
