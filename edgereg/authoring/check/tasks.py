"""A task tried on frames of every sort: its answers, its time and memory, what it leaves alone."""

from __future__ import annotations

import pickle
import traceback
import tracemalloc
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgereg.assembly import in_order
from edgereg.authoring.check.findings import Journal
from edgereg.core.arrays import FloatArray
from edgereg.core.errors import EdgeregError, PluginError, one_line
from edgereg.core.frames import Frame
from edgereg.core.kinds import Boxes, Kinds
from edgereg.core.panels import PanelChoice
from edgereg.core.predictions import Predictions
from edgereg.core.regions import Prompt, Regions
from edgereg.core.result import Fault, FrameResult
from edgereg.core.settings import Settings
from edgereg.core.tasks import Task, is_step_task
from edgereg.pipeline.guard import Guard
from edgereg.pipeline.loading import LoadedStepTask, LoadedTask, Loading, load_task
from edgereg.pipeline.returned import checked_panel
from edgereg.plugins import Plugins
from edgereg.sources.wrapped import Arrays

Images = list[npt.NDArray[np.uint8]]

SLOW_S = 1.0
LEAK_BYTES = 50_000
# Frames before and during the measurement of what stays in memory.
WARM_UP, MEASURED = 4, 16
KINDS = "return a tuple of Boxes, Points, Angles, Scalars or Map of edgereg.api"
MENDS = {
    "open": "return an object with step(frame, regions, prompts) and reset(why)",
    "prepare": "return Prepared, with images uint8 [B, h, w, 3], for any frame and any regions",
    "predict": "propose gets what the model's graph `predict` returned; return Proposal",
    "refine": "compare the inputs and outputs of the graph `refine` with docs/model-folder.md",
    "conclude": "return Predictions of the task's own name and kinds",
    "step": "return Predictions of the task's own name and kinds, empty ones where nothing is",
    "reset": "forget everything of the frames before; why is 'seek', 'clip' or 'cut'",
    "marks": "return a list of marks of edgereg.api",
    "panel": "return PanelNumber, PanelCurve, PanelPicture and PanelChoice, also for a row of None",
    "values": "find out where NaN or infinity comes from; leave out what can't be told",
}


@dataclass
class Where:
    """Stands for the task that the tried one stands on.

    boxes: float32 [N, 4] to give in every frame; None: a box within the frame, one across its edge,
    and a tiny one, but none in every third frame.
    """

    name: str
    title: str = "boxes"
    upstream: str | None = None
    model: Path | None = None
    boxes: FloatArray | None = None

    def kinds(self, spec: Any) -> Kinds:
        return (Boxes(("object",)),)

    def open(self, model: Any, settings: Any) -> Where:
        return self

    def step(self, frame: Frame, regions: Regions, prompts: Sequence[Prompt]) -> Predictions:
        boxes = self.boxes
        if boxes is None:
            shares = np.array([[0.2, 0.2, 0.6, 0.7], [-0.3, 0.5, 0.2, 1.2], [0.5, 0.5, 0.51, 0.51]])
            boxes = np.asarray(shares * [*frame.size, *frame.size], np.float32)
            boxes = boxes[:0] if frame.index % 3 == 2 else boxes
        count = len(boxes)
        return Predictions(
            self.name,
            "none",
            self.kinds(None),
            boxes,
            np.full(count, 0.9, np.float32),
            tracks=np.arange(1, count + 1),
            labels=np.zeros(count, np.int64),
        )

    def reset(self, why: str) -> None:
        pass

    def marks(self, predictions: Predictions, size: tuple[int, int]) -> Sequence[Any]:
        return ()


@dataclass
class Kept:
    """A sink that keeps results, or only how often it was given one."""

    keep: bool = True
    results: list[FrameResult] = field(default_factory=list)

    def write(self, result: FrameResult) -> None:
        """Keep one."""
        if self.keep:
            self.results.append(result)

    def close(self) -> None:
        """Nothing to close."""


