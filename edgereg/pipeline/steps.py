"""The way of one frame, from its pixels to its marks, as the list of steps that both runners take.

Follow a frame from top to bottom: `plan` lists the steps. A region task has two, `_predict` and
`_refine`, in the order of `edgereg.core.tasks`; a step task has one, `_Stepper`; `_draw` comes
last. Each step reads and fills one `Work`, which belongs to one step at a time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from edgereg.core.errors import EngineError, PluginError, one_line
from edgereg.core.filters import FilterState
from edgereg.core.frames import Frame
from edgereg.core.marks import Mark
from edgereg.core.predictions import Predictions, Refinement, regions_of, with_tracks
from edgereg.core.regions import Prompt, Regions
from edgereg.core.result import Fault, FrameResult
from edgereg.core.settings import Settings
from edgereg.core.tasks import Prepared, Proposal, State, StepTask
from edgereg.pipeline.following import Follower, Rhythm, Scenes, searching
from edgereg.pipeline.guard import Guard
from edgereg.pipeline.loading import LoadedRegionTask, LoadedStepTask, LoadedTask
from edgereg.pipeline.memo import Memo
from edgereg.pipeline.refining import ascend, with_spread
from edgereg.pipeline.returned import (
    checked_marks,
    checked_predictions,
    checked_prepared,
    checked_proposal,
)

Painter: TypeAlias = Callable[[npt.NDArray[np.uint8], Sequence[Mark]], npt.NDArray[np.uint8]]


class Recogniser(Protocol):
    """Gives what a tracker follows the numbers that it had before a jump in the source."""

    def __call__(
        self, task: str, frame: Frame, place: tuple[int, int, int], found: Predictions, /
    ) -> Predictions:
        """A detector's predictions with other tracks. place: frames of one follow each other."""
        ...


@dataclass
class Work:
    """One frame on its way. `started` holds what a task's first step left for its second.

    generation: counts the jumps in the source; frames of one generation follow each other.
    scene: counts the cuts. carried: detectors that do not look at this frame. since: when the frame
    was there, of `time.perf_counter`.
    """

    frame: Frame
    generation: int = 0
    scene: int = 0
    carried: set[str] = field(default_factory=set)
    started: dict[str, tuple[Prepared, Proposal, Regions | None]] = field(default_factory=dict)
    predictions: dict[str, Predictions] = field(default_factory=dict)
    marks: tuple[Mark, ...] = ()
    picture: npt.NDArray[np.uint8] | None = None
    faults: list[Fault] = field(default_factory=list)
    since: float = field(default_factory=time.perf_counter)

    @property
    def place(self) -> tuple[int, int, int]:
        """Frames of one place follow each other: generation, clip and scene."""
        return self.generation, self.frame.clip, self.scene

    def result(self) -> FrameResult:
        """What the sinks get."""
        return FrameResult(
            self.frame.index,
            self.frame.time_s,
            self.frame.image,
            self.predictions,
            self.marks,
            self.picture,
            tuple(self.faults),
            self.frame.name,
            self.frame.clip,
            self.generation,
        )


@dataclass(frozen=True)
class Step:
    """One step of the plan; its name is shown with its times."""

    name: str
    run: Callable[[Work], None]


def plan(
    tasks: Sequence[LoadedTask],
    settings: Settings,
    guard: Guard,
    painter: Painter | None,
    recognise: Recogniser | None = None,
    memo: Memo | None = None,
) -> list[Step]:
    """The steps of every frame of one run. Tasks come in running order, upstreams first.

    memo: what models found before, and are to be asked for once only. Every plan has states of its
    own: two runs never share one.
    """
    steps: list[Step] = []
    for loaded in tasks:
        name, needed = loaded.name, partial(_needed, loaded.name, tasks, settings)
        if isinstance(loaded, LoadedStepTask):
            steps.append(Step(f"{name}.step", _Stepper(loaded, settings, guard, needed)))
            steps += _filters(loaded, settings, guard)
            continue
        follows = settings.track and not loaded.task.upstream and Follower.can_follow(loaded.kinds)
        rhythm = Rhythm(settings) if follows else None
        asked = loaded.spec.settings
        if follows:
            loaded = replace(loaded, model=replace(loaded.model, spec=searching(loaded.spec)))
        predict = partial(_predict, loaded, settings, guard, needed, rhythm, memo)
        steps.append(Step(f"{name}.predict", predict))
        steps.append(Step(f"{name}.refine", partial(_refine, loaded, settings, guard, memo)))
        if follows:
            carries = settings.detect_every != 1
            follower = Follower(name, loaded.spec.name, loaded.kinds, carries=carries, asked=asked)
            steps.append(Step(f"{name}.track", partial(_track, name, guard, follower, recognise)))
        steps += _filters(loaded, settings, guard)
    if steps:
        steps[0] = Step(steps[0].name, partial(_begin, Scenes(), steps[0].run))
    steps.append(Step("draw", partial(_draw, tasks, settings, guard, painter)))
    return steps


