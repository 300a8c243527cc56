"""What a plugin adds to training, without touching edgereg: a method, a backbone, a data set with
its target."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar, Literal

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from edgereg_training import registry  # noqa: E402
from edgereg_training.backbones.backbone import Backbone, Takes, scaled  # noqa: E402
from edgereg_training.facts import TaskFacts, facts_of  # noqa: E402
from edgereg_training.loop.errors import RecipeError  # noqa: E402
from edgereg_training.loop.loop import train  # noqa: E402
from edgereg_training.loop.problem import problem_of  # noqa: E402
from edgereg_training.loop.recipe import Recipe, Strict  # noqa: E402
from edgereg_training.methods.densities import gaussian  # noqa: E402
from edgereg_training.methods.method import FeatureShape, Head  # noqa: E402
from edgereg_training.methods.registry import parse_method  # noqa: E402
from edgereg_training.regression.target import (  # noqa: E402
    Negated,
    TargetSettings,
    TrainingTarget,
)
from edgereg_training.render.shards import HeadShardOptions, write_head_shards  # noqa: E402

from edgereg.core.model_spec import Target  # noqa: E402
from edgereg.hookspecs import hookimpl  # noqa: E402
from edgereg.plugins import GROUP, load_plugins  # noqa: E402


@pytest.fixture
def plugged(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """plugged(edgereg_methods={...}) installs a plugin with these hooks beside the built-in."""

    def install(**hooks: Any) -> None:
        module = SimpleNamespace(**{n: hookimpl(lambda v=v: v) for n, v in hooks.items()})
        own = SimpleNamespace(name="outside", value="outside", load=lambda: module)
        plugins = load_plugins((), [*entry_points(group=GROUP), own])
        monkeypatch.setattr(registry, "installed_plugins", lambda: plugins)

    return install


def trained(tmp_path: Path, **options: Any) -> dict[str, float]:
    """The metrics of one epoch on eight heads."""
    defaults = {
        "target": "headpose", "size": 16, "method": {"name": "direct"},
        "backbone": {"name": "edge-xs", "widths": [4], "features": 6},
    }  # fmt: skip
    recipe = Recipe(
        problem="regression", epochs=1, batch_size=4, threads=1, options=defaults | options
    )
    return train(problem_of(recipe), recipe, tmp_path / "run").metrics


@pytest.fixture(scope="module")
def heads(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Eight stand-in heads to train and validate on."""
    out = tmp_path_factory.mktemp("heads")
    folder = write_head_shards(HeadShardOptions(out=out, count=8, size=32, identities=6, people=2))
    return {"train": [folder], "validation": [folder]}


class Median(Head):
    """Answers with the middle of each range plus a learned shift."""

    def __init__(self, targets: tuple[Target, ...]) -> None:
        super().__init__()
        self.targets = targets
        self.shift = torch.nn.Parameter(torch.zeros(len(targets)))

    def value(self, features: Any) -> Any:
        middle = torch.tensor([(t.low + t.high) / 2 for t in self.targets])
        return (middle + self.shift).expand(len(features), -1)

    def loss(self, features: Any, targets: Any, generator: Any) -> dict[str, Any]:
        return {"loss": (self.value(features) - targets).abs().mean()}

    def density(self, features: Any) -> Any:
        value = self.value(features)
        return gaussian(value, torch.ones_like(value))


class MedianSettings(Strict):
    name: Literal["median"] = "median"

    def head(self, features: FeatureShape, targets: tuple[Target, ...]) -> Head:
        return Median(targets)


def test_a_method_from_outside(
    plugged: Callable[..., None], tmp_path: Path, heads: dict[str, Any]
) -> None:
    plugged(edgereg_methods={"median": MedianSettings})
    metrics = trained(tmp_path, method={"name": "median"}, **heads)
    assert 0 < metrics["mae"] < 60
    assert parse_method({"name": "regcls", "regression": {"name": "median"}})


class Mean(Backbone):
    """The mean colour of a picture."""

    def maps(self, images: Any) -> Any:
        return scaled(images)

    def forward(self, images: Any) -> Any:
        return self.maps(images).mean((2, 3))

    def shape(self, takes: Takes) -> FeatureShape:
        return FeatureShape(3)


class MeanSettings(Strict):
    name: Literal["mean-colour"] = "mean-colour"

    def build(self, size: int) -> Backbone:
        return Mean()


def test_a_backbone_from_outside(
    plugged: Callable[..., None], tmp_path: Path, heads: dict[str, Any]
) -> None:
    plugged(edgereg_backbones={"mean-colour": MeanSettings})
    assert trained(tmp_path, backbone={"name": "mean-colour"}, **heads)["mae"] > 0


class Gaze(TargetSettings):
    """Where an eye looks, left or right, from a data set of its own."""

    name: Literal["gaze"] = "gaze"
    facts: ClassVar = TaskFacts(purpose="Tells where an eye looks.", headline="mae")

    def described(self, size: int) -> TrainingTarget:
        value = Target(name="gaze", unit="degree", low=-40, high=40)
        return TrainingTarget("gaze", "gaze", (value,), Negated(), facts=self.facts)


def eyes(folder: Path, count: int = 12) -> Path:
    """Shards with a bright column where the eye looks."""
    folder.mkdir()
    gaze = np.linspace(-35, 35, count).astype(np.float32)
    images = np.zeros((count, 20, 20, 3), np.uint8)
    images[np.arange(count), :, (10 + gaze / 4).astype(int)] = 255
    np.savez(
        folder / "shard-00000.npz", images=images, gaze=gaze,
        box=np.tile(np.float32([2, 2, 18, 18]), (count, 1)),
    )  # fmt: skip
    manifest = {"kind": "heads", "count": count, "shards": 1, "options": {"shard_size": count}}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def test_a_data_set_with_its_target_from_outside(
    plugged: Callable[..., None], tmp_path: Path
) -> None:
    plugged(edgereg_targets={"gaze": Gaze}, edgereg_datasets={"eyes": eyes})
    folder = registry.find("datasets", "eyes")(tmp_path / "eyes")
    metrics = trained(tmp_path, target="gaze", train=[folder], validation=[folder])
    assert 0 < metrics["mae"] < 40
    assert facts_of("gaze").purpose == "Tells where an eye looks."


def test_an_unknown_name_tells_the_known_ones_and_what_was_skipped(
    plugged: Callable[..., None],
) -> None:
    plugged(edgereg_methods=["a list"], edgereg_targets={"gone": "no.such.module:Target"})
    with pytest.raises(RecipeError, match=r"unknown method 'x' .*known: bel.*; plugin 'outside'"):
        registry.find("methods", "x")
    with pytest.raises(
        RecipeError, match=r"target 'gone' can't be imported from no\.such\.module:Target"
    ):
        registry.find("targets", "gone")
