"""Heatmaps: where cells are, what is learned, the quarter offset and the density."""

from __future__ import annotations

import math

import pytest
import torch
from edgereg_training.methods.baselines.heatmap import HeatmapHead, HeatmapSettings
from edgereg_training.methods.method import FeatureShape
from torch import Tensor

from edgereg.core.model_spec import Target

# 8 columns of 8 px, 4 rows of 10 px.
MAPS = FeatureShape(2, height=4, width=8)


def targets(points: int) -> tuple[Target, ...]:
    x = Target(name="x", unit="px", low=0, high=64)
    y = Target(name="y", unit="px", low=100, high=140)
    return (x, y) * points


def passing(points: int = 1) -> HeatmapHead:
    """The head whose maps are its first feature maps."""
    head = HeatmapSettings().head(MAPS, targets(points))
    with torch.no_grad():
        head.output.weight.zero_()
        for point in range(points):
            head.output.weight[point, point] = 1
    return head


def features(*cells: tuple[int, int, float]) -> Tensor:
    """Maps [1, 2, 4, 8] with values at (row, column), 0 elsewhere; the second map has none."""
    maps = torch.zeros(1, 2, 4, 8)
    for row, column, value in cells:
        maps[0, 0, row, column] = value
    return maps


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        # The centre of column 3 is at 28 px, of row 1 at 115 px; a quarter cell is 2 and 2.5 px.
        ([(1, 3, 1.0)], (28.0, 115.0)),
        ([(1, 3, 1.0), (1, 4, 0.5), (0, 3, 0.2)], (30.0, 112.5)),
        ([(1, 3, 1.0), (1, 2, 0.6), (1, 4, 0.5), (2, 3, 0.1)], (26.0, 117.5)),
        # On a border there is no neighbour to compare with.
        ([(0, 0, 1.0), (0, 1, 0.5), (1, 0, 0.5)], (4.0, 105.0)),
        ([(3, 7, 1.0), (3, 6, 0.5)], (60.0, 135.0)),
    ],
)
def test_value_is_the_peak_moved_a_quarter_cell(
    cells: list[tuple[int, int, float]], expected: tuple[float, float]
) -> None:
    assert tuple(passing().value(features(*cells))[0].tolist()) == expected


def test_maps_to_learn_are_gaussians_of_one_cell() -> None:
    maps = passing(2).grid.wanted(torch.tensor([[28.0, 115.0, 32.0, 115.0]]), 1.0)
    assert maps.shape == (1, 2, 4, 8)
    assert maps[0, 0, 1, 3].item() == pytest.approx(1)
    assert maps[0, 0, 1, 4].item() == pytest.approx(math.exp(-0.5))
    assert maps[0, 0, 2, 4].item() == pytest.approx(math.exp(-1))
    # The second point is half-way between two columns.
    assert maps[0, 1, 1, 3].item() == maps[0, 1, 1, 4].item() == pytest.approx(math.exp(-1 / 8))


def test_a_perfect_map_costs_nothing_and_decodes_within_a_quarter_cell() -> None:
    head = passing()
    generator = torch.Generator().manual_seed(0)
    # Away from the border, where no offset is taken.
    inside = torch.rand(200, 2, generator=generator) * 0.48 + 0.26
    points = torch.tensor([0.0, 100.0]) + inside * torch.tensor([64.0, 40.0])
    maps = head.grid.wanted(points, 1.0)
    given = torch.cat([maps, torch.zeros_like(maps)], dim=1)
    assert head.loss(given, points, generator)["loss"].item() == pytest.approx(0, abs=1e-9)
    error = (head.value(given) - points).abs() / torch.tensor([8.0, 10.0])
    assert error.max() <= 0.2501
    mean_error = (head.density(given).mean() - points).abs() / torch.tensor([8.0, 10.0])
    assert mean_error[:, 0].mean() < 0.3


def test_density_is_the_map_above_its_floor() -> None:
    density = passing().density(features((1, 3, 1.0), (1, 4, 0.5), (2, 6, 0.04), (0, 0, -9.0)))
    across, down = density.probabilities
    assert across.sum().item() == pytest.approx(1, abs=1e-6)
    assert down.sum().item() == pytest.approx(1, abs=1e-6)
    assert (across[0, 3] / across[0, 4]).item() == pytest.approx(0.95 / 0.45, rel=1e-3)
    assert across[0, 6] < 1e-3
    assert density.log_prob(torch.tensor([[[63.0, 101.0]]])).isfinite()


def test_an_empty_map_says_nothing() -> None:
    density = passing().density(torch.zeros(1, 2, 4, 8) - 1)
    torch.testing.assert_close(density.probabilities[0], torch.full((1, 8), 1 / 8))
    torch.testing.assert_close(density.mean(), torch.tensor([[32.0, 120.0]]))


def test_what_is_no_point_is_refused() -> None:
    with pytest.raises(ValueError, match="targets x, y of each point, got 3"):
        HeatmapSettings().head(MAPS, targets(2)[:3])
    with pytest.raises(ValueError, match="need feature maps"):
        HeatmapSettings().head(FeatureShape(8), targets(1))
