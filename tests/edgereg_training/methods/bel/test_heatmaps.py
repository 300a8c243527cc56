"""BEL-H: bits of the cells of heatmaps."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from edgereg_training.methods.bel.heatmaps import (  # noqa: E402
    BelHeatmapHead,
    BelHeatmapSettings,
)
from edgereg_training.methods.method import FeatureShape  # noqa: E402

from edgereg.core.model_spec import Target  # noqa: E402

TARGETS = tuple(Target(name=name, unit="px", low=0, high=256) for name in ("x0", "y0", "x1", "y1"))


def head_of(code: str, cells: int = 64, channels: int = 1) -> BelHeatmapHead:
    settings = BelHeatmapSettings.model_validate({"code": code})
    return settings.head(FeatureShape(channels, cells, cells), TARGETS)


@pytest.mark.parametrize(("code", "classifiers"), [("U", 32768), ("J", 16384)])
def test_a_landmark_has_as_many_classifiers_as_the_paper_says(code: str, classifiers: int) -> None:
    head = head_of(code)
    bits = head._bits(torch.zeros(1, 1, 64, 64))
    assert bits.shape[:2] == (1, 2)
    assert bits[0, 0].numel() == classifiers


@pytest.mark.parametrize("code", ["U", "J"])
def test_perfect_bits_give_the_points_back(code: str) -> None:
    head = head_of(code)
    points = torch.tensor([[62.0, 200.0, 130.0, 34.0]])
    levels = (head.grid.wanted(points, 1.0) * 7).round().long()
    logits = 20 * (2 * head.words[levels] - 1)
    with torch.no_grad():
        head.output.weight.zero_()
        head.output.bias.zero_()
    sure = logits.movedim(-1, 2).flatten(1, 2)
    head.output = torch.nn.Identity()  # type: ignore[assignment]
    # The centre of a cell of 4 px, moved a quarter of it towards the larger neighbour.
    torch.testing.assert_close(head.value(sure), points, atol=1.01, rtol=0)
    assert float(head.loss(sure, points, torch.Generator())["loss"]) < 1e-3
    low, high = head.density(sure).interval(0.9)
    assert bool(((low < points) & (points < high)).all())


def test_the_loss_falls_where_the_maps_show_the_point() -> None:
    torch.manual_seed(0)
    head = head_of("J", cells=16, channels=2)
    generator = torch.Generator().manual_seed(0)
    places = torch.rand(64, 4, generator=generator) * 200 + 28
    features = head.grid.wanted(places, 1.0)
    optimiser = torch.optim.Adam(head.parameters(), 0.05)
    for _ in range(300):
        loss = head.loss(features, places, generator)["loss"]
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    with torch.no_grad():
        error = (head.value(features) - places).abs().mean()
    # Cells of 16 px.
    assert float(error) < 5
