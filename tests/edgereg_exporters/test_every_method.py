"""Every method: from a checkpoint by `edgereg export` to records of a clip by `edgereg run`."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib.metadata import entry_points
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("onnxscript")
pytest.importorskip("onnxruntime")

import onnx
import torch
from edgereg_exporters.folder.tensorrt_rules import refusals
from edgereg_exporters.graphs import level_density
from edgereg_exporters.graphs.decompositions import (
    running_maximum,
    running_minimum,
    solve_triangular,
)
from edgereg_exporters.models.exportable import load_exportable
from edgereg_exporters.models.trial_images import trial_images
from edgereg_headpose.task import HeadPose
from edgereg_training.backbones import parse_backbone
from edgereg_training.loop.checkpoint import Checkpoint, State, write_checkpoint
from edgereg_training.loop.recipe import Recipe
from edgereg_training.methods.densities import LaplaceProduct, Levels
from edgereg_training.methods.registry import METHODS, parse_method
from edgereg_training.regression.net import build_net
from edgereg_training.regression.target import ImagePoints, TrainingTarget, target_of
from edgereg_training.regression.targets import Landmarks

from edgereg.cli.main import main
from edgereg.cli.session import Session
from edgereg.core.kinds import Scalars
from edgereg.core.model_spec import Target
from edgereg.core.result import FrameResult
from edgereg.density import density_curves
from edgereg.engines.onnx import OnnxEngine
from edgereg.hookspecs import hookimpl
from edgereg.models.folder import ModelFolder, load_model
from edgereg.plugins import GROUP, load_plugins
from edgereg.sinks.base import SinkFormat

DEMO = Path(__file__).parents[2] / "edgereg" / "assets" / "demo.mp4"
FRAMES = 2
# Small codes and few components: a graph of fewer nodes is traced faster.
OPTIONS: dict[str, dict[str, Any]] = {
    "gllim": {"components": 3, "pca": 6},
    "or-cnn": {"levels": 9},
    "coral": {"levels": 9},
}
BACKBONE = {"name": "edge-xs", "widths": [8], "features": 12}
SIZE = 16
# Of weights under which no method is stuck at one class for all images.
SEED = 3
POINTS = tuple(Target(name=name, unit="px", low=0, high=SIZE) for name in ("x0", "y0", "x1", "y1"))


@dataclass(frozen=True)
class Case:
    """What is exported and run: a method, by default of its first target, and its options. noise:
    what makes the answers of a head that was not trained differ."""

    method: str
    target: str = "headpose"
    options: dict[str, Any] = field(default_factory=dict)
    refined: bool = False
    climbs: bool = False
    noise: float = 0.3

    def __str__(self) -> str:
        return "-".join((self.method, self.target, *map(str, self.options)))


def cases() -> list[Case]:
    """Every method, then energies without an estimate and by another rule."""
    ebm: dict[str, Any] = {"refined": True, "climbs": True}
    every = [
        Case(
            method,
            "landmarks" if method in ("heatmap", "bel-h") else "headpose",
            OPTIONS.get(method, {}),
            **(ebm if method == "ebm" else {}),
        )
        for method in METHODS
    ]
    plain = {"refinement": {"rule": "plain", "decay": 0.9}}
    return [
        *every,
        Case("ebm", "headpose", {"estimate": None}, **ebm),
        Case("ebm", "age", plain, refined=True),
        # With more noise one of the samples outweighs all others by far, and the standard deviation
        # of the density is what float32 leaves of it, another on every processor.
        Case("regcls", "landmarks", {"regression": {"name": "ebm"}}, **ebm, noise=0.1),
    ]


@pytest.fixture(autouse=True)
def two_points(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two points stand for the 68 landmarks."""
    target = TrainingTarget("landmarks", "landmarks", POINTS, ImagePoints((1, 0)))
    monkeypatch.setattr(Landmarks, "described", lambda self, size: target)


def checkpoint(folder: Path, case: Case) -> Path:
    """A training folder of a network that gives every image another answer."""
    torch.manual_seed(SEED)
    targets = target_of(case.target, SIZE).values
    options = {
        "target": case.target, "train": ["a"], "validation": ["b"], "size": SIZE,
        "backbone": BACKBONE, "method": {"name": case.method, **case.options},
    }  # fmt: skip
    settings = parse_method(options["method"])
    net = build_net(parse_backbone(BACKBONE).build(SIZE), settings, targets).eval()
    with torch.no_grad():
        for parameter in net.head.parameters():
            parameter += case.noise * torch.randn_like(parameter)
        images = torch.from_numpy(trial_images(60, SIZE, SIZE, seed=5))
        low, high = (torch.tensor([getattr(t, end) for t in targets]) for end in ("low", "high"))
        truth = low + (0.1 + 0.8 * torch.rand(60, len(targets))) * (high - low)
        net.head.fit(net.extract(images), truth)
    recipe = Recipe(problem="regression", epochs=1, options=options)
    state = State(1, 1, {"mae": 1.0}, 1.0, 1)
    write_checkpoint(folder, Checkpoint(state, recipe, net.state_dict(), {}))
    return folder


class Numbers(HeadPose):
    """The head-pose task for any targets: there is no task `age` or `landmarks` yet."""

    def kinds(self, spec: Any) -> Any:
        return (Scalars(spec.targets),)

    def conclude(self, proposal: Any, refinement: Any, prepared: Any, spec: Any) -> Any:
        poses = super().conclude(proposal, refinement, prepared, spec)
        return replace(poses, kinds=self.kinds(spec))

    def marks(self, predictions: Any, size: Any) -> list[Any]:
        return []