def _filters(loaded: LoadedTask, settings: Settings, guard: Guard) -> list[Step]:
    """A step for each filter that can do something with what the task gives.

    Raises PluginError where a filter can't begin.
    """
    steps = []
    for each in settings.filters:
        try:
            state = each.open(loaded.kinds) if each.takes(loaded.kinds) else None
        except Exception as error:  # a plugin may raise anything
            raise PluginError(
                f"filter '{each.name}' can't begin ({one_line(error)}); run without it"
            ) from error
        if state is not None:
            name = f"{loaded.name}.{each.name}"
            steps.append(Step(name, _Filtering(loaded.name, state, guard)))
    return steps


class _Filtering:
    """Passes the predictions of a task through a filter, whose memory is of one clip."""

    def __init__(self, task: str, state: FilterState, guard: Guard) -> None:
        self._task, self._state, self._guard = task, state, guard
        self._place: tuple[int, int, int] | None = None

    def __call__(self, work: Work) -> None:
        found = work.predictions.get(self._task)
        if found is None or self._guard.is_off(self._task, "filter"):
            return
        why, self._place = _break(self._place, work.place), work.place
        filtered = self._guard.attempt(
            self._task, "filter", work.faults, lambda: self._apply(work.frame, found, why)
        )
        if filtered is not None:
            work.predictions[self._task] = filtered

    def _apply(self, frame: Frame, found: Predictions, why: str | None) -> Predictions:
        if why is not None:
            self._state.reset(why)
        return checked_predictions(self._state.apply(frame, found), self._task, found.kinds)


def _break(before: tuple[int, int, int] | None, place: tuple[int, int, int]) -> str | None:
    """Why a frame of `place` does not follow one of `before`, or None where it does."""
    if before is None or before == place:
        return None
    changed = [old != new for old, new in zip(before, place, strict=True)]
    return ("seek", "clip", "cut")[changed.index(True)]


def needed(tasks: Sequence[LoadedTask], off: frozenset[str]) -> set[str]:
    """Names of the tasks that are on, and of those that one that is on stands on."""
    wanted = {loaded.name for loaded in tasks} - off
    for loaded in reversed(tasks):
        if loaded.name in wanted and loaded.task.upstream:
            wanted.add(loaded.task.upstream)
    return wanted


def _needed(name: str, tasks: Sequence[LoadedTask], settings: Settings) -> bool:
    return name in needed(tasks, settings.off)


def _begin(scenes: Scenes, first: Callable[[Work], None], work: Work) -> None:
    """Before the first step of a frame: see whether it follows a cut."""
    work.scene = scenes.scene_of(work.frame, work.generation)
    first(work)


def _predict(
    loaded: LoadedRegionTask,
    settings: Settings,
    guard: Guard,
    needed: Callable[[], bool],
    rhythm: Rhythm | None,
    memo: Memo | None,
    work: Work,
) -> None:
    """Crop the regions, run `predict` on all of them in one call, read candidates off it."""
    task, spec, faults = loaded.task, loaded.spec, work.faults
    if guard.is_off(task.name) or not needed():
        return
    start = time.perf_counter()
    if task.upstream and task.upstream not in work.predictions:
        return
    regions = regions_of(work.predictions[task.upstream]) if task.upstream else None
    # Asked of every frame, also of one that the memo knows: it counts them.
    due = rhythm is None or rhythm.is_due(work.frame, work.place)
    if memo is not None and _recall(loaded, settings, guard, memo, regions, work):
        return
    if not due:
        work.carried.add(task.name)
        return
    if regions is not None and not len(regions):
        work.predictions[task.name] = Predictions.none(task.name, spec.name, loaded.kinds)
        return
    frame = work.frame
    prepared = guard.attempt(
        task.name, "prepare", faults, lambda: checked_prepared(task.prepare(frame, regions, spec))
    )
    if prepared is None:
        return
    if not len(prepared.images):
        work.predictions[task.name] = Predictions.none(task.name, spec.name, loaded.kinds)
        return
    proposal = guard.attempt(task.name, "predict", faults, lambda: _propose(loaded, prepared))
    if proposal is not None:
        work.started[task.name] = (prepared, proposal, regions)
    if rhythm is not None:
        rhythm.detection_s = time.perf_counter() - start


