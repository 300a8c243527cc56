"""The energy over boxes: its loss, its weights, and the ascent on it."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from edgereg_training.detection.boxes import to_relative  # noqa: E402
from edgereg_training.detection.energy import (  # noqa: E402
    BoxEnergyNet,
    box_energy_loss,
    refine_boxes,
)
from edgereg_training.methods.ebm.likelihood import Proposal  # noqa: E402

BOXES = torch.tensor([[[10.0, 12.0, 40.0, 52.0], [30.0, 30.0, 50.0, 60.0]]])
FEATURES = torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
PROPOSAL = Proposal([[0.0375] * 4, [0.075] * 4, [0.15] * 4])


class _Bowl(torch.nn.Module):
    """f = -||y - mu||^2 / 2 in relative coordinates of boxes of reference size 20 x 20."""

    def forward(self, features: torch.Tensor, boxes: torch.Tensor) -> torch.Tensor:
        size = torch.tensor([20.0, 20.0])
        target = to_relative(torch.tensor([12.0, 8.0, 34.0, 30.0]), size)
        return -0.5 * (to_relative(boxes, size) - target).square().sum(-1)


def test_loss_falls_when_the_energy_prefers_the_truth() -> None:
    torch.manual_seed(0)
    net = BoxEnergyNet(3, 3, (16,))
    features = torch.randn(1, 3, 8, 8)
    mask = torch.ones(1, 2, dtype=torch.bool)
    optimiser = torch.optim.Adam(net.parameters(), 0.01)
    losses = []
    for step in range(60):
        generator = torch.Generator().manual_seed(step)
        loss = box_energy_loss(net, features, (BOXES, mask), PROPOSAL, 64, generator)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert np.mean(losses[-10:]) < np.mean(losses[:10]) - 1


def test_loss_of_no_heads_is_zero_and_masked_heads_do_not_count() -> None:
    net = BoxEnergyNet(3, 3, (4,))
    none = torch.zeros(1, 2, dtype=torch.bool)
    assert box_energy_loss(net, FEATURES, (BOXES, none), PROPOSAL, 8).item() == 0
    first = torch.tensor([[True, False]])
    other = BOXES.clone()
    other[0, 1] *= 0.5
    losses = [
        box_energy_loss(
            net, FEATURES, (b, first), PROPOSAL, 8, torch.Generator().manual_seed(1)
        ).item()
        for b in (BOXES, other)
    ]
    assert losses[0] == pytest.approx(losses[1])


def test_ascent_halves_the_error_of_a_bowl_with_half_steps() -> None:
    """METHODS golden check 16, with the reference size equal to the initial box's."""
    start = torch.tensor([[[10.0, 10.0, 30.0, 30.0]]])
    path, energies = refine_boxes(_Bowl(), FEATURES, start, torch.full((4,), 0.5), 0.5, 4)
    assert path.shape == (1, 1, 5, 4)
    np.testing.assert_allclose(path[0, 0, 0], start[0, 0])
    ratio = energies[0, 0, 1:] / energies[0, 0, :-1]
    np.testing.assert_allclose(ratio, 0.25, rtol=1e-3)


def test_a_step_that_falls_is_undone_and_shortened() -> None:
    start = torch.tensor([[[10.0, 10.0, 30.0, 30.0]]])
    _, energies = refine_boxes(_Bowl(), FEATURES, start, torch.full((4,), 3.0), 0.5, 2)
    first, second, third = energies[0, 0]
    assert second == first
    assert third / first == pytest.approx(0.25, rel=1e-3)  # the next step of 1.5 overshoots by half


def test_energy_never_falls_along_the_path() -> None:
    torch.manual_seed(3)
    net = BoxEnergyNet(3, 5, (16,))
    _, energies = refine_boxes(net, FEATURES * 5, BOXES, torch.full((4,), 0.05), 0.5, 8)
    assert (energies.diff(dim=-1) >= 0).all()


def test_weights_from_before_the_calibration_are_taken() -> None:
    net = BoxEnergyNet(4, 3, (8,))
    net.get_buffer("factors").fill_(2)
    old = {name: value for name, value in net.state_dict().items() if name != "factors"}
    net.load_state_dict(old)
    assert net.get_buffer("factors").tolist() == [1, 1, 1, 1]