def frames(width: int, height: int, count: int) -> Images:
    """Textured frames in which a bright patch moves."""
    rng = np.random.default_rng(0)
    images = []
    for index in range(count):
        image = rng.integers(60, 120, (height, width, 3), np.uint8)
        left = index * width // (2 * count)
        image[height // 4 : height // 2, left : left + max(1, width // 4)] = 220
        images.append(image)
    return images


def scenes() -> dict[str, Images]:
    """Frames of every sort that a run may bring."""
    return {
        "ordinary": frames(640, 480, 6),
        "empty": [np.zeros((480, 640, 3), np.uint8)] * 3,
        "tiny": frames(8, 6, 3),
        "tall": frames(48, 1600, 3),
    }


def try_task(plugins: Plugins, name: str, journal: Journal) -> None:
    """Run a task of a plugin over all scenes."""
    task, subject = plugins.tasks()[name], f"task {name}"
    try:
        with journal.step(f"loading the model of task '{name}'"):
            loaded = load_task(task, Loading(engine="cpu"))
    except PluginError as error:
        journal.add("error", subject, one_line(error), KINDS, trace_of(error))
        return
    except EdgeregError as error:
        mend = "make the model folder with edgereg.api.write_model, and put it in the package"
        journal.add("error", subject, one_line(error), mend)
        return
    trial = Trial(task, loaded, subject, journal)
    for scene, images in scenes().items():
        with journal.step(f"running task '{name}' on {scene} frames"):
            trial.run(scene, images)
    if not trial.faults:
        journal.add("ok", subject, f"ran on {', '.join(scenes())} frames")
        with journal.step(f"running task '{name}' twice, and measuring its memory"):
            trial.repeat()
            trial.measure_memory()


def faults_of(task: Task, loaded: LoadedTask) -> list[Fault]:
    """What goes wrong when one frame is run through a task."""
    results, _ = results_of(task, loaded, frames(640, 480, 1))
    return [fault for result in results for fault in result.faults]


def results_of(
    task: Task, loaded: LoadedTask, images: Images, *, keep: bool = True
) -> tuple[list[FrameResult], float]:
    """What a run of a task by itself gives, and how many seconds the task took in it."""
    tasks = [LoadedStepTask(Where(task.upstream)), loaded] if task.upstream else [loaded]
    sink, (height, width) = Kept(keep), images[0].shape[:2]
    prompt = Prompt((0.1 * width, 0.1 * height, 0.9 * width, 0.9 * height))
    report = in_order(
        Arrays(images),
        tasks,
        [sink],
        Settings(prompts=(prompt,)),
        pictures=True,
        guard=Guard(limit=10**6),
    )
    own = f"{task.name}."
    stages = [times for name, times in report.stats.stages.items() if name.startswith(own)]
    return sink.results, sum(times.p50_ms * times.count for times in stages) / 1000


@dataclass
class Trial:
    """One task on its way through the scenes; faults: those that were told."""

    task: Task
    loaded: LoadedTask
    subject: str
    journal: Journal
    faults: set[tuple[str, str]] = field(default_factory=set)

    def run(self, scene: str, images: Images) -> None:
        """Run a scene, and note what is wrong with the results."""
        before = [sha256(image.tobytes()).digest() for image in images]
        results, seconds = results_of(self.task, self.loaded, images)
        for fault in (fault for result in results for fault in result.faults):
            if fault.task == self.task.name and (fault.step, fault.reason) not in self.faults:
                self.faults.add((fault.step, fault.reason))
                said = f"{fault.step} failed on {scene} frames ({fault.reason})"
                self.journal.add("error", self.subject, said, _mend(fault), fault.traceback)
        if [sha256(image.tobytes()).digest() for image in images] != before:
            mend = "copy what you draw on or change: frame.image.copy()"
            self.journal.add("error", self.subject, f"it writes into {scene} frames", mend)
        self._ask_panel(scene, results)
        for found in self._found(results):
            if len(found) and (found.scores.min() < 0 or found.scores.max() > 1):
                said = f"scores of {scene} frames are not all between 0 and 1"
                self.journal.add("warning", self.subject, said, "clip them; sinks rank by them")
                break
        if scene == "ordinary":
            self._tell_time(seconds / len(images))
            self._pickle(self._found(results))

    def _ask_panel(self, scene: str, results: Sequence[FrameResult]) -> None:
        """The items of its own panel, where it has one, for every row and every option."""
        panel = getattr(self.task, "panel", None)
        if panel is None or ("panel", "") in self.faults:
            return
        for result in results:
            found = result.predictions.get(self.task.name)
            for row in (None, *range(len(found) if found is not None else 0)):
                try:
                    items = checked_panel(panel(result, row, {}))
                    for choice in (each for each in items if isinstance(each, PanelChoice)):
                        for option in choice.options:
                            checked_panel(panel(result, row, {choice.name: option}))
                except Exception as error:  # a plugin may raise anything
                    self.faults.add(("panel", ""))
                    said = f"panel failed on {scene} frames ({one_line(error)})"
                    self.journal.add("error", self.subject, said, MENDS["panel"], trace_of(error))
                    return

    def repeat(self) -> None:
        """A region task remembers nothing: the same frame has the same answer."""
        if is_step_task(self.task):
            return
        images = scenes()["ordinary"]
        first, second = (
            self._found(results_of(self.task, self.loaded, images)[0]) for _ in range(2)
        )
        same = [np.array_equal(a.values, b.values) for a, b in zip(first, second, strict=True)]
        if not all(same):
            mend = "a task with a memory is a step task (open, step, reset); noise needs a seed"
            said = "the same frames had other answers the second time"
            self.journal.add("warning", self.subject, said, mend)

    def measure_memory(self) -> None:
        """What stays in memory after frame upon frame."""
        images = scenes()["ordinary"]
        tracemalloc.start()
        held = []
        for count in (WARM_UP, MEASURED):
            several = [images[n % len(images)] for n in range(count)]
            results_of(self.task, self.loaded, several, keep=False)
            held.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
        growth = (held[1] - held[0]) / MEASURED
        if growth > LEAK_BYTES:
            said = f"{growth / 1e6:.2f} MB stay in memory after every frame"
            mend = "keep no frames or results in the task; a state forgets them in reset"
            self.journal.add("warning", self.subject, said, mend)

    def _tell_time(self, seconds: float) -> None:
        said = f"{1000 * seconds:.1f} ms a frame of 640 x 480 on the CPU"
        if seconds > SLOW_S:
            mend = f"do less for each frame; beyond {Guard().budget_s:g} s it is switched off"
            self.journal.add("warning", self.subject, said, mend)
        else:
            self.journal.add("ok", self.subject, said)

    def _pickle(self, found: Sequence[Predictions]) -> None:
        """Workers send predictions to each other, and the windows of processes load tasks."""
        try:
            pickle.dumps((self.task, [replace(each, features={}) for each in found]))
        except Exception as error:  # whatever refuses to be pickled
            said = f"it can't be sent to another process ({one_line(error)})"
            mend = "define classes at the top of a module, and open files and locks when used"
            self.journal.add("error", self.subject, said, mend, trace_of(error))

    def _found(self, results: Sequence[FrameResult]) -> list[Predictions]:
        name = self.task.name
        return [each.predictions[name] for each in results if name in each.predictions]


def _mend(fault: Fault) -> str:
    if fault.reason.startswith("MemoryError"):
        return "it needs more memory than allowed here; --memory allows more"
    if fault.reason.startswith("took "):
        return "do less for each frame, or load what takes so long when the task is opened"
    if "working directory" in fault.reason:
        return "use absolute paths, such as Path(__file__).with_name('table.csv')"
    return MENDS.get(fault.step, "see docs/plugins.md")


def trace_of(error: Exception) -> str:
    """Where an error was raised."""
    return "".join(traceback.format_exception(error))
