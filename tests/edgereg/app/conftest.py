"""A clip made in code, two tasks that need no model, and a window on them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

# Windows are not shown on anybody's screen during tests.
os.environ["QT_QPA_PLATFORM"] = "offscreen"
# Whatever language the machine speaks, tests read English.
os.environ["LC_ALL"] = "C.UTF-8"

from edgereg.app.player.catalogue import Catalogue
from edgereg.assembly import Choice
from edgereg.core import marks as m
from edgereg.core.frames import Frame
from edgereg.core.geometry import axis_tips
from edgereg.core.kinds import Angles, Boxes, Kinds
from edgereg.core.model_spec import ModelSpec
from edgereg.core.predictions import Predictions
from edgereg.core.regions import Regions
from edgereg.core.tasks import Prepared, Proposal
from edgereg.models.folder import ModelFolder
from edgereg.pipeline.loading import LoadedRegionTask, LoadedTask

FPS, FRAMES, WIDTH, HEIGHT = 25, 120, 320, 180


def ball(index: int) -> tuple[float, float]:
    """Centre of the ball in frame `index` of the clip."""
    return 60 + 1.6 * index, 90 + 30 * np.sin(index / 6)


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bright ball that crosses a dark frame: 120 frames, 320 x 180, 25 a second."""
    return write_clip(tmp_path_factory.mktemp("clip") / "ball.avi", FRAMES)


def write_clip(path: Path, count: int) -> Path:
    """The first frames of the clip."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (WIDTH, HEIGHT))
    for index in range(count):
        frame = np.full((HEIGHT, WIDTH, 3), 40, np.uint8)
        cv2.circle(frame, tuple(round(v) for v in ball(index)), 20, (90, 200, 240), cv2.FILLED)
        writer.write(frame)
    writer.release()
    return path


@dataclass(frozen=True)
class FakeEngine:
    """An engine made of a function."""

    call: Callable[[Any], dict[str, Any]]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...] = ()
    provider: str = "CPUExecutionProvider"

    def run(self, inputs: Any) -> dict[str, Any]:
        return self.call(inputs)


def _targets(*names: str, unit: str, low: float, high: float) -> list[dict[str, Any]]:
    return [{"name": name, "unit": unit, "low": low, "high": high} for name in names]


def _spec(task: str, targets: list[dict[str, Any]]) -> ModelSpec:
    graphs = {name: {"file": f"{name}.onnx", "sha256": "0" * 64} for name in ("predict", "refine")}
    return ModelSpec.model_validate(
        {
            "schema_version": 1,
            "name": f"fake-{task}",
            "version": "1",
            "task": task,
            "method": "none",
            "targets": targets,
            "input": {},
            "graphs": graphs,
            "features": ["goal"],
            "refinement": {"steps": 6, "step_length": [0.4] * len(targets), "decay": 0.5},
            "training_data": "none",
            "licence": "none",
        }
    )


def climb(inputs: Any) -> dict[str, Any]:
    """A `refine` graph: each step goes 40 % of the way to the goal; the energy is -distance²."""
    goal, y, path = inputs["goal"][:, None], inputs["initial"], [inputs["initial"]]
    for _ in range(int(inputs["steps"])):
        y = y + 0.4 * (goal - y)
        path.append(y)
    trajectory = np.stack(path, axis=2).astype(np.float32)
    energy = -(((trajectory - goal[:, :, None]) / 10) ** 2).sum(axis=-1)
    return {"trajectory": trajectory, "energy": energy.astype(np.float32)}


def bell(inputs: Any) -> dict[str, Any]:
    """A `density` graph: a normal distribution of deviation 8 round the goal."""
    gap = (inputs["grid"] - inputs["goal"][:, None]) / 8
    return {"log_density": (-0.5 * (gap**2).sum(axis=-1)).astype(np.float32)}


@dataclass
class FakeTask:
    """Finds the ball (`detection`), or invents a pose for it (`headpose`).

    delay_s: how long `propose` takes; fails: raise instead; naps: begin and end of each delay.
    """

    name: str
    title: str
    upstream: str | None = None
    model: Path = Path()
    delay_s: float = 0.0
    fails: bool = False
    naps: list[tuple[float, float]] = field(default_factory=list)

    def kinds(self, spec: ModelSpec) -> Kinds:
        return (Boxes(),) if self.upstream is None else (Angles(),)

    def prepare(self, frame: Frame, regions: Regions | None, spec: ModelSpec) -> Prepared:
        count = 1 if regions is None else len(regions)
        images = np.repeat(frame.image[None], count, axis=0)
        ones = np.ones((count, 2), np.float32)
        boxes = None if regions is None else regions.boxes
        return Prepared(images, 0 * ones, ones, boxes, frame.size)

    def propose(self, outputs: Any, prepared: Prepared, spec: ModelSpec) -> Proposal:
        start = time.perf_counter()
        time.sleep(self.delay_s)
        self.naps.append((start, time.perf_counter()))
        if self.fails:
            raise ValueError("the sky fell down")
        goal = outputs["goal"].astype(np.float32)
        count = len(goal)
        return Proposal(goal[:, None] + 9, np.full((count, 1), 0.9, np.float32), {"goal": goal})

    def conclude(
        self, proposal: Proposal, refinement: Any, prepared: Prepared, spec: ModelSpec
    ) -> Predictions:
        values = proposal.initial[:, 0] if refinement is None else refinement.final
        regions = values if self.upstream is None else prepared.regions
        return Predictions(
            self.name,
            spec.name,
            self.kinds(spec),
            values,
            proposal.scores[:, 0],
            regions,
            refinement=refinement,
            features=proposal.features,
        )

    def marks(self, predictions: Predictions, size: tuple[int, int]) -> list[m.Mark]:
        if self.upstream is None:
            boxes: list[m.Mark] = [m.BoxMark(box) for box in predictions.values]
            if predictions.refinement is not None:
                boxes += [m.BoxMark(box, "initial") for box in predictions.refinement.initial]
            return boxes
        drawn: list[m.Mark] = []
        for box, pose in zip(predictions.regions, predictions.values, strict=True):
            centre = (box[:2] + box[2:]) / 2
            tips = axis_tips(pose[None], centre[None], 25.0)[0]
            drawn += [m.AxesMark(centre, tips), m.TextMark(f"yaw {pose[0]:+.0f}", box[[0, 1]])]
        return drawn


def _find_ball(inputs: Any) -> dict[str, Any]:
    boxes = []
    for image in inputs["images"]:
        bright = image[..., 0] > 150
        columns, rows = np.flatnonzero(bright.any(axis=0)), np.flatnonzero(bright.any(axis=1))
        boxes.append([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1])
    return {"goal": np.asarray(boxes, np.float32)}


def _invent_pose(inputs: Any) -> dict[str, Any]:
    left = [int(np.argmax((image[..., 0] > 150).any(axis=0))) for image in inputs["images"]]
    return {"goal": np.array([[0.4 * x - 40, 10, 20 - 0.2 * x] for x in left], np.float32)}


def load(task: FakeTask) -> LoadedTask:
    """A fake task with fake engines."""
    box_like = task.upstream is None
    targets = (
        _targets("x1", "y1", "x2", "y2", unit="px", low=0, high=WIDTH)
        if box_like
        else _targets("yaw", "pitch", "roll", unit="deg", low=-90, high=90)
    )
    predict = FakeEngine(_find_ball if box_like else _invent_pose, ("images",))
    refine = FakeEngine(climb, ("goal", "initial", "steps"))
    density = FakeEngine(bell, ("goal", "grid"))
    return LoadedRegionTask(
        task, ModelFolder(Path(), _spec(task.name, targets)), predict, refine, density
    )


@pytest.fixture
def detection() -> FakeTask:
    """The upstream task; a test may slow it down or let it fail."""
    return FakeTask("detection", "Balls")


@pytest.fixture
def headpose() -> FakeTask:
    """The task that stands on it."""
    return FakeTask("headpose", "Pose of balls", upstream="detection")


@pytest.fixture
def catalogue(detection: FakeTask, headpose: FakeTask) -> Catalogue:
    """Both tasks, loaded, and a third that can't be."""
    titles = {"detection": "Balls", "headpose": "Pose of balls", "age": "Age"}
    return Catalogue((load(detection), load(headpose)), titles, {"age": "age: no model.json in it"})


