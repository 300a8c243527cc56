"""Every method of the registry: export from a checkpoint, parity with torch, run in the runtime."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("onnxscript")
pytest.importorskip("onnxruntime")

import torch
from edgereg_exporters import level_density, regression_adapter
from edgereg_exporters.decompositions import running_maximum, running_minimum, solve_triangular
from edgereg_exporters.exportable import load_exportable
from edgereg_exporters.model_folder import Description, export_model
from edgereg_exporters.trial_images import trial_images
from edgereg_training.backbones import parse_backbone
from edgereg_training.checkpoint import Checkpoint, State, write_checkpoint
from edgereg_training.methods.density import LaplaceProduct, Levels
from edgereg_training.methods.registry import METHODS, parse_method
from edgereg_training.recipe import Recipe
from edgereg_training.regression_labels import Label, label_of
from edgereg_training.regression_net import build_net

from edgereg.engines.onnx import OnnxEngine
from edgereg.models.schema import Target

OPTIONS: dict[str, dict[str, Any]] = {"gllim": {"components": 3, "pca": 6}}
BACKBONE = {"name": "edge-xs", "widths": [4, 8], "features": 12}
SIZE = 16
POINTS = tuple(Target(name=name, unit="px", low=0, high=SIZE) for name in ("x0", "y0", "x1", "y1"))


def label(name: str, size: int) -> Label:
    """Two points stand for the 68 landmarks; everything else is the recipes' own."""
    return Label(name, "landmarks", "points", POINTS) if name == "points" else label_of(name, size)


def checkpoint(folder: Path, method: str) -> Path:
    """A training folder of a network that gives every image another answer."""
    torch.manual_seed(0)
    target = "points" if method == "heatmap" else "headpose"
    targets = label(target, SIZE).targets
    options = {
        "target": target, "train": ["a"], "validation": ["b"], "size": SIZE,
        "backbone": BACKBONE, "method": {"name": method, **OPTIONS.get(method, {})},
    }  # fmt: skip
    settings = parse_method(options["method"])
    net = build_net(parse_backbone(BACKBONE).build(SIZE), settings, targets).eval()
    with torch.no_grad():
        for parameter in net.head.parameters():
            parameter += 0.3 * torch.randn_like(parameter)
        images = torch.from_numpy(trial_images(60, SIZE, SIZE, seed=5))
        low, high = (torch.tensor([getattr(t, end) for t in targets]) for end in ("low", "high"))
        truth = low + (0.1 + 0.8 * torch.rand(60, len(targets))) * (high - low)
        net.head.fit(net.extract(images), truth)
    recipe = Recipe(problem="regression", epochs=1, options=options)
    state = State(1, 1, {"mae": 1.0}, 1.0, 1)
    write_checkpoint(folder, Checkpoint(state, recipe, net.state_dict(), {}))
    return folder


@pytest.mark.parametrize("method", METHODS)
def test_a_method_becomes_a_model_folder_that_runs(
    method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(regression_adapter, "label_of", label)
    trained = checkpoint(tmp_path / "run", method)
    done = export_model(trained, tmp_path / method, Description(method))
    folder = done.folder
    energy = method == "ebm"
    assert set(folder.spec.graphs) == {"predict", "density"} | ({"refine"} if energy else set())
    assert folder.spec.method == method
    worst = {f"{d.graph}_{d.output}": d.relative for d in done.differences}
    assert max(worst.values()) < 1e-4
    if energy:
        assert worst["refine_trajectory"] < 1e-5
        assert done.nodes["refine"] < 300
    assert folder.spec.metrics["parity_predict_values"] == worst["predict_values"]

    model = load_exportable(trained)
    engine = OnnxEngine(folder.graph_path("predict"), threads=1)
    density = OnnxEngine(folder.graph_path("density"), threads=1)
    answers = [engine.run({"images": model.example[:n].numpy()}) for n in (1, 8)]
    assert np.ptp(answers[1]["values"], axis=0).max() > 0
    np.testing.assert_allclose(answers[0]["values"], answers[1]["values"][:1], rtol=1e-3, atol=1e-3)
    assert (answers[1]["std"] > 0).all()
    for found, points in zip(answers, (3, 40), strict=True):
        features = {name: found[name] for name in folder.spec.features}
        grid = np.repeat(found["values"][:, None], points, axis=1)
        assert density.run({**features, "grid": grid})["log_density"].shape == grid.shape[:2]


@lru_cache
def uneven() -> Levels:
    """Two targets of seven levels each."""
    generator = torch.Generator().manual_seed(0)
    chances = torch.softmax(2 * torch.randn(2, 5, 7, generator=generator), -1)
    return Levels(tuple(chances), (-3.0, 10.0), (1.0, 0.25))


def test_levels_of_all_targets_at_once_are_those_of_each() -> None:
    levels = uneven()
    torch.testing.assert_close(level_density.std(levels), levels.std())
    points = torch.rand(5, 30, 2) * torch.tensor([9.0, 2.5]) + torch.tensor([-4.0, 9.5])
    wanted = levels.log_prob(points)
    assert torch.isinf(wanted).any()
    assert torch.isfinite(wanted).any()
    torch.testing.assert_close(level_density.log_prob(levels, points), wanted)


def test_other_densities_answer_for_themselves() -> None:
    density = LaplaceProduct(torch.zeros(2, 3), torch.ones(2, 3))
    points = torch.rand(2, 4, 3)
    torch.testing.assert_close(level_density.std(density), density.std())
    torch.testing.assert_close(level_density.log_prob(density, points), density.log_prob(points))


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 17])
@pytest.mark.parametrize("upper", [False, True])
def test_triangular_solves_without_the_operator(size: int, upper: bool) -> None:
    matrix = torch.randn(4, size, size, dtype=torch.float64) / size**0.5
    matrix = (matrix.triu() if upper else matrix.tril()) + 2 * torch.eye(size)
    right = torch.randn(4, size, 3, dtype=torch.float64)
    wanted = torch.linalg.solve_triangular(matrix, right, upper=upper)
    torch.testing.assert_close(solve_triangular(matrix, right, upper=upper), wanted)


def test_a_solve_from_the_right_is_refused() -> None:
    with pytest.raises(NotImplementedError):
        solve_triangular(torch.eye(2), torch.eye(2), upper=True, left=False)


@pytest.mark.parametrize("size", [1, 2, 7, 16])
def test_running_extremes_without_the_operator(size: int) -> None:
    values = torch.randn(3, size, 2)
    torch.testing.assert_close(running_minimum(values, 1)[0], values.cummin(1).values)
    torch.testing.assert_close(running_maximum(values, -2)[0], values.cummax(1).values)
