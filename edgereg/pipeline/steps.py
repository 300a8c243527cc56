"""The way of one frame, from its pixels to its marks, as the list of steps that both runners take.

Follow a frame from top to bottom: `plan` lists the steps; a task has two of them, `_predict` and
`_refine`, in the order of `edgereg.core.tasks`; `_draw` comes last. Each step reads and fills one
`Work`, which belongs to one step at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from edgereg.core.errors import EngineError
from edgereg.core.marks import Mark
from edgereg.core.predictions import FloatArray, Predictions, Refinement, ValueSpec
from edgereg.core.result import Fault, FrameResult
from edgereg.core.tasks import Prepared, Proposal
from edgereg.engines.base import Engine
from edgereg.models.schema import RefinementSettings
from edgereg.pipeline.guard import Guard, finite_only
from edgereg.pipeline.loading import LoadedTask
from edgereg.sources.base import Frame

Painter: TypeAlias = Callable[[npt.NDArray[np.uint8], Sequence[Mark]], npt.NDArray[np.uint8]]


@dataclass
class Settings:
    """What may change while the pipeline runs; read anew for every frame.

    refine: climb the density where the model can; steps: how far, None as the model says.
    hidden: names of tasks that run but are not drawn.
    """

    refine: bool = True
    steps: int | None = None
    hidden: frozenset[str] = frozenset()


@dataclass
class Work:
    """One frame on its way. `started` holds what a task's first step left for its second."""

    frame: Frame
    generation: int = 0
    started: dict[str, tuple[Prepared, Proposal]] = field(default_factory=dict)
    predictions: dict[str, Predictions] = field(default_factory=dict)
    marks: tuple[Mark, ...] = ()
    picture: npt.NDArray[np.uint8] | None = None
    faults: list[Fault] = field(default_factory=list)

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
        )


@dataclass(frozen=True)
class Step:
    """One step of the plan; its name is shown with its times."""

    name: str
    run: Callable[[Work], None]


def plan(
    tasks: Sequence[LoadedTask], settings: Settings, guard: Guard, painter: Painter | None
) -> list[Step]:
    """The steps of every frame. Tasks come in running order, upstreams first."""
    steps: list[Step] = []
    known = {loaded.name: loaded for loaded in tasks}
    for loaded in tasks:
        upstream = known[loaded.task.upstream] if loaded.task.upstream else None
        steps.append(Step(f"{loaded.name}.predict", partial(_predict, loaded, upstream, guard)))
        steps.append(Step(f"{loaded.name}.refine", partial(_refine, loaded, settings, guard)))
    steps.append(Step("draw", partial(_draw, tasks, settings, guard, painter)))
    return steps


def _predict(loaded: LoadedTask, upstream: LoadedTask | None, guard: Guard, work: Work) -> None:
    """Crop the regions, run `predict` on all of them in one call, read candidates off it."""
    task, spec, faults = loaded.task, loaded.spec, work.faults
    if guard.is_off(task.name) or (upstream and upstream.name not in work.predictions):
        return
    regions = None
    if upstream:
        found = work.predictions[upstream.name]
        regions = guard.attempt(
            upstream.name, "regions", faults, lambda: upstream.task.regions(found)
        )
        if regions is None:
            return
        if not len(regions):
            work.predictions[task.name] = _nothing(loaded)
            return
    image = work.frame.image
    prepared = guard.attempt(
        task.name, "prepare", faults, lambda: task.prepare(image, regions, spec)
    )
    if prepared is None:
        return
    if not len(prepared.images):
        work.predictions[task.name] = _nothing(loaded)
        return
    proposal = guard.attempt(task.name, "predict", faults, lambda: _propose(loaded, prepared))
    if proposal is not None:
        work.started[task.name] = (prepared, proposal)


def _propose(loaded: LoadedTask, prepared: Prepared) -> Proposal:
    outputs = loaded.look(prepared.images)
    for name, array in outputs.items():
        if isinstance(array, np.ndarray) and _lost(array):
            raise EngineError(f"output '{name}' of model '{loaded.spec.name}' is all NaN")
    try:
        return loaded.task.propose(outputs, prepared, loaded.spec)
    except KeyError as error:
        if error.args[0] in outputs:
            raise
        raise EngineError(
            f"model '{loaded.spec.name}' has no output {error}; it has {', '.join(outputs)}"
        ) from error