def _recall(
    loaded: LoadedRegionTask,
    settings: Settings,
    guard: Guard,
    memo: Memo,
    regions: Regions | None,
    work: Work,
) -> bool:
    """Take what the model found before in these regions of this frame; False: that is not known."""
    known = memo.recall(loaded.name, work.frame.index, _steps(loaded, settings, guard), regions)
    if known is not None:
        work.predictions[loaded.name] = with_tracks(known, regions) if regions else known
    return known is not None


def _propose(loaded: LoadedRegionTask, prepared: Prepared) -> Proposal:
    outputs = loaded.run_predict(prepared.images)
    for name, array in outputs.items():
        if isinstance(array, np.ndarray) and _lost(array):
            raise EngineError(f"output '{name}' of model '{loaded.spec.name}' is all NaN")
    try:
        return checked_proposal(loaded.task.propose(outputs, prepared, loaded.spec))
    except KeyError as error:
        if error.args[0] in outputs:
            raise
        raise EngineError(
            f"model '{loaded.spec.name}' has no output {error}; it has {', '.join(outputs)}"
        ) from error


def _lost(array: npt.NDArray[Any]) -> bool:
    """Whether nothing in it is a number."""
    return bool(np.issubdtype(array.dtype, np.floating) and array.size and np.isnan(array).all())


def _steps(loaded: LoadedRegionTask, settings: Settings, guard: Guard) -> int | None:
    """How far the candidates of a task climb now; None: they don't."""
    ascent = loaded.spec.refinement
    wanted = settings.refine and not guard.is_off(loaded.name, "refine")
    if not wanted or loaded.refine is None or ascent is None:
        return None
    return ascent.steps if settings.steps is None else settings.steps


def _refine(
    loaded: LoadedRegionTask, settings: Settings, guard: Guard, memo: Memo | None, work: Work
) -> None:
    """Let the candidates climb their density, and turn them into predictions of the frame."""
    task, faults = loaded.task, work.faults
    if guard.is_off(task.name) or task.name not in work.started:
        return
    prepared, proposal, regions = work.started.pop(task.name)
    refinement: Refinement | None = None
    engine, ascent = loaded.refine, loaded.spec.refinement
    steps = _steps(loaded, settings, guard)
    if steps is not None and engine is not None and ascent is not None:
        refinement = guard.attempt(
            task.name, "refine", faults, lambda: ascend(engine, proposal, ascent, steps)
        )
    predictions = guard.attempt(
        task.name,
        "conclude",
        faults,
        lambda: checked_predictions(
            task.conclude(proposal, refinement, prepared, loaded.spec), task.name, loaded.kinds
        ),
    )
    if predictions is not None:
        predictions = _spread(loaded, guard, faults, predictions)
        finite = guard.finite_only(predictions, faults)
        work.predictions[task.name] = with_tracks(finite, regions) if regions else finite
        if memo is not None and finite is predictions and (refinement is None) is (steps is None):
            memo.keep(work.frame.index, steps, regions, predictions)


def _spread(
    loaded: LoadedRegionTask, guard: Guard, faults: list[Fault], found: Predictions
) -> Predictions:
    """How sure the boxes are, where the model can tell and the task has not said it itself."""
    engine = loaded.spread
    if engine is None or found.std is not None or guard.is_off(loaded.name, "spread"):
        return found
    told = guard.attempt(loaded.name, "spread", faults, lambda: with_spread(engine, found))
    return found if told is None else told


def _track(
    name: str, guard: Guard, follower: Follower, recognise: Recogniser | None, work: Work
) -> None:
    """Give the boxes of a detector their tracks, or carry those of the last detection here."""
    found = work.predictions.get(name)
    if name in work.carried:
        call = partial(follower.carried, work.frame, work.place)
    elif found is not None:
        call = partial(follower.found, work.frame, work.place, found)
    else:
        return
    tracked = guard.attempt(name, "track", work.faults, call)
    if tracked is None:
        return
    work.predictions[name] = tracked
    if recognise is not None:
        known = partial(recognise, name, work.frame, work.place, tracked)
        renumbered = guard.attempt(name, "recognise", work.faults, known)
        work.predictions[name] = tracked if renumbered is None else renumbered


