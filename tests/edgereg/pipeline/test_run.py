"""What a run must do, in stages as in sequence: results, faults of tasks, ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from edgereg.core.errors import EngineError
from edgereg.pipeline.guard import Guard
from edgereg.pipeline.loading import LoadedTask
from edgereg.pipeline.stats import Report
from edgereg.pipeline.steps import Settings

Run = Callable[..., Report]


@dataclass(frozen=True)
class Spoiled:
    """A task with some of its calls replaced."""

    task: Any
    calls: Mapping[str, Callable[..., Any]]

    def __getattr__(self, name: str) -> Any:
        return self.calls[name] if name in self.calls else getattr(self.task, name)


def spoil(loaded: LoadedTask, **calls: Callable[..., Any]) -> LoadedTask:
    return replace(loaded, task=Spoiled(loaded.task, calls))


@dataclass
class FakeEngine:
    """Passes calls on to an engine, then changes what it returned."""

    engine: Any
    change: Callable[[dict[str, Any]], Any]
    calls: int = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.engine, name)

    def run(self, inputs: Any) -> Any:
        self.calls += 1
        outputs = self.engine.run(inputs)
        return self.change(outputs) or outputs


def boom(*_: Any) -> Any:
    raise ZeroDivisionError("oh no\nsecond line")


def test_every_frame_with_all_its_predictions(
    run: Run, frames: Any, collector: Any, loaded: list[LoadedTask]
) -> None:
    source, sink = frames(20), collector()
    report = run(source, loaded, [sink])
    assert sink.indices == list(range(20))
    for result in sink.results:
        spots, colour = result.predictions["spots"], result.predictions["colour"]
        assert len(spots) == len(colour) == 2
        assert np.allclose(colour.values, result.index, atol=1e-3)
        assert colour.refinement is not None
        assert np.allclose(colour.refinement.initial, 0)
        assert colour.refinement.trajectory.shape == (2, 5, 3)
        assert len(result.marks) == 2
        assert result.picture is None
        assert not result.faults
    assert report.error is None
    assert not report.faults
    assert report.stats.frames == 20
    assert source.closed
    assert sink.closed == 1


def test_all_stages_are_measured(
    run: Run, frames: Any, collector: Any, loaded: list[LoadedTask]
) -> None:
    stats = run(frames(5), loaded, [collector()]).stats
    assert list(stats.stages) == [
        "decode",
        "spots.predict",
        "spots.refine",
        "spots.track",
        "colour.predict",
        "colour.refine",
        "draw",
        "write",
    ]
    assert all(stage.count >= 5 for stage in stats.stages.values())
    assert all(0 <= s.p50_ms <= s.p95_ms <= s.p99_ms for s in stats.stages.values())
    assert stats.mean_fps > 0


def test_refinement_can_be_switched_off_and_lengthened(
    run: Run, frames: Any, collector: Any, loaded: list[LoadedTask]
) -> None:
    sink = collector()
    run(frames(3), loaded, [sink], settings=Settings(refine=False))
    assert sink.results[2].predictions["colour"].refinement is None
    assert np.allclose(sink.results[2].predictions["colour"].values, 0)
    sink = collector()
    run(frames(3), loaded, [sink], settings=Settings(steps=7))
    refinement = sink.results[2].predictions["colour"].refinement
    assert refinement is not None
    assert refinement.trajectory.shape == (2, 8, 3)


def test_hidden_tasks_run_but_are_not_drawn(
    run: Run, frames: Any, collector: Any, loaded: list[LoadedTask]
) -> None:
    sink = collector()
    run(frames(2), loaded, [sink], settings=Settings(hidden=frozenset({"spots"})))
    assert sink.results[0].marks == ()
    assert len(sink.results[0].predictions["spots"]) == 2


def test_the_painter_paints_the_marks(
    run: Run, frames: Any, collector: Any, loaded: list[LoadedTask]
) -> None:
    def painter(image: np.ndarray, marks: Any) -> np.ndarray:
        return np.full_like(image, 100 + len(marks))

    sink = collector()
    run(frames(2), loaded, [sink], painter=painter)
    assert (sink.results[1].picture == 102).all()
    assert (sink.results[1].image == 1).all()


def test_one_engine_call_for_all_regions_and_none_for_no_region(
    run: Run, frames: Any, collector: Any, loaded: list[LoadedTask]
) -> None:
    engine = FakeEngine(loaded[1].predict, lambda outputs: None)
    counted = [loaded[0], replace(loaded[1], predict=engine)]
    run(frames(4), counted, [collector()])
    assert engine.calls == 4
    nothing = replace(loaded[0], task=replace(loaded[0].task, count=0))
    sink = collector()
    report = run(frames(4), [nothing, counted[1]], [sink])
    assert engine.calls == 4
    assert len(sink.results[3].predictions["colour"]) == 0
    assert not report.faults


def test_no_candidates_are_no_predictions(
    run: Run, frames: Any, collector: Any, loaded: list[LoadedTask]
) -> None:
    none = replace(loaded[0], task=replace(loaded[0].task, count=0))
    sink = collector()
    report = run(frames(2), [none, loaded[1]], [sink])
    assert len(sink.results[1].predictions["colour"]) == 0
    assert not report.faults


@pytest.mark.parametrize("call", ["prepare", "propose", "conclude", "marks"])
def test_a_task_that_raises_is_switched_off_and_the_rest_runs_on(
    run: Run, frames: Any, collector: Any, loaded: list[LoadedTask], guard: Guard, call: str
) -> None:
    sink = collector()
    report = run(frames(12), [loaded[0], spoil(loaded[1], **{call: boom})], [sink], guard=guard)
    assert sink.indices == list(range(12))
    assert all(len(result.predictions["spots"]) == 2 for result in sink.results)
    assert report.faults["colour"] == 3
    (name,) = report.switched_off
    assert name == ("colour.marks" if call == "marks" else "colour")
    assert "ZeroDivisionError: oh no second line" in report.switched_off[name]
    assert sink.results[0].faults[0].task == "colour"
    assert not sink.results[11].faults
    assert ("colour" in sink.results[11].predictions) == (call == "marks")


@pytest.mark.parametrize("returned", [{"yaw": 1.0}, None, "colour"])
def test_what_is_no_prediction_is_the_tasks_own_fault(
    run: Run, frames: Any, collector: Any, loaded: list[LoadedTask], guard: Guard, returned: Any
) -> None:
    wrong = spoil(loaded[1], conclude=lambda *rest: returned)
    sink = collector()
    report = run(frames(8), [loaded[0], wrong], [sink], guard=guard)
    assert sink.indices == list(range(8))
    assert type(returned).__name__ in report.switched_off["colour"]


def test_a_task_that_wants_to_end_the_program_is_switched_off(
    run: Run, frames: Any, collector: Any, loaded: list[LoadedTask], guard: Guard
) -> None:
    def leave(*rest: Any) -> Any:
        raise SystemExit(3)

    sink = collector()
    report = run(frames(8), [loaded[0], spoil(loaded[1], prepare=leave)], [sink], guard=guard)
    assert sink.indices == list(range(8))
    assert list(report.switched_off) == ["colour"]


def test_a_failure_now_and_then_is_counted_only(
    run: Run, frames: Any, collector: Any, loaded: list[LoadedTask], guard: Guard
) -> None:
    task = loaded[1].task

    def sometimes(frame: Any, *rest: Any) -> Any:
        return task.prepare(frame, *rest) if frame.image[0, 0, 0] % 3 else boom()

    sink = collector()
    report = run(frames(12), [loaded[0], spoil(loaded[1], prepare=sometimes)], [sink], guard=guard)
    assert report.faults == {"colour": 4}
    assert not report.switched_off
    assert "colour" in sink.results[11].predictions


def test_a_refinement_that_fails_leaves_the_unrefined_prediction(
    run: Run, frames: Any, collector: Any, loaded: list[LoadedTask], guard: Guard
) -> None:
    broken = replace(loaded[1], refine=FakeEngine(loaded[1].refine, boom))
    sink = collector()
    report = run(frames(8), [loaded[0], broken], [sink], guard=guard)
    assert list(report.switched_off) == ["colour.refine"]
    assert all(len(result.predictions["colour"]) == 2 for result in sink.results)
    assert sink.results[0].predictions["colour"].refinement is None


def test_a_trajectory_of_the_wrong_shape_is_named(
    run: Run, frames: Any, collector: Any, loaded: list[LoadedTask]
) -> None:
    engine = FakeEngine(
        loaded[1].refine, lambda out: {**out, "trajectory": out["trajectory"][:, :, 1:]}
    )
    sink = collector()
    run(frames(1), [loaded[0], replace(loaded[1], refine=engine)], [sink])
    assert "'trajectory' has shape [2, 1, 4, 3]" in sink.results[0].faults[0].reason


def first_row_nan(outputs: dict[str, Any]) -> None:
    outputs["features"][0] = np.nan


def test_predictions_that_are_not_finite_are_dropped_and_counted(
    run: Run, frames: Any, collector: Any, loaded: list[LoadedTask], guard: Guard
) -> None:
    engine = FakeEngine(loaded[1].predict, first_row_nan)
    sink = collector()
    report = run(frames(2), [loaded[0], replace(loaded[1], predict=engine)], [sink], guard=guard)
    found = sink.results[0].predictions["colour"]
    assert len(found) == 1
    assert found.refinement is not None
    assert found.features["features"].shape == (1, 3)
    assert "1 of 2 predictions were not finite" in sink.results[0].faults[0].reason
    assert report.faults == {"colour": 2}


def test_a_model_that_returns_only_nan_is_switched_off(
    run: Run, frames: Any, collector: Any, loaded: list[LoadedTask], guard: Guard
) -> None:
    engine = FakeEngine(
        loaded[1].predict, lambda out: {name: np.full_like(a, np.nan) for name, a in out.items()}
    )
    sink = collector()
    report = run(frames(6), [loaded[0], replace(loaded[1], predict=engine)], [sink], guard=guard)
    assert "output 'values' of model 'tiny-colour' is all NaN" in report.switched_off["colour"]
    assert engine.calls == 3
    assert sink.indices == list(range(6))


def test_a_missing_output_is_named(
    run: Run, frames: Any, collector: Any, loaded: list[LoadedTask]
) -> None:
    engine = FakeEngine(loaded[1].predict, lambda out: {"features": out["features"]})
    sink = collector()
    run(frames(1), [loaded[0], replace(loaded[1], predict=engine)], [sink])
    reason = "model 'tiny-colour' has no output 'values'; it has features"
    assert sink.results[0].faults[0].reason == reason


def test_a_task_that_is_too_slow_is_switched_off(
    run: Run, frames: Any, collector: Any, loaded: list[LoadedTask]
) -> None:
    report = run(frames(6), loaded, [collector()], guard=Guard(limit=3, budget_s=-1.0))
    assert "more than the -1 s allowed" in report.switched_off["spots"]


def test_an_engine_that_fails_is_counted_like_a_task(
    run: Run, frames: Any, collector: Any, loaded: list[LoadedTask], guard: Guard
) -> None:
    def out_of_memory(_: Any) -> Any:
        raise EngineError("heads/predict.onnx on CUDA failed: out of memory")

    broken = replace(loaded[0], predict=FakeEngine(loaded[0].predict, out_of_memory))
    report = run(frames(6), [broken, loaded[1]], [collector()], guard=guard)
    assert report.switched_off["spots"].endswith("on CUDA failed: out of memory")
    assert report.error is None


def test_numbers_that_are_not_finite_now_and_then_switch_nothing_off(
    run: Run, frames: Any, collector: Any, loaded: list[LoadedTask], guard: Guard
) -> None:
    engine = FakeEngine(
        loaded[1].predict, lambda out: first_row_nan(out) if engine.calls % 3 == 0 else None
    )
    report = run(frames(15), [loaded[0], replace(loaded[1], predict=engine)], [], guard=guard)
    assert report.faults == {"colour": 5}
    assert not report.switched_off
