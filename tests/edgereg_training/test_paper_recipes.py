"""Every recipe at the papers' scale, tried on tiny copies of its data sets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("timm")

from edgereg_training.backbones import parse_backbone  # noqa: E402
from edgereg_training.commands.train import RECIPES  # noqa: E402
from edgereg_training.dry_run import dry_run  # noqa: E402
from edgereg_training.loop.recipe import Recipe, load_recipe  # noqa: E402
from edgereg_training.methods.registry import parse_method  # noqa: E402
from edgereg_training.regression.net import build_net  # noqa: E402
from edgereg_training.regression.target import target_of  # noqa: E402

PAPERS = sorted((RECIPES / "papers").glob("*.yaml"))


def on_tiny_sets(recipe: Recipe, tiny_set: Callable[[str], Path], cache: Path) -> Recipe:
    """The recipe with its data sets' tiny copies, on the CPU, with a network that is soon built."""
    options: dict[str, Any] = {**recipe.options, "backbone": {"name": "edge-xs"}}
    for key in ("train", "validation"):
        options[key] = [
            {**part, "folder": str(tiny_set(part["set"])), "cache": str(cache)}
            for part in options[key]
        ]
    return recipe.model_copy(update={"options": options, "accelerator": "cpu"})


@pytest.mark.parametrize("path", PAPERS, ids=lambda path: path.stem)
def test_a_dry_run_finds_all_of_a_recipe(
    path: Path, tiny_set: Callable[[str], Path], tmp_path: Path
) -> None:
    recipe = on_tiny_sets(load_recipe(path), tiny_set, tmp_path / "cache")
    found = dry_run(recipe)
    assert {part.name.split(":")[0] for part in found.parts} == {"train", "validation"}
    assert all(part.examples > 0 for part in found.parts)
    size = recipe.options["size"]
    assert found.shapes["images"] == (2, size, size, 3)
    assert found.loss == found.loss, "the loss is a number"
    assert found.hours > 0


@pytest.mark.parametrize("path", PAPERS, ids=lambda path: path.stem)
def test_the_papers_network_fits_the_method_and_the_targets(path: Path) -> None:
    options = load_recipe(path).options
    if options["method"]["name"] in ("ebm", "gllim"):
        pytest.skip("has numbers that can't be made without memory")
    targets = target_of(options["target"], options["size"]).values
    backbone = {**options["backbone"], "pretrained": False}
    with torch.device("meta"):
        net = build_net(
            parse_backbone(backbone).build(options["size"]),
            parse_method(options["method"]),
            targets,
        )
    # ResNet-50, HRNetV2-W18 and RAFA-Net.
    assert 9e6 < sum(p.numel() for p in net.parameters()) < 75e6


def test_missing_pictures_are_told_before_any_training(
    tiny_set: Callable[[str], Path], tmp_path: Path
) -> None:
    from edgereg_training.data.dataset import DataSetError

    (tiny_set("cofw") / "COFW_train_color.mat").unlink()
    recipe = on_tiny_sets(load_recipe(RECIPES / "papers" / "cofw-bel.yaml"), tiny_set, tmp_path)
    with pytest.raises(DataSetError, match=r"COFW_train_color.mat: is missing"):
        dry_run(recipe)