class _Stepper:
    """Steps a task that has a memory through one run: every frame, in order, the empty ones too.

    The memory is forgotten at a jump in the source and where another clip begins.
    """

    def __init__(
        self,
        loaded: LoadedStepTask,
        settings: Settings,
        guard: Guard,
        needed: Callable[[], bool],
    ) -> None:
        self._loaded = loaded
        self._settings = settings
        self._guard = guard
        self._needed = needed
        self._state: State | None = None
        self._place: tuple[int, int, int] | None = None
        self._last = -1
        self._begun: frozenset[Prompt] = frozenset()

    def __call__(self, work: Work) -> None:
        task, faults = self._loaded.task, work.faults
        if self._guard.is_off(task.name) or not self._needed():
            return
        state = self._state or self._guard.attempt(task.name, "open", faults, self._open)
        if state is None:
            return
        self._state = state
        if not self._follows(work, state):
            return
        regions = Regions.of_boxes([])
        if task.upstream and task.upstream in work.predictions:
            regions = regions_of(work.predictions[task.upstream])
        prompts = self._new_prompts(work.frame.index)
        predictions = self._guard.attempt(
            task.name,
            "step",
            faults,
            lambda: checked_predictions(
                state.step(work.frame, regions, prompts), task.name, self._loaded.kinds
            ),
        )
        if predictions is not None:
            finite = self._guard.finite_only(predictions, faults)
            work.predictions[task.name] = with_tracks(finite, regions)

    def _open(self) -> State:
        task: StepTask = self._loaded.task
        state = task.open(self._loaded.model, self._settings)
        if not callable(getattr(state, "step", None)) or not callable(
            getattr(state, "reset", None)
        ):
            raise TypeError(
                f"it returned {type(state).__name__} instead of a state, with step and reset"
            )
        return state

    def _follows(self, work: Work, state: State) -> bool:
        """Reset the state where the frame does not follow the last one; False where that fails."""
        first = self._place is None
        why, self._place = _break(self._place, work.place), work.place
        # A frame after a seek has only prompts of its own; those before it were meant for others.
        if why == "seek" or (first and work.generation):
            self._last = work.frame.index - 1
        if why is None:
            return True
        faults = len(work.faults)
        self._guard.attempt(self._loaded.name, "reset", work.faults, lambda: state.reset(why))
        return len(work.faults) == faults

    def _new_prompts(self, index: int) -> tuple[Prompt, ...]:
        """Prompts of the frames after the last one, up to this one: a run may drop frames.

        And those of no frame, where they are there for the first time.
        """
        last, self._last = self._last, index
        begun, prompts = self._begun, self._settings.prompts
        self._begun = frozenset(p for p in prompts if p.frame is None)
        return tuple(
            p for p in prompts if (p not in begun if p.frame is None else last < p.frame <= index)
        )


def _draw(
    tasks: Sequence[LoadedTask],
    settings: Settings,
    guard: Guard,
    painter: Painter | None,
    work: Work,
) -> None:
    """Collect the marks of all tasks, and paint them where somebody wants a picture."""
    drawn = [each for each in tasks if each.name not in settings.hidden | settings.off]
    work.marks = marks_of(drawn, work.predictions, work.frame.size, guard, work.faults)
    if painter is not None:
        work.picture = painter(work.frame.image, work.marks)


def marks_of(
    tasks: Sequence[LoadedTask],
    predictions: Mapping[str, Predictions],
    size: tuple[int, int],
    guard: Guard,
    faults: list[Fault],
) -> tuple[Mark, ...]:
    """What tasks draw of their predictions in a frame of a size (width, height), in their order."""
    marks: list[Mark] = []
    for loaded in tasks:
        found = predictions.get(loaded.name)
        if found is None or guard.is_off(loaded.name, "marks"):
            continue
        shown = found if found.smoothed is None else replace(found, values=found.smoothed)
        draw = partial(_marks_of, loaded, shown, size)
        marks.extend(guard.attempt(loaded.name, "marks", faults, draw) or ())
    return tuple(marks)


def _marks_of(loaded: LoadedTask, found: Predictions, size: tuple[int, int]) -> list[Mark]:
    return checked_marks(loaded.task.marks(found, size))