def _lost(array: npt.NDArray[Any]) -> bool:
    """Whether nothing in it is a number."""
    return bool(np.issubdtype(array.dtype, np.floating) and array.size and np.isnan(array).all())


def _refine(loaded: LoadedTask, settings: Settings, guard: Guard, work: Work) -> None:
    """Let the candidates climb their density, and turn them into predictions of the frame."""
    task, faults = loaded.task, work.faults
    if guard.is_off(task.name) or task.name not in work.started:
        return
    prepared, proposal = work.started.pop(task.name)
    refinement: Refinement | None = None
    engine, ascent = loaded.refine, loaded.spec.refinement
    wanted = settings.refine and not guard.is_off(task.name, "refine")
    if wanted and engine is not None and ascent is not None:
        steps = ascent.steps if settings.steps is None else settings.steps
        refinement = guard.attempt(
            task.name, "refine", faults, lambda: ascend(engine, proposal, ascent, steps)
        )
    predictions = guard.attempt(
        task.name,
        "conclude",
        faults,
        lambda: task.conclude(proposal, refinement, prepared, loaded.spec),
    )
    if predictions is None:
        return
    finite, lost = finite_only(predictions)
    if lost:
        reason = f"{lost} of {len(predictions)} predictions were not finite and are dropped"
        guard.count(Fault(task.name, "values", reason), faults)
    else:
        guard.passed(task.name, "values")
    work.predictions[task.name] = finite


def ascend(
    engine: Engine, proposal: Proposal, ascent: RefinementSettings, steps: int
) -> Refinement:
    """Run the `refine` graph (Algorithm 1 of the EBM paper) on all candidates in one call.

    B images with K candidates each, D numbers a candidate.

    Returns a trajectory [B*K, steps+1, D] and energies [B*K, steps+1].
    Raises EngineError where the task did not hand over a feature that the graph takes.
    """
    batch, candidates, width = proposal.initial.shape
    if not batch * candidates:
        return Refinement(
            np.zeros((0, steps + 1, width), np.float32), np.zeros((0, steps + 1), np.float32)
        )
    given: dict[str, npt.NDArray[Any]] = {
        "initial": proposal.initial,
        "step_length": np.asarray(ascent.step_length, np.float32),
        "decay": np.asarray(ascent.decay, np.float32),
        "steps": np.asarray(steps, np.int64),
    }
    outputs = engine.run({**proposal.features, **given})
    trajectory: FloatArray = outputs["trajectory"]
    energy: FloatArray = outputs["energy"]
    if trajectory.shape != (batch, candidates, steps + 1, width):
        raise EngineError(
            f"'trajectory' has shape {list(trajectory.shape)}, "
            f"expected is {[batch, candidates, steps + 1, width]}"
        )
    return Refinement(trajectory.reshape(-1, steps + 1, width), energy.reshape(-1, steps + 1))


def _draw(
    tasks: Sequence[LoadedTask],
    settings: Settings,
    guard: Guard,
    painter: Painter | None,
    work: Work,
) -> None:
    """Collect the marks of all tasks, and paint them where somebody wants a picture."""
    marks: list[Mark] = []
    for loaded in tasks:
        found = work.predictions.get(loaded.name)
        hidden = loaded.name in settings.hidden or guard.is_off(loaded.name, "marks")
        if found is None or hidden:
            continue
        drawn = guard.attempt(loaded.name, "marks", work.faults, partial(loaded.task.marks, found))
        marks.extend(drawn or ())
    work.marks = tuple(marks)
    if painter is not None:
        work.picture = painter(work.frame.image, work.marks)


def _nothing(loaded: LoadedTask) -> Predictions:
    """No predictions: what a task finds where there are no regions to look at."""
    targets = loaded.spec.targets
    return Predictions(
        loaded.name,
        loaded.spec.name,
        tuple(ValueSpec(target.name, target.unit) for target in targets),
        np.zeros((0, len(targets)), np.float32),
        np.zeros(0, np.float32),
        np.zeros((0, 4), np.float32),
    )
