"""The density curves of one prediction, as a question and its answer."""

from __future__ import annotations

from dataclasses import dataclass

from edgereg.app.look.language import mark
from edgereg.core.arrays import FloatArray
from edgereg.core.errors import EdgeregError
from edgereg.core.predictions import Predictions
from edgereg.density import DensityCurve, DensityMap, density_curves, density_map
from edgereg.marginals import SAMPLES
from edgereg.pipeline.loading import LoadedTask

# A sharp density over a wide range needs many points to look smooth.
_POINTS = 481
# Samples of a curve that the next one will take the place of.
_ROUGH_SAMPLES = SAMPLES // 2


@dataclass(frozen=True)
class Question:
    """The prediction `row` of a task. pair: of targets whose density is wanted over both, or None:
    curves of all are. beside: what it is compared with. rough: it is seen for a moment only."""

    loaded: LoadedTask
    predictions: Predictions
    row: int
    pair: tuple[int, int] | None = None
    beside: Question | None = None
    rough: bool = False


@dataclass(frozen=True)
class Answer:
    """Curves along each target, or a map over two, or the reason why there are none.

    trajectory: float32 [T+1, D], or None where nothing was refined. beside: the curves of what it
    is compared with, where that has any.
    """

    question: Question
    curves: tuple[DensityCurve, ...] = ()
    trajectory: FloatArray | None = None
    map: DensityMap | None = None
    problem: str = ""
    beside: tuple[DensityCurve, ...] = ()


def answer(question: Question) -> Answer:
    """Compute the curves of one prediction, or its map."""
    loaded, found, row = question.loaded, question.predictions, question.row
    engine = loaded.density
    if engine is None or loaded.spec is None:
        return Answer(question, problem=mark("this model has no density graph"))
    try:
        if question.pair is not None:
            pair = density_map(engine, loaded.spec, found, row, question.pair)
            return Answer(question, map=pair)
        samples = _ROUGH_SAMPLES if question.rough else SAMPLES
        curves = density_curves(engine, loaded.spec, found, row, points=_POINTS, samples=samples)
    except EdgeregError as error:
        return Answer(question, problem=str(error))
    climb = found.refinement
    trajectory = None if climb is None else climb.trajectory[row]
    beside = answer(question.beside).curves if question.beside is not None else ()
    return Answer(question, curves, trajectory, beside=beside)
