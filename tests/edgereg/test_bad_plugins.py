"""Badly behaved plugins: everything else's results stay as they are, the culprit is named with what
to do, and the run goes on to its end."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import numpy as np
import pytest

from edgereg import plugins as loading
from edgereg.api import (
    EngineProvider,
    FrameResult,
    PointsMark,
    Predictions,
    SinkFormat,
    SourceFormat,
    TextMark,
    hookimpl,
    scalar,
)
from edgereg.assembly import Choice, assemble
from edgereg.core.errors import PluginError
from edgereg.core.frames import Frame
from edgereg.core.regions import Regions
from edgereg.pipeline.guard import Guard
from edgereg.pipeline.stats import Report
from edgereg.plugins import Plugins, load_plugins

pytest.importorskip("onnxruntime")

FRAMES = 7
HERE = Path.cwd()


@dataclass
class Kept:
    results: list[FrameResult] = field(default_factory=list)

    def write(self, result: FrameResult) -> None:
        self.results.append(result)

    def close(self) -> None:
        pass


@dataclass(frozen=True)
class Outcome:
    """Of one run: what went into the table for the good tasks, and everything that was said."""

    rows: list[str]
    said: str
    report: Report
    results: list[FrameResult]


@dataclass(frozen=True)
class Bench:
    """Runs the stand-in tasks, which are edgereg's own here, beside a bad plugin."""

    own: Any
    folder: Path

    def loaded(self, load: Callable[[], Any] | None, name: str = "bad") -> Plugins:
        own = SimpleNamespace(name="own", value="own", load=lambda: self.own)
        own.dist = SimpleNamespace(name="edgereg")
        bad = [SimpleNamespace(name=name, value="bad.module", load=load)] if load else []
        return load_plugins((), [*bad, own])

    def run(self, plugins: Plugins, *tasks: str) -> Outcome:
        table, kept = self.folder / "out.jsonl", Kept()
        frames = [np.full((48, 64, 3), 16 + 8 * index, np.uint8) for index in range(FRAMES)]
        choice = Choice(tasks=("colour", *tasks), engine="cpu")
        whole = assemble(plugins, frames, [table], choice, sinks=[kept])
        report = whole.pipeline.run()
        assert whole.finish() == []
        assert report.error is None
        assert report.stats.frames == FRAMES
        lines = table.read_text(encoding="utf-8").splitlines()
        plugins.call_all()
        faults = [fault for result in kept.results for fault in result.faults]
        reasons = [f"task '{fault.task}' {fault.step} {fault.reason}" for fault in faults]
        said = [str(fault) for fault in plugins.faults] + reasons
        said += report.switched_off.values()
        rows = [line for line in lines if '"task": "bad"' not in line]
        return Outcome(rows, "\n".join(said), report, kept.results)


@pytest.fixture
def bench(tmp_path: Path, spot_task: Any, colour_task: Any) -> Bench:
    own = plugin(edgereg_tasks=lambda: [spot_task, colour_task])
    return Bench(own, tmp_path)


@pytest.fixture
def alone(bench: Bench) -> list[str]:
    """The rows of the good tasks, without any bad plugin."""
    outcome = bench.run(bench.loaded(None))
    assert len(outcome.rows) == 4 * FRAMES
    assert outcome.said == ""
    return outcome.rows


def plugin(**hooks: Callable[..., Any]) -> Any:
    for name, hook in hooks.items():
        hook.__name__ = name
    return SimpleNamespace(**{name: hookimpl(hook) for name, hook in hooks.items()})


def raising(error: BaseException) -> Callable[..., Any]:
    def call(*_: Any) -> Any:
        raise error

    return call


def adding(hook: str, *what: Any) -> Callable[[], Any]:
    return lambda: plugin(**{hook: lambda: [*what]})


def described(**changes: Any) -> Any:
    calls = dict.fromkeys(("kinds", "prepare", "propose", "conclude", "marks"), lambda *_: None)
    facts = {"name": "bad", "title": "Bad", "model": None, "upstream": None}
    return SimpleNamespace(**{**facts, **calls, **changes})


def without(*names: str) -> Any:
    task = described()
    for name in names:
        delattr(task, name)
    return task


def slow_import() -> Any:
    time.sleep(0.06)
    return plugin(edgereg_tasks=lambda: [])


def sweeping_import() -> Any:
    warnings.simplefilter("error")
    return SimpleNamespace()