@dataclass
class Kept:
    """A sink that keeps what it is given."""

    results: list[FrameResult] = field(default_factory=list)

    def write(self, result: FrameResult) -> None:
        self.results.append(result)

    def close(self) -> None:
        """Nothing to close."""


@pytest.fixture
def edgereg(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Kept]:
    """edgereg(arguments...) runs a command, which must end with 0; outputs `.kept` are kept."""
    kept = Kept()
    hooks: dict[str, Callable[[], Any]] = {
        "edgereg_tasks": lambda: [Numbers(name=name) for name in ("age", "landmarks")],
        "edgereg_sinks": lambda: [SinkFormat(".kept", "kept", lambda path, run: kept)],
    }
    # A lambda's name is no hook's; pluggy asks the module's attribute.
    module = SimpleNamespace(**{name: hookimpl(hook) for name, hook in hooks.items()})
    own = SimpleNamespace(name="tests", value="tests", load=lambda: module)
    # In place of the bundled tasks of these names, whose models have fixed numbers.
    others = [each for each in entry_points(group=GROUP) if each.name not in ("age", "landmarks")]
    plugins = load_plugins((), [*others, own])
    monkeypatch.setattr(Session, "plugins", plugins)

    def call(*arguments: object) -> Kept:
        with pytest.raises(SystemExit) as ended:
            main(["--debug", *map(str, arguments)])
        assert ended.value.code == 0
        assert not plugins.faults
        return kept

    return call


@pytest.mark.parametrize("case", cases(), ids=str)
def test_a_checkpoint_becomes_records_of_a_clip(
    case: Case, tmp_path: Path, edgereg: Callable[..., Kept]
) -> None:
    trained = checkpoint(tmp_path / "run", case)
    edgereg("export", trained, tmp_path / "model")
    model = load_model(tmp_path / "model")
    check_folder(model, case)
    check_batches(model, trained)
    table = tmp_path / "records.jsonl"
    kept = edgereg(
        "run", DEMO, table, tmp_path / "a.kept", "--model", model.path, "--limit", FRAMES
    )
    records = [json.loads(line) for line in table.read_text(encoding="utf-8").splitlines()]
    check_records([record for record in records if record["task"] == case.target], model, case)
    check_densities(model, kept.results[0].predictions[case.target])


def check_folder(model: ModelFolder, case: Case) -> None:
    """Graphs, the parity report and what it says."""
    graphs = {"predict", "density"} | ({"refine"} if case.refined else set())
    assert set(model.spec.graphs) == graphs
    estimate = "direct+" if case.method == "ebm" and "estimate" not in case.options else ""
    assert (model.spec.method, model.spec.task) == (estimate + case.method, case.target)
    parity = {k: v for k, v in model.spec.metrics.items() if k.startswith("parity_")}
    assert {name.split("_")[1] for name in parity} == graphs
    widths = [value for name, value in parity.items() if name.endswith(("_std", "_interval"))]
    assert max(widths, default=0) < 1e-3
    assert max(value for value in parity.values() if value not in widths) < 1e-4
    if case.refined:
        assert parity["parity_refine_trajectory"] < 1e-5
    assert not any(refusals(onnx.load(model.graph_path(name))) for name in graphs)
    card = (model.path / "README.md").read_text(encoding="utf-8")
    report = card.split("## Largest differences from the torch model")[1]
    assert all(f"| {graph} |" in report for graph in graphs)


def check_batches(model: ModelFolder, trained: Path) -> None:
    """An image has the same answer alone and among others, another than the others."""
    images = load_exportable(trained).example.numpy()
    engine = OnnxEngine(model.graph_path("predict"), threads=1)
    density = OnnxEngine(model.graph_path("density"), threads=1)
    alone, among = (engine.run({"images": images[:n]}) for n in (1, 8))
    # An energy without an estimate picks its value among fixed points, and may pick one for all.
    told = [among["values"], *(among[name] for name in model.spec.features)]
    assert max(np.ptp(output, axis=0).max() for output in told) > 0
    np.testing.assert_allclose(alone["values"], among["values"][:1], rtol=1e-3, atol=1e-3)
    for found, points in ((alone, 3), (among, 40)):
        features = {name: found[name] for name in model.spec.features}
        grid = np.repeat(found["values"][:, None], points, axis=1)
        assert density.run({**features, "grid": grid})["log_density"].shape == grid.shape[:2]


def check_records(records: list[dict[str, Any]], model: ModelFolder, case: Case) -> None:
    """Every head of every frame: all numbers finite, the energy no lower at the end."""
    assert {record["frame"] for record in records} == {*range(FRAMES)}
    names = {target.name for target in model.spec.targets}
    for record in records:
        assert record["values"].keys() == record["std"].keys() == names
        assert np.isfinite([*record["values"].values()]).all()
        spread = np.array([*record["std"].values()])
        assert (np.isfinite(spread) & (spread > 0)).all()
        assert (record["energy"] is not None) == case.refined
        assert (record["initial"] is not None) == case.refined
        if case.climbs:
            assert record["energy"]["final"] >= record["energy"]["initial"]
    if case.refined:
        assert any(record["initial"] != record["values"] for record in records)


def check_densities(model: ModelFolder, predictions: Any) -> None:
    """A slice of the density through the first head for each target."""
    engine = OnnxEngine(model.graph_path("density"), threads=1)
    for curve in density_curves(engine, model.spec, predictions, 0):
        assert (np.isfinite(curve.density) & (curve.density >= 0)).all()
        assert np.trapezoid(curve.density, curve.x) == pytest.approx(1, abs=1e-3)


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
