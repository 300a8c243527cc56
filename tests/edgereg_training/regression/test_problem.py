"""The problem `regression`: labels under geometry, any method on any target, wrong recipes."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from edgereg_training.commands.train import RECIPES  # noqa: E402
from edgereg_training.loop.checkpoint import best_checkpoint, load_weights, read_checkpoint  # noqa: E402
from edgereg_training.loop.errors import BackboneError, RecipeError, TrainingError  # noqa: E402
from edgereg_training.loop.loop import train  # noqa: E402
from edgereg_training.loop.problem import problem_of  # noqa: E402
from edgereg_training.loop.recipe import OptimiserSettings, Recipe, load_recipe  # noqa: E402
from edgereg_training.methods.registry import METHODS  # noqa: E402
from edgereg_training.regression.augmentation import light_augmentation  # noqa: E402
from edgereg_training.regression.data import (  # noqa: E402
    Examples,
    load_examples,
    load_pictures,
)
from edgereg_training.regression.points import COUNTS  # noqa: E402
from edgereg_training.regression.scores import (  # noqa: E402
    Predictions,
    example_scores,
    mean_scores,
    predict,
)
from edgereg_training.regression.target import target_of  # noqa: E402
from edgereg_training.regression.view import windows  # noqa: E402
from edgereg_training.render.shards import (  # noqa: E402
    HeadShardOptions,
    shard_path,
    write_head_shards,
)

# Methods of points in pictures.
NOT_OF_ANGLES = {"heatmap", "bel-h"}
NARROW = {"name": "edge-xs", "widths": [8, 8, 16], "features": 16}


@pytest.fixture(scope="module")
def heads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """64 stand-in heads in two shards."""
    out = tmp_path_factory.mktemp("heads")
    options = HeadShardOptions(out=out, count=64, size=48, identities=6, shard_size=40, people=2)
    return write_head_shards(options)


def recipe(heads: Path, target: Any = "headpose", **options: Any) -> Recipe:
    defaults = {
        "target": target, "train": [str(heads)], "validation": [str(heads)], "size": 32,
        "backbone": NARROW, "method": {"name": "bel"},
    }  # fmt: skip
    return Recipe(
        problem="regression", epochs=2, batch_size=16, threads=1, ema=0.9,
        optimiser=OptimiserSettings(learning_rate=3e-3, warmup_steps=0),
        options={**defaults, **options},
    )  # fmt: skip


@pytest.mark.parametrize("target", ["headpose", "age", "landmarks"])
def test_training_end_to_end(heads: Path, tmp_path: Path, target: str) -> None:
    settings = recipe(heads, target)
    problem: Any = problem_of(settings)
    state = train(problem, settings, tmp_path)
    assert np.isfinite(list(state.metrics.values())).all()
    assert 0 <= state.metrics["coverage90"] <= 1
    assert ("nme" in state.metrics) == (target == "landmarks")
    assert ("mae_yaw" in state.metrics) == (target == "headpose")
    net = problem.build()
    best = read_checkpoint(best_checkpoint(tmp_path))
    load_weights(net, best.weights)
    values = predict(net, problem.validation).values
    mean_error = np.abs(values - problem.validation.targets).mean()
    assert mean_error == pytest.approx(best.state.metrics["mae"], rel=1e-4)


@pytest.mark.parametrize("method", sorted(METHODS))
def test_every_method_learns_head_pose(heads: Path, tmp_path: Path, method: str) -> None:
    settings = recipe(heads, method={"name": method}, fit_examples=40)
    if method in NOT_OF_ANGLES:
        with pytest.raises(RecipeError, match="can't have these targets"):
            problem_of(settings).build()
        return
    metrics = train(problem_of(settings), settings, tmp_path).metrics
    assert np.isfinite(list(metrics.values())).all()
    assert metrics["mae"] < 60


@pytest.mark.parametrize("target", ["headpose", "age", "landmarks"])
def test_crops_carry_their_label(heads: Path, target: str) -> None:
    wanted = target_of(target, 32)
    wide = load_examples([heads], wanted, 32, 1.2, margin=4)
    plain = load_examples([heads, heads], wanted, 32, 1.2)
    assert wide.images.shape == (64, 40, 40, 3)
    assert len(plain) == 128
    assert np.allclose(wide.targets, plain.targets[:64], atol=1e-3)
    difference = wide.middle().images.astype(int) - plain.images[:64]
    assert np.abs(difference).mean() < 6
    low = np.array([t.low for t in wanted.values])
    high = np.array([t.high for t in wanted.values])
    assert ((plain.targets >= low) & (plain.targets <= high)).all()


def test_landmarks_follow_the_crop() -> None:
    """A bright pixel at a landmark stays at it, mirrored and shifted."""
    label = target_of("landmarks", 24)
    rng = np.random.default_rng(0)
    points = rng.integers(8, 16, (20, 68, 2)).astype(np.float32) + 0.5
    images = np.zeros((20, 30, 30, 3), np.uint8)
    column, row = (points[:, 30] + 3).astype(int).T
    images[np.arange(20), row, column] = 255
    batch = Examples(images, points.reshape(20, -1), 3)
    shown = light_augmentation(batch, label, rng)
    brightest = shown.images.sum(axis=3).reshape(20, -1).argmax(axis=1)
    found = np.stack([brightest % 24, brightest // 24], axis=1) + 0.5
    assert np.allclose(shown.targets.reshape(20, 68, 2)[:, 30], found)
    assert len(set(map(tuple, shown.targets.reshape(20, 68, 2)[:, 0] - points[:, 0]))) > 5


@pytest.mark.parametrize(
    "options",
    ["headpose", "age", "steering", *({"name": "landmarks", "points": n} for n in COUNTS)],
)
def test_mirroring_twice_changes_nothing(options: Any) -> None:
    target = target_of(options, 32)
    values = np.random.default_rng(1).random((3, len(target.values)), np.float32)
    mirror = windows(np.zeros((3, 2), int), np.ones(3, bool), 32)
    once = target.geometry.warped(values, mirror)
    assert np.allclose(target.geometry.warped(once, mirror), values, atol=1e-5)
    assert np.array_equal(once, values) == (options == "age")


def test_a_rendered_head_and_its_mirror_image_have_mirrored_points(heads: Path) -> None:
    """The right eye's points lie left of the left eye's in frontal heads, also after mirroring."""
    target = target_of("landmarks", 32)
    poses = load_examples([heads], target_of("headpose", 32), 32, 1.2).targets
    frontal = np.abs(poses[:, 0]) < 25
    points = load_examples([heads], target, 32, 1.2).targets[frontal & (np.abs(poses[:, 2]) < 25)]
    mirror = windows(np.zeros((len(points), 2), int), np.ones(len(points), bool), 32)
    for values in (points, target.geometry.warped(points, mirror)):
        x = values.reshape(len(values), 68, 2)[..., 0]
        assert (x[:, 36:42].mean(axis=1) < x[:, 42:48].mean(axis=1)).all()


def test_targets_that_are_not_numbers_are_refused(heads: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(heads, tmp_path / "heads"))
    with np.load(shard_path(folder, 1)) as file:
        arrays = dict(file)
    arrays["age"][5] = np.nan
    np.savez(shard_path(folder, 1), **arrays)
    with pytest.raises(TrainingError, match="'age' of picture 5 of a shard is nan"):
        load_examples([folder], target_of("age", 32), 32, 1.2)


def test_scenes_are_no_heads(heads: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(heads, tmp_path / "heads"))
    np.savez(shard_path(folder, 0), images=np.zeros((1, 8, 8, 3), np.uint8))
    with pytest.raises(TrainingError, match="no pictures with the label 'pose'"):
        load_examples([folder], target_of("headpose", 32), 32, 1.2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"target": "shoe"}, "unknown target 'shoe'"),
        ({"method": {"name": "magic"}}, "unknown method 'magic'"),
        ({"method": {"name": "bel", "bits": 3}}, "method 'bel': 'bits'"),
        ({"backbone": {"name": "edge-xl"}}, "unknown backbone 'edge-xl'"),
        ({"backbone": {"name": "edge-s", "width": 3}}, "backbone 'edge-s': 'width'"),
        ({"augmentation": {"name": "wild"}}, "unknown augmentation 'wild'"),
    ],
)
def test_a_wrong_recipe_is_named(heads: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError, match=message) as caught:
        problem_of(recipe(heads, **options))
    assert "\n" not in str(caught.value)


def test_a_size_that_the_backbone_cannot_take(heads: Path) -> None:
    with pytest.raises(BackboneError, match="36 px: this network takes multiples of 8"):
        problem_of(recipe(heads, size=36)).build()


def test_a_metric_that_does_not_exist_is_named(heads: Path, tmp_path: Path) -> None:
    settings = recipe(heads, metric="nme")
    with pytest.raises(RecipeError, match=r"no metric 'nme' .*\(it has mae"):
        train(problem_of(settings), settings, tmp_path)


@pytest.mark.parametrize("target", ["headpose", "age", "landmarks"])
def test_strong_augmentation_of_any_target(heads: Path, tmp_path: Path, target: str) -> None:
    strong = {"name": "strong", "strength": 0.5}
    method = {"name": "heatmap"} if target == "landmarks" else {"name": "gllim"}
    settings = recipe(heads, target, augmentation=strong, method=method, epoch_images=32)
    problem: Any = problem_of(settings)
    assert problem.steps() == 2
    batch = next(problem.batches(0, np.random.default_rng(1)))
    assert batch.images.shape == (16, 32, 32, 3)
    assert batch.targets.shape == (16, len(problem.target.values))
    metrics = train(problem, settings, tmp_path).metrics
    assert np.isfinite(list(metrics.values())).all()


def test_pictures_keep_their_order_and_have_one_size(heads: Path, tmp_path: Path) -> None:
    label = target_of("landmarks", 32)
    found = load_pictures([heads, heads], label)
    assert found.images.shape == (128, 48, 48, 3)
    assert np.array_equal(found.targets[:64], found.targets[64:])
    inside = (found.targets > 0) & (found.targets < 48)
    assert inside.mean() > 0.95
    other = write_head_shards(HeadShardOptions(out=tmp_path, count=2, size=32, identities=6))
    with pytest.raises(TrainingError, match="another size than 48 px"):
        load_pictures([heads, other], label)


def test_the_bundled_model_s_recipe(heads: Path) -> None:
    settings = load_recipe(RECIPES / "headpose.yaml")
    problem: Any = problem_of(settings)
    net = problem.build()
    assert sum(parameter.numel() for parameter in net.parameters()) < 1_000_000
    assert net.head.network.scale.tolist() == [10, 10, 10]
    assert net.head.proposal.sigmas == [pytest.approx([s] * 3) for s in (0.15, 0.6, 2.4)]
    images = torch.zeros(1, 64, 64, 3, dtype=torch.uint8)
    assert net.eval().value(images).shape == (1, 3)


def test_head_poses_are_also_scored_by_range() -> None:
    target = target_of("headpose", 32)
    targets = np.array([[0, 0, 0], [60, 0, 0], [99, 0, 0]], np.float32)
    off = targets + np.array([[3], [6], [9]], np.float32)
    found = Predictions(off, targets, np.zeros(3, np.float32), np.ones((3, 3), np.float32))
    scores = mean_scores(target, example_scores(target, found, targets), targets)
    assert [scores[f"mae_{name}"] for name in ("usual", "full", "wide")] == [3, 4.5, 4.5]
    assert scores["mae_full_refined"] == 0
    beyond = Predictions(*(part[2:] for part in (off, targets, found.log_prob, found.covered)))
    scores = example_scores(target, beyond, targets[2:])
    assert "mae_wide" not in mean_scores(target, scores, targets[2:])


def test_nme_and_refined_scores() -> None:
    label = target_of("landmarks", 32)
    points = np.zeros((1, 68, 2), np.float32)
    points[0, 1] = [4, 9]
    off = points + np.array([3, 4], np.float32)
    flat = [array.reshape(1, -1) for array in (points, off)]
    found = Predictions(flat[1], flat[0], np.zeros(1, np.float32), np.ones((1, 136), np.float32))
    scores = example_scores(label, found, flat[0])
    assert scores["nme"][0] == pytest.approx(100 * 5 / 6)
    assert scores["nme_refined"][0] == 0
    assert scores["mae"][0] == pytest.approx(3.5)
    assert scores["coverage90"][0] == 1


def test_ranges_levels_layers_and_the_energy_s_widths_are_the_recipe_s(heads: Path) -> None:
    ranges = {"yaw": [-75, 75], "pitch": [-75, 75], "roll": [-50, 50]}
    bel = {"name": "bel", "code": "U", "levels": [151, 151, 101], "theta": None}
    ebm = {"name": "ebm", "estimate": bel, "target_widths": [16, 32, 64, 128], "activation": "relu"}
    settings = recipe(
        heads, target={"name": "headpose", "ranges": ranges}, method=ebm, layers=[20, 12]
    )
    problem: Any = problem_of(settings)
    assert [(t.low, t.high) for t in problem.target.values] == [(-75, 75), (-75, 75), (-50, 50)]
    net = problem.build()
    assert [layer.out_features for layer in net.head.estimate.bits.heads] == [150, 150, 100]
    assert [layer.in_features for layer in net.head.estimate.bits.heads] == [12, 12, 12]
    widths = [part.out_features for part in net.head.network.target if hasattr(part, "weight")]
    assert widths == [16, 32, 64, 128]
    assert net.eval().value(torch.zeros(2, 32, 32, 3, dtype=torch.uint8)).shape == (2, 3)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({"name": "headpose", "ranges": {"nod": [0, 1]}}, "has no number 'nod'"),
        ({"name": "landmarks", "points": 67}, "schemes of 19, 29, 68, 98 points"),
        ({"name": "scalar", "label": "length_mm"}, "target 'scalar': 'low'"),
    ],
)
def test_a_wrong_target_is_named(heads: Path, target: Any, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        problem_of(recipe(heads, target=target))


def test_levels_for_fewer_numbers_than_the_target_has(heads: Path) -> None:
    method = {"name": "bel", "levels": [10, 20]}
    with pytest.raises(RecipeError, match="2 numbers of levels for 3 targets"):
        problem_of(recipe(heads, method=method)).build()