def an_opener(*_: Any) -> Any:
    raise AssertionError("opened")


NEWER = plugin(edgereg_tasks=lambda: [])
NEWER.EDGEREG_API = "2"

# What is wrong as soon as the plugin is loaded or its hooks are called, and what is said of it.
LOADED: Mapping[str, tuple[Callable[[], Any], str]] = {
    "no import": (raising(ImportError("no libfoo")), "importing bad.module failed (ImportError"),
    "bad syntax": (lambda: compile("def", "bad.py", "exec"), "failed (SyntaxError"),
    "import leaves": (raising(SystemExit(3)), "failed (SystemExit: 3)"),
    "import interrupts": (raising(KeyboardInterrupt()), "failed (KeyboardInterrupt"),
    "import moves": (lambda: os.chdir("/"), "changes the working directory"),
    "slow import": (slow_import, "takes 0.1 s, for which every command waits"),
    "sweeping filters": (sweeping_import, "no function marked @hookimpl"),
    "no hook": (SimpleNamespace, "no function marked @hookimpl"),
    "unknown hook": (lambda: plugin(edgereg_nothing=lambda: []), "edgereg_nothing"),
    "wrong signature": (lambda: plugin(edgereg_tasks=lambda app: []), "hooks in wrongly"),
    "newer": (lambda: NEWER, "version 2 of the plugin API"),
    "hook raises": (lambda: plugin(edgereg_tasks=raising(ValueError("no"))), "ValueError: no"),
    "hook leaves": (lambda: plugin(edgereg_tasks=raising(SystemExit())), "SystemExit"),
    "hook moves": (lambda: plugin(edgereg_sinks=lambda: os.chdir("/")), "working directory"),
    "a dict of tasks": (
        lambda: plugin(edgereg_tasks=lambda: {}),
        "dict instead of a list of tasks",
    ),
    "no conclude": (adding("edgereg_tasks", without("conclude")), "'bad' is no task: it lacks"),
    "a class": (adding("edgereg_tasks", SimpleNamespace), "the class SimpleNamespace instead"),
    "a text as model": (adding("edgereg_tasks", described(model="m")), "model must be a Path"),
    "no text as name": (adding("edgereg_tasks", described(name=7)), "a task is called 7"),
    "no text as title": (adding("edgereg_tasks", described(title=None)), "title must be text"),
    "stands on itself": (adding("edgereg_tasks", described(upstream="bad")), "names itself"),
    "one name twice": (adding("edgereg_tasks", described(), described()), "'bad' twice"),
    "another's task": (adding("edgereg_tasks", described(name="colour")), "'own' has added"),
    "engine auto": (adding("edgereg_engines", EngineProvider("auto", "", an_opener)), "'auto'"),
    "engine cpu": (adding("edgereg_engines", EngineProvider("cpu", "", an_opener)), "built in"),
    "sink for .csv": (adding("edgereg_sinks", SinkFormat(".csv", "", an_opener)), "built in"),
    "sink without dot": (adding("edgereg_sinks", SinkFormat("xyz", "", an_opener)), "a dot"),
    "command run": (adding("edgereg_commands", click.Command("run")), "adds 'run'"),
    "nameless command": (adding("edgereg_commands", click.Command(None)), "no named click"),
    "greedy source": (
        adding("edgereg_sources", SourceFormat("bad", "", lambda text: True, an_opener)),
        "takes any text",
    ),
    "raising source": (
        adding("edgereg_sources", SourceFormat("bad", "", raising(OSError("no")), an_opener)),
        "OSError: no",
    ),
}


@pytest.mark.parametrize("case", LOADED)
def test_what_is_wrong_when_loaded(
    bench: Bench, alone: list[str], case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "SLOW_S", 0.05)
    load, said = LOADED[case]
    filters = [*warnings.filters]
    outcome = bench.run(bench.loaded(load))
    assert outcome.rows == alone
    assert "plugin 'bad'" in outcome.said
    assert said in outcome.said
    assert "disable bad" in outcome.said or "--no-plugin bad" in outcome.said
    assert Path.cwd() == HERE
    assert [*warnings.filters] == filters


@pytest.mark.parametrize("name", ["own", "edgereg"])
def test_a_plugin_by_the_name_of_another(bench: Bench, alone: list[str], name: str) -> None:
    """It does not take its place, and what is built in stays."""
    plugins = bench.loaded(adding("edgereg_tasks", described(name="colour")), name)
    outcome = bench.run(plugins)
    assert outcome.rows == alone
    assert "takes a name that another plugin has" in outcome.said
    assert "uninstall the one that came later" in outcome.said
    assert "cpu" in plugins.engines()


