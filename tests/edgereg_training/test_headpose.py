"""Head pose from rendered stand-in heads to a trained, exported network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from edgereg_training import ebm  # noqa: E402
from edgereg_training.errors import TrainingError  # noqa: E402
from edgereg_training.headpose_data import load_heads, plain_crops  # noqa: E402
from edgereg_training.headpose_export import PosePredict, load_pose, model_fields  # noqa: E402
from edgereg_training.headpose_net import PoseModel, PoseNet  # noqa: E402
from edgereg_training.headpose_refine import PoseRefinement, predict  # noqa: E402
from edgereg_training.loop import train  # noqa: E402
from edgereg_training.problems import problem_of  # noqa: E402
from edgereg_training.recipe import Recipe  # noqa: E402
from edgereg_training.render.shards import HeadShardOptions, write_head_shards  # noqa: E402

SMALL = {"widths": [8, 8, 16, 16], "neck": 8, "features": 24, "theta": 6, "step": 5.0}


@pytest.fixture(scope="module")
def heads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """48 stand-in heads in two shards."""
    out = tmp_path_factory.mktemp("heads")
    options = HeadShardOptions(out=out, count=48, size=48, identities=6, shard_size=30, people=2)
    return write_head_shards(options)


def recipe(heads: Path, **options: Any) -> Recipe:
    defaults = {"train": [str(heads)], "validation": [str(heads)], "model": SMALL, "samples": 16}
    return Recipe(
        problem="headpose", epochs=2, batch_size=16, threads=1, options={**defaults, **options}
    )


def test_the_shipped_size_is_small() -> None:
    net = PoseNet(PoseModel())
    assert sum(parameter.numel() for parameter in net.parameters()) < 1_000_000


def test_heads_are_loaded_in_order(heads: Path) -> None:
    found = load_heads([heads, heads])
    assert len(found) == 96
    assert np.array_equal(found.poses[:48], found.poses[48:])
    crops = plain_crops(found, 32, 1.2)
    assert crops.images.shape == (96, 32, 32, 3)
    assert crops.images.std() > 10


def test_data_sets_of_different_sizes_are_refused(heads: Path, tmp_path: Path) -> None:
    other = write_head_shards(HeadShardOptions(out=tmp_path, count=2, size=32, identities=6))
    with pytest.raises(TrainingError, match="another size than 48 px"):
        load_heads([heads, other])


def test_training_end_to_end(heads: Path, tmp_path: Path) -> None:
    settings = recipe(heads)
    state = train(problem_of(settings), settings, tmp_path)
    assert np.isfinite(list(state.metrics.values())).all()
    net, stored = load_pose(tmp_path)
    assert stored == settings
    fields = model_fields(stored)
    assert fields["input"] == {"width": 64, "height": 64, "crop_scale": 1.2}
    assert [target["name"] for target in fields["targets"]] == ["yaw", "pitch", "roll"]
    assert net.training is False


@pytest.mark.parametrize("kind", ["CE", "BCE", "L1", "L2"])
def test_every_bel_loss_trains(heads: Path, kind: str) -> None:
    problem: Any = problem_of(recipe(heads, bel_loss=kind))
    torch.manual_seed(0)
    model = problem.build()
    batch = next(problem.batches(0, np.random.default_rng(0)))
    parts = problem.loss(model, batch, torch.Generator().manual_seed(0))
    parts["loss"].backward()
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    assert gradients
    assert all(torch.isfinite(gradient).all() for gradient in gradients)


def test_batches_depend_on_the_generator_only(heads: Path) -> None:
    problem: Any = problem_of(recipe(heads))
    first, again, other = (
        next(problem.batches(0, np.random.default_rng(seed))).images for seed in (5, 5, 6)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_the_predict_module_gives_what_the_energy_takes() -> None:
    torch.manual_seed(1)
    net = PoseNet(PoseModel.model_validate(SMALL)).eval()
    images = torch.randint(0, 256, (3, 64, 64, 3), dtype=torch.uint8)
    with torch.no_grad():
        values, std, projected = PosePredict(net)(images)
    assert values.shape == std.shape == (3, 3)
    assert (std > 0).all()
    points = torch.randn(3, 5, 3)
    expected = net.energy(net.extract(images), points)
    assert np.allclose(by_hand(net, projected.numpy(), points), expected.detach(), atol=1e-4)


def by_hand(net: Any, projected: Any, points: Any) -> Any:
    """f from the exported arrays alone, as the graphs compute it."""
    weights = net.energy.weights()
    assert weights.feature_weight is None

    def silu(x: Any) -> Any:
        return x / (1 + np.exp(-x))

    target = points.numpy()
    for layer in weights.target_layers:
        target = silu(target @ layer.weight.T + layer.bias)
    joint = silu(projected[:, None] + weights.bias + target @ weights.target_weight.T)
    for layer in weights.trunk:
        joint = joint @ layer.weight.T + layer.bias
        joint = silu(joint) if layer.activation == "silu" else joint
    return joint[..., 0]


def test_prediction_in_parts_equals_one_batch_and_climbs() -> None:
    torch.manual_seed(2)
    net = PoseNet(PoseModel.model_validate(SMALL)).eval()
    images = np.random.default_rng(0).integers(0, 256, (5, 64, 64, 3)).astype(np.uint8)
    settings = PoseRefinement(steps=4)
    whole, parts = predict(net, images, settings), predict(net, images, settings, batch=2)
    assert np.allclose(whole.refined, parts.refined, atol=1e-3)
    features = net.extract(torch.from_numpy(images)).detach()
    start = net.energy.normalise(torch.from_numpy(whole.values))
    _, energy = ebm.refine(lambda y: net.energy(features, y), start[:, None], 4, 0.05, 0.5)
    assert (energy.diff(dim=-1) >= 0).all()
