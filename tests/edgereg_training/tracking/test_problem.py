"""Training the tracker: features kept, pairs of one object, losses that fall, exact shapes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from edgereg_training.loop.recipe import Recipe
from edgereg_training.tracking.features import FeatureSet
from edgereg_training.tracking.losses import tracking_loss
from edgereg_training.tracking.network import NetworkSettings, TrackingNet
from edgereg_training.tracking.problem import (
    TrackingProblem,
    batch_of,
    known_maps,
    random_pairs,
    tracking_problem,
)
from edgereg_training.tracking.rendered import MotionOptions, write_sequences

pytest.importorskip("efficientnet_lite_pytorch")


@pytest.fixture(scope="module")
def problem(tmp_path_factory: pytest.TempPathFactory) -> TrackingProblem:
    folder = tmp_path_factory.mktemp("tracking")
    made = MotionOptions(folder / "a", sequences=4, frames=3, width=160, height=120, sprites=4)
    write_sequences(made, lambda done, total: None)
    return tracking_problem(recipe_of(folder))


def recipe_of(folder: Path) -> Recipe:
    options = {
        "train": [str(folder / "a")], "val": [str(folder / "a")], "cache": str(folder),
        "epoch_pairs": 8, "samples": 16, "crops": {"size": 64, "frames": 3},
        "network": {"channels": 8, "hidden": [16], "pool": 3, "code": 8},
    }  # fmt: skip
    return Recipe(problem="tracking", epochs=1, batch_size=4, options=options)


def test_crops_hold_their_boxes(problem: TrackingProblem) -> None:
    data = problem.train
    assert data.near.shape[1:] == (40, 8, 8)
    assert data.far.shape[1:] == (112, 4, 4)
    middle = (data.boxes[:, :2] + data.boxes[:, 2:]) / 2
    assert ((middle > 0) & (middle < 64)).all()


def test_features_are_kept(problem: TrackingProblem, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("computed again")

    monkeypatch.setattr("edgereg_training.tracking.features._compute", never)
    folder = problem.options.cache
    again = tracking_problem(recipe_of(folder))
    np.testing.assert_array_equal(again.train.boxes, problem.train.boxes)


def test_pairs_are_two_frames_of_one_object() -> None:
    clips = np.array([0, 0, 0, 3, 3, 7, 7, 7, 7])
    empty = np.zeros((9, 1), np.float16)
    data = FeatureSet(empty, empty, np.zeros((9, 4), np.float32), clips)
    pairs = random_pairs(data, 500, np.random.default_rng(0))
    assert (clips[pairs[:, 0]] == clips[pairs[:, 1]]).all()
    assert (pairs[:, 0] != pairs[:, 1]).all()
    assert len(np.unique(pairs)) == 9


@pytest.mark.parametrize("kind", ["nll", "atom", "atom-star"])
def test_each_loss_falls(problem: TrackingProblem, kind: str) -> None:
    torch.manual_seed(0)
    torch.set_num_threads(1)
    net = problem.build()
    batch = batch_of(problem.train, random_pairs(problem.train, 4, np.random.default_rng(0)))
    optimiser = torch.optim.Adam(net.parameters(), 3e-3)
    losses = []
    for _ in range(8):
        generator = torch.Generator().manual_seed(1)
        maps, boxes = known_maps(net, batch)
        loss = tracking_loss(kind, net.energy, maps, boxes, (0.05, 0.5), 16, 0.01, generator)  # type: ignore[arg-type]
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]


def test_validation_measures_before_and_after(problem: TrackingProblem) -> None:
    torch.manual_seed(0)
    net = problem.build().eval()
    with torch.no_grad():
        found = problem.validate(net)
    assert 0 < found["start"] < 1
    assert found["error"] == pytest.approx(1 - found["iou"])


def test_the_code_changes_what_is_seen() -> None:
    torch.manual_seed(0)
    net = TrackingNet((4, 6), NetworkSettings(channels=8, hidden=(16,), pool=3, code=8)).eval()
    fused = net.fused(torch.rand(2, 4, 8, 8), torch.rand(2, 6, 4, 4))
    assert fused.shape == (2, 8, 8, 8)
    boxes = torch.tensor([[8.0, 8, 40, 40], [16, 16, 60, 50]])
    codes = net.code(fused, boxes)
    assert codes.shape == (2, 8)
    one, other = net.conditioned(fused, codes), net.conditioned(fused, codes.flip(0))
    assert not torch.allclose(one, other)


def test_calibration_is_on_pairs_of_the_validation_sequences(problem: TrackingProblem) -> None:
    torch.manual_seed(0)
    net = problem.build().eval().requires_grad_(False)
    problem.calibrate(net)
    factors = net.energy.get_buffer("factors").clone()
    assert (factors != 1).all()
    problem.calibrate(net)
    torch.testing.assert_close(net.energy.get_buffer("factors"), factors)