@dataclass(frozen=True)
class Spoilt:
    """A task of which some calls are replaced."""

    task: Any
    calls: Mapping[str, Any]

    def __getattr__(self, name: str) -> Any:
        return self.calls[name] if name in self.calls else getattr(self.task, name)


def found(values: Any = None, **changes: Any) -> Callable[..., Any]:
    """A `conclude` that returns this."""

    def conclude(proposal: Any, refinement: Any, prepared: Any, spec: Any) -> Any:
        kinds, given = (scalar("bad"),), np.ones((2, 1), np.float32) if values is None else values
        return replace(Predictions("bad", "m", kinds, given, np.ones(2, np.float32)), **changes)

    return conclude


def overwriting_frame(frame: Frame, *_: Any) -> Any:
    frame.image.flags.writeable = True
    frame.image[:] = 0


def overwriting_regions(frame: Frame, regions: Regions, spec: Any) -> Any:
    regions.boxes[:] = 0


def generated(*_: Any) -> Any:
    yield PointsMark(np.zeros((1, 2), np.float32))
    raise RuntimeError("halfway")


def moving(*_: Any) -> Any:
    os.chdir("/")


# Calls that go wrong in a run, and what is said of it.
CALLS: Mapping[str, tuple[dict[str, Any], str]] = {
    "a dict concluded": ({"conclude": lambda *_: {"yaw": 3}}, "dict instead of Predictions"),
    "another's predictions": ({"conclude": found(task="spots")}, "'spots' instead of its own"),
    "other kinds": ({"conclude": found(kinds=(scalar("x"),))}, "other kinds"),
    "texts for numbers": ({"conclude": found(np.array([["a"], ["b"]]))}, "array of numbers"),
    "objects for numbers": ({"conclude": found(np.array([[{}], [1]], object))}, "of numbers"),
    "a list of numbers": ({"conclude": found([[1.0], [2.0]])}, "AttributeError"),
    "not finite": ({"conclude": found(np.full((2, 1), np.nan, np.float32))}, "not finite"),
    "labels of no class": ({"conclude": found(labels=np.array([0, 9]))}, "labels must be"),
    "conclude raises": ({"conclude": raising(ZeroDivisionError("oh"))}, "ZeroDivisionError: oh"),
    "conclude leaves": ({"conclude": raising(SystemExit(3))}, "SystemExit: 3"),
    "conclude interrupts": ({"conclude": raising(KeyboardInterrupt())}, "KeyboardInterrupt"),
    "conclude moves": ({"conclude": moving}, "changes the working directory"),
    "nothing prepared": ({"prepare": lambda *_: None}, "switched off"),
    "a dict prepared": ({"prepare": lambda *_: {}}, "dict instead of Prepared"),
    "frames overwritten": ({"prepare": overwriting_frame}, "ValueError"),
    "regions overwritten": ({"prepare": overwriting_regions}, "read-only"),
    "a list proposed": ({"propose": lambda *_: [1]}, "list instead of Proposal"),
    "marks of text": ({"conclude": found(), "marks": lambda *_: ["x"]}, "str among its marks"),
    "a number of marks": ({"conclude": found(), "marks": lambda *_: 7}, "not iterable"),
    "half the marks": ({"conclude": found(), "marks": generated}, "RuntimeError: halfway"),
}


@pytest.mark.parametrize("case", CALLS)
def test_what_goes_wrong_in_a_run(
    bench: Bench, alone: list[str], colour_task: Any, tiny_model: Any, case: str
) -> None:
    calls, said = CALLS[case]
    colour = replace(colour_task, name="bad", model=tiny_model("bad").path)
    task = Spoilt(colour, {"kinds": lambda spec: (scalar("bad"),), **calls})
    outcome = bench.run(bench.loaded(adding("edgereg_tasks", task)), "bad")
    assert outcome.rows == alone
    assert "'bad" in outcome.said
    assert said in outcome.said
    assert [name.partition(".")[0] for name in outcome.report.switched_off] == ["bad"]
    assert all(np.all(r.image == 16 + 8 * r.index) for r in outcome.results)
    assert Path.cwd() == HERE


