"""What a lower precision loses on labelled heads, for every target that rendered heads have."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")
pytest.importorskip("torch")

import torch
from edgereg_exporters.export import Request, export
from edgereg_exporters.precision.precision_loss import metric_loss
from edgereg_training.facts import facts_of
from edgereg_training.loop.checkpoint import Checkpoint, State, write_checkpoint
from edgereg_training.loop.problem import problem_of
from edgereg_training.loop.recipe import Recipe
from edgereg_training.render.shards import HeadShardOptions, write_head_shards

from edgereg.core.errors import EdgeregError
from edgereg.models.folder import ModelFolder, load_model


@pytest.fixture(scope="module")
def heads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rendered stand-in heads."""
    place = tmp_path_factory.mktemp("data") / "heads"
    options = HeadShardOptions(out=place, count=16, size=48, shard_size=16, people=4, effects=False)
    return write_head_shards(options)


def untrained(folder: Path, target: str, heads: Path) -> Path:
    """The training folder of a direct regression that has learned nothing."""
    torch.manual_seed(0)
    recipe = Recipe(
        problem="regression",
        epochs=1,
        options={
            "target": target, "train": [heads], "validation": [heads], "size": 16,
            "backbone": {"name": "edge-xs", "widths": [4, 8], "features": 12},
            "method": {"name": "direct"},
        },
    )  # fmt: skip
    net = problem_of(recipe).build()
    state = State(1, 1, {"mae": 1.0}, 1.0, 1)
    write_checkpoint(folder, Checkpoint(state, recipe, net.state_dict(), {}))
    return folder


@pytest.mark.parametrize("target", ["age", "headpose", "landmarks"])
def test_int8_is_judged_by_the_target_s_own_figure(
    target: str, heads: Path, tmp_path: Path
) -> None:
    trained = untrained(tmp_path / "run", target, heads)
    request = Request(
        trained, tmp_path / "low", precision="int8", calibration=heads, data=heads, max_loss=50
    )
    shown = export(request)
    metrics = load_model(tmp_path / "low").spec.metrics
    name = facts_of(target).headline
    assert metrics[name] > 0
    (line,) = (line for line in shown.lines if "a loss of" in line)
    assert line.startswith(f"{name}: ")
    full = float(line.split()[1])
    assert metrics["int8_loss"] == pytest.approx((metrics[name] - full) / full, abs=2e-3)


def test_a_task_without_a_figure_is_one_line(small_model: ModelFolder) -> None:
    other = ModelFolder(small_model.path, small_model.spec.model_copy(update={"task": "juggling"}))
    with pytest.raises(EdgeregError, match="nothing is known of the task 'juggling'"):
        metric_loss(other, other, lambda model: [])
