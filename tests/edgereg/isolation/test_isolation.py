"""An isolated plugin answers as it does otherwise; its crashes and hangs cost only itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from edgereg.api import Frame, FrameResult, Regions, Settings, hookimpl
from edgereg.assembly import Choice, assemble
from edgereg.core.errors import PluginError
from edgereg.isolation import task as isolated_task
from edgereg.isolation.task import isolate
from edgereg.pipeline.loading import Loading
from edgereg.pipeline.stats import Report
from edgereg.plugins import Plugins, load_plugins

pytest.importorskip("onnxruntime")

# A task on the boxes of 'spots' with a memory, and what it does on some frames.
ODD = """
    import ctypes, os, sys, time
    import numpy as np
    from edgereg.api import Predictions, TextMark, hookimpl, scalar

    class Odd:
        name, title, upstream, model = "odd", "An odd one", "spots", None

        def kinds(self, spec):
            return (scalar("level"), scalar("before"))

        def open(self, model, settings):
            state = Odd()
            state.before = 0.0
            return state

        def step(self, frame, regions, prompts):
            print("on standard output")
            {step}
            now, before = float(frame.image.mean()), self.before
            self.before = now
            values = np.tile(np.array([[now, before]], np.float32), (len(regions), 1))
            scores = np.ones(len(regions), np.float32)
            return Predictions("odd", "m", self.kinds(None), values, scores, regions.boxes)

        def reset(self, why):
            self.before = 0.0

        def marks(self, predictions, size):
            return [TextMark(str(size), np.zeros(2, np.float32))]

    {top}

    @hookimpl
    def edgereg_tasks():
        return [Odd()]
"""

Run = Callable[..., tuple[Report, list[FrameResult]]]


@pytest.fixture
def odd(tmp_path: Path, spot_task: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Plugins]:
    """odd(step=..., isolated=...): the plugin beside the stand-in for a detector."""
    folder = tmp_path / "odd"
    info = folder / "odd-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: odd\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[edgereg.plugins]\nodd = odd_isolated_plugin\n")
    monkeypatch.syspath_prepend(str(folder))
    own = SimpleNamespace(edgereg_tasks=hookimpl(lambda: [spot_task]))
    entries = [
        SimpleNamespace(name="own", value="own", load=lambda: own),
        SimpleNamespace(name="odd", value="odd_isolated_plugin", load=None),
    ]

    def make(step: str = "pass", top: str = "") -> Plugins:
        text = dedent(ODD).replace("{step}", step).replace("{top}", top)
        (folder / "odd_isolated_plugin.py").write_text(text, encoding="utf-8")
        plugins = load_plugins({"odd"}, entries)
        isolate(plugins, ["odd"])
        return plugins

    return make


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def running(
        plugins: Plugins, count: int = 6, fov: float | None = None
    ) -> tuple[Report, list[FrameResult]]:
        results: list[FrameResult] = []
        sink = SimpleNamespace(write=results.append, close=lambda: None)
        frames = [np.full((48 + 8 * n, 64, 3), 10 * n, np.uint8) for n in range(count)]
        choice = Choice(tasks=("odd",), engine="cpu", fov=fov)
        report = assemble(plugins, frames, (), choice, sinks=[sink]).pipeline.run()
        assert report.error is None
        assert [len(result["spots"]) for result in results] == [2] * count
        return report, results

    return running


def test_it_answers_as_it_does_otherwise(odd: Callable[..., Plugins], run: Run) -> None:
    report, results = run(odd())
    assert report.faults == {}
    values = [result["odd"].values.tolist() for result in results]
    assert values == [[[10.0 * n, 10.0 * max(0, n - 1)]] * 2 for n in range(6)]
    tracks = results[-1]["odd"].tracks
    assert tracks is not None
    assert tracks.tolist() == results[-1]["spots"].tracks.tolist()  # type: ignore[union-attr]
    assert results[1].marks[-1].text == "(64, 56)"  # type: ignore[union-attr]


def test_two_runs_have_a_memory_each(odd: Callable[..., Plugins]) -> None:
    task = odd().tasks()["odd"].load_remotely(Loading(engine="cpu"), 1)  # type: ignore[union-attr]
    first, second = (task.open(None, Settings()) for _ in range(2))
    regions = Regions.of_boxes([[0, 0, 9, 9]])
    bright, dark = (Frame(0, 0.0, np.full((8, 8, 3), v, np.uint8)) for v in (200, 10))
    first.step(bright, regions, ())
    second.step(dark, regions, ())
    assert first.step(bright, regions, ())[0]["before"] == 200


def test_its_task_knows_the_camera_as_others_do(odd: Callable[..., Plugins], run: Run) -> None:
    """Of a field `fov`, where the task has one."""
    knowing = """
    from dataclasses import dataclass
    @dataclass(frozen=True)
    class Knowing(Odd):
        fov: float | None = None
        def open(self, model, settings):
            state = Knowing(self.fov)
            object.__setattr__(state, "level", self.fov or -1.0)
            return state
        def step(self, frame, regions, prompts):
            values = np.full((len(regions), 2), self.level, np.float32)
            scores = np.ones(len(regions), np.float32)
            return Predictions("odd", "m", self.kinds(None), values, scores, regions.boxes)
    Odd = Knowing
"""
    plugins = odd(top=dedent(knowing))
    for fov, level in ((70.0, 70.0), (None, -1.0)):
        _, results = run(plugins, 1, fov)
        assert results[0]["odd"][0]["level"] == level


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("ctypes.string_at(0)", "its process ended by itself (SIG"),
        ("os._exit(3)", "its process ended by itself (exit code 3)"),
        ("time.sleep(600)", "no answer in 2 s; its process was ended"),
        ("raise SystemExit(2)", "in 'step': SystemExit: 2"),
    ],
    ids=["segfault", "exit", "hang", "leaves"],
)
def test_what_ends_its_process_costs_only_its_own_frame(
    odd: Callable[..., Plugins], run: Run, monkeypatch: pytest.MonkeyPatch, what: str, said: str
) -> None:
    monkeypatch.setattr(isolated_task, "ANSWER_S", 2.0)
    report, results = run(odd(step=f"if frame.index == 2: {what}"))
    assert [("odd" in result.predictions) for result in results] == [n != 2 for n in range(6)]
    (fault,) = results[2].faults
    assert said in fault.reason
    assert report.switched_off == {}
    # What was remembered is gone with the process, and grows again in the next.
    assert results[4]["odd"][0]["before"] == 30


def test_what_always_crashes_is_switched_off(odd: Callable[..., Plugins], run: Run) -> None:
    report, _ = run(odd(step="os._exit(1)"))
    assert "5 failures in a row" in report.switched_off["odd"]


@pytest.mark.parametrize("top", ["raise ImportError('no libfoo')", "os._exit(4)"])
def test_an_import_that_fails_is_named(odd: Callable[..., Plugins], top: str) -> None:
    start = time.perf_counter()
    with pytest.raises(PluginError, match=r"'odd', isolated: .*(no libfoo|exit code 4).*without"):
        odd(top=top)
    assert time.perf_counter() - start < 30


def test_a_name_that_there_is_not() -> None:
    with pytest.raises(PluginError, match="--isolate gone: no such plugin"):
        isolate(load_plugins((), []), ["gone"])
