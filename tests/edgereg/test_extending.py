"""What outsiders may add, each in one small plugin, without touching edgereg's code."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from edgereg.api import (
    Boxes,
    EngineProvider,
    Frame,
    FrameResult,
    Kinds,
    Map,
    Points,
    PointsMark,
    Predictions,
    Prepared,
    Proposal,
    Regions,
    RunInfo,
    Scalars,
    SinkFormat,
    SourceInfo,
    hookimpl,
    scalar,
    scheme,
)
from edgereg.assembly import Choice, assemble
from edgereg.engines.onnx import CPU, OnnxEngine
from edgereg.plugins import Plugins, load_plugins

Model = Callable[..., Any]


def plugged(**hooks: Callable[[], Any]) -> Plugins:
    """The hooks as one plugin from outside."""
    module = SimpleNamespace(**{name: hookimpl(hook) for name, hook in hooks.items()})
    entry = SimpleNamespace(name="outside", value="outside", load=lambda: module)
    plugins = load_plugins(disabled=(), entries=[entry])
    plugins.call_all()
    assert plugins.faults == []
    return plugins


def run(plugins: Plugins, source: Any, task: str, *outputs: Path) -> list[FrameResult]:
    """Run a source through a task into outputs; returns the results."""
    kept = Kept([])
    whole = assemble(plugins, source, outputs, Choice(tasks=(task,)), sinks=[kept])
    report = whole.pipeline.run()
    assert report.error is None
    assert report.faults == {}
    return kept.results


@dataclass
class Kept:
    results: list[FrameResult]

    def write(self, result: FrameResult) -> None:
        self.results.append(result)

    def close(self) -> None:
        pass


@dataclass(frozen=True)
class WholeFrame:
    """A task on whole frames whose `predict` gives the mean colour; each shows it differently."""

    model: Path
    given: Kinds
    value: Callable[[np.ndarray], np.ndarray]
    name: str = "outside"
    title: str = "From outside"
    upstream: str | None = None

    def kinds(self, spec: Any) -> Kinds:
        return self.given

    def prepare(self, frame: Frame, regions: Regions | None, spec: Any) -> Prepared:
        origin, scale = np.zeros((1, 2), np.float32), np.ones((1, 2), np.float32)
        return Prepared(frame.image[None], origin, scale, None, frame.size)

    def propose(self, outputs: Mapping[str, Any], prepared: Prepared, spec: Any) -> Proposal:
        values = self.value(outputs["values"]).astype(np.float32)
        return Proposal(values[:, None], np.ones((1, 1), np.float32))

    def conclude(self, proposal: Proposal, refinement: Any, prepared: Any, spec: Any) -> Any:
        values, scores = proposal.initial[:, 0], proposal.scores[:, 0]
        return Predictions(self.name, spec.name, self.given, values, scores)

    def marks(self, predictions: Predictions, size: tuple[int, int]) -> Sequence[Any]:
        return [PointsMark(np.array([[size[0] / 2, size[1] / 2]], np.float32))]


@pytest.fixture
def outside_model(tiny_model: Model) -> Path:
    pytest.importorskip("onnxruntime")
    path: Path = tiny_model("outside", refine=False).path
    return path


def test_a_points_task(clip: Model, outside_model: Path, tmp_path: Path) -> None:
    five = Points(("eye_l", "eye_r", "nose", "mouth_l", "mouth_r"), ((0, 1), (3, 4)))
    task = WholeFrame(outside_model, (five,), lambda mean: np.tile(np.arange(10.0), (1, 1)))
    plugins = plugged(edgereg_tasks=lambda: [task])
    table, points = tmp_path / "o.csv", tmp_path / "o.pts"
    results = run(plugins, str(clip(2)), "outside", table, points)
    assert results[1]["outside"][0]["points"].tolist()[2] == [4, 5]
    assert "nose_x,nose_x_std" in table.read_text().splitlines()[0]
    assert (tmp_path / "o-000001-0.pts").read_text().splitlines()[3] == "0.500 1.500"


def test_a_scalar_of_the_whole_frame(clip: Model, outside_model: Path) -> None:
    level = scalar("light", "level", 0, 255)
    task = WholeFrame(outside_model, (level,), lambda mean: mean[:, :1])
    (first,) = run(plugged(edgereg_tasks=lambda: [task]), str(clip(1)), "outside")
    assert first["outside"][0]["light"] == pytest.approx(16, abs=4)


def test_a_map_task(clip: Model, outside_model: Path, tmp_path: Path) -> None:
    depth = Map("depth", "m", 0, 10, height=2, width=3)
    task = WholeFrame(outside_model, (depth,), lambda mean: np.tile(np.arange(6.0), (1, 1)))
    lines = tmp_path / "o.jsonl"
    (first,) = run(plugged(edgereg_tasks=lambda: [task]), str(clip(1)), "outside", lines)
    assert first["outside"][0]["depth"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert json.loads(lines.read_text())["values"] == {"depth": [0, 1, 2, 3, 4, 5]}


@dataclass
class Changes:
    """How much a frame differs from the one before: it needs a memory, and no network."""

    name: str = "outside"
    title: str = "Changes"
    upstream: str | None = None
    model: Path | None = None

    def kinds(self, spec: Any) -> Kinds:
        return (scalar("change"),)

    def open(self, model: Any, settings: Any) -> Any:
        return Before(self.kinds(None))

    def marks(self, predictions: Predictions, size: tuple[int, int]) -> Sequence[Any]:
        return []


@dataclass
class Before:
    given: Kinds
    mean: float = 0.0

    def step(self, frame: Frame, regions: Regions, prompts: Any) -> Predictions:
        mean = float(frame.image.mean())
        change, self.mean = mean - self.mean, mean
        values = np.array([[change]], np.float32)
        return Predictions("outside", "", self.given, values, np.ones(1, np.float32))

    def reset(self, why: str) -> None:
        self.mean = 0.0


def test_a_step_task(clip: Model) -> None:
    results = run(plugged(edgereg_tasks=lambda: [Changes()]), str(clip(4)), "outside")
    changes = [result["outside"][0]["change"] for result in results]
    assert changes[1:] == pytest.approx([8, 8, 8], abs=3)


class Greys:
    """A source: three grey frames."""

    info = SourceInfo("greys", 8, 8, 10.0, 3, seekable=False, live=False)
    warnings = ()

    def frames(self) -> Any:
        for index in range(3):
            yield Frame(index, index / 10, np.full((8, 8, 3), 50 * index, np.uint8), "greys")

    def seek(self, index: int) -> None:
        raise NotImplementedError

    def close(self) -> None:
        pass


def test_a_source() -> None:
    plugins = plugged(
        edgereg_tasks=lambda: [Changes()],
        edgereg_sources=lambda: [scheme("greys", "Grey frames", lambda text: Greys())],
    )
    results = run(plugins, "greys:three", "outside")
    assert [result["outside"][0]["change"] for result in results] == [0, 50, 50]


@pytest.mark.parametrize("pictures", [False, True])
def test_a_sink(clip: Model, tmp_path: Path, pictures: bool) -> None:
    seen: list[Any] = []

    def opened(path: Path, info: RunInfo) -> Kept:
        seen.append((path.suffix, info.kinds))
        return Kept(results)

    results: list[FrameResult] = []
    kind = SinkFormat(".xyz", "a format", opened, pictures=pictures)
    plugins = plugged(edgereg_tasks=lambda: [Changes()], edgereg_sinks=lambda: [kind])
    run(plugins, str(clip(2)), "outside", tmp_path / "o.xyz")
    assert seen == [(".xyz", {"outside": (scalar("change"),)})]
    assert [result.picture is not None for result in results] == [pictures] * 2


def test_an_engine(clip: Model, outside_model: Path) -> None:
    loaded: list[Path] = []

    def load(path: Path, threads: int | None) -> OnnxEngine:
        loaded.append(path)
        return OnnxEngine(path, CPU, threads=threads)

    task = WholeFrame(outside_model, (scalar("light"),), lambda mean: mean[:, :1])
    plugins = plugged(
        edgereg_tasks=lambda: [task],
        edgereg_engines=lambda: [EngineProvider("npu", "an NPU", load)],
    )
    choice = Choice(tasks=("outside",), engine="npu")
    report = assemble(plugins, str(clip(2)), (), choice).pipeline.run()
    assert report.stats.frames == 2
    assert [path.name for path in loaded] == ["predict.onnx"]


def test_kinds_of_several_values_stand_side_by_side() -> None:
    kinds: Kinds = (Boxes(("head",)), Scalars(scalar("age").numbers))
    values = np.array([[1, 2, 3, 4, 30]], np.float32)
    found = Predictions("t", "m", kinds, values, np.ones(1, np.float32), labels=np.array([0]))
    assert found.boxes is not None
    assert found.boxes.tolist() == [[1, 2, 3, 4]]
    assert (found[0]["age"], found[0].label) == (30, "head")