@pytest.fixture
def start(qtbot: Any, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """start(catalogue, or loader of one; choice): the main window, shown, its tasks loaded.

    It takes the place of the one before, with its settings: a restart. Afterwards English is
    spoken again.
    """
    from PySide6.QtCore import QSettings
    from PySide6.QtWidgets import QApplication

    from edgereg.app.look import language
    from edgereg.app.window import MainWindow

    opened: list[MainWindow] = []

    def begin(tasks: Any, choice: Choice | None = None) -> MainWindow:
        for before in opened:
            before.leave()
        settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
        loader = tasks if callable(tasks) else lambda _: tasks
        window = MainWindow(loader, settings, choice)
        qtbot.addWidget(window)
        window.show()
        qtbot.waitUntil(lambda: bool(window.catalogue.titles), timeout=60_000)
        opened.append(window)
        return window

    yield begin
    for each in opened:
        each.leave()
        each.player.wait_closed(5.0)
    language.install(QApplication.instance(), "en")


@pytest.fixture
def window(start: Callable[..., Any], catalogue: Catalogue) -> Any:
    """The main window with the fake tasks."""
    return start(catalogue)


@pytest.fixture
def held(qtbot: Any, window: Any, clip: Path) -> Any:
    """The window on frame 40 of the clip, held."""
    window.open(str(clip))
    qtbot.waitUntil(lambda: window.player.current is not None)
    window.playback.pause()
    window.playback.seek(40)
    qtbot.waitUntil(lambda: window.player.current.index == 40)
    return window