def test_marks_that_can_not_be_drawn_are_left_out(
    bench: Bench, alone: list[str], colour_task: Any, tiny_model: Any, tmp_path: Path
) -> None:
    odd = [TextMark(7, None), PointsMark("ab"), PointsMark(np.full((1, 2), 1e9), role="odd")]  # type: ignore[arg-type]
    colour = replace(colour_task, name="bad", model=tiny_model("bad").path)
    task = Spoilt(colour, {"marks": lambda *_: odd})
    plugins = bench.loaded(adding("edgereg_tasks", task))
    frames = [np.full((48, 64, 3), 90, np.uint8)] * 2
    pictures, choice = tmp_path / "%06d.png", Choice(tasks=("bad",), engine="cpu")
    report = assemble(plugins, frames, [pictures], choice).pipeline.run()
    assert report.error is None
    assert len([*tmp_path.glob("00000*.png")]) == 2


@dataclass
class Memory:
    """A step task that goes wrong as it is told."""

    calls: Mapping[str, Any]
    name: str = "bad"
    title: str = "Bad"
    upstream: str | None = None
    model: Path | None = None
    values: Any = field(default_factory=lambda: np.zeros((1, 1), np.float32))

    def kinds(self, spec: Any) -> Any:
        return (scalar("bad"),)

    def open(self, model: Any, settings: Any) -> Any:
        return self.calls.get("open", lambda: self)()

    def step(self, frame: Frame, regions: Regions, prompts: Any) -> Any:
        if "step" in self.calls:
            return self.calls["step"](frame)
        self.values[:] = frame.index
        return Predictions("bad", "m", self.kinds(None), self.values, np.ones(1, np.float32))

    def reset(self, why: str) -> None:
        pass

    def marks(self, predictions: Predictions, size: tuple[int, int]) -> Sequence[Any]:
        return []


@pytest.mark.parametrize(
    ("calls", "said"),
    [
        ({"open": lambda: None}, "NoneType instead of a state"),
        ({"open": raising(SystemExit(1))}, "SystemExit"),
        ({"step": raising(MemoryError())}, "MemoryError"),
        ({"step": lambda frame: []}, "list instead of Predictions"),
    ],
)
def test_what_goes_wrong_with_a_memory(
    bench: Bench, alone: list[str], calls: dict[str, Any], said: str
) -> None:
    outcome = bench.run(bench.loaded(adding("edgereg_tasks", Memory(calls))), "bad")
    assert outcome.rows == alone
    assert said in outcome.said
    assert [*outcome.report.switched_off] == ["bad"]


def test_an_array_that_is_used_again(bench: Bench) -> None:
    """A task may write the next frame's values where the last ones stood."""
    outcome = bench.run(bench.loaded(adding("edgereg_tasks", Memory({}))), "bad")
    values = [result["bad"].values.item() for result in outcome.results]
    assert values == list(range(FRAMES))


@pytest.mark.parametrize("kinds", [raising(ValueError("no")), lambda spec: None, lambda spec: ()])
def test_kinds_that_are_none_are_named_before_the_run(bench: Bench, kinds: Any) -> None:
    task = Memory({})
    task.kinds = kinds  # type: ignore[method-assign]
    plugins = bench.loaded(adding("edgereg_tasks", task))
    with pytest.raises(PluginError, match=r"task 'bad' can't be run: kinds .* plugin check"):
        bench.run(plugins, "bad")


def test_a_filter_that_can_not_begin(bench: Bench) -> None:
    bad = SimpleNamespace(name="odd", title="Odd", takes=raising(KeyError("x")), open=an_opener)
    plugins = bench.loaded(adding("edgereg_filters", bad))
    with pytest.raises(PluginError, match="filter 'odd' can't begin"):
        assemble(
            plugins, [np.zeros((48, 64, 3), np.uint8)], (), Choice(("colour",), filters=("odd",))
        )


def test_what_sleeps_is_switched_off_after_three_budgets() -> None:
    guard, faults = Guard(budget_s=0.02), []  # type: ignore[var-annotated]
    guard.attempt("bad", "step", faults, lambda: time.sleep(0.07))
    assert "after one failure in 'step': took 0.1 s" in guard.switched_off["bad"]


def test_what_hangs_is_named() -> None:
    guard, seen = Guard(budget_s=0.001), []
    guard.attempt("bad", "step", [], lambda: (time.sleep(0.01), seen.append(guard.stuck())))
    assert [*seen[0]] == [("bad", "step")]
    assert guard.stuck() == {}
