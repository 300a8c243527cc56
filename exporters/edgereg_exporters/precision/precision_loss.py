"""What a model of lower precision loses against its FP32 original."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import onnx
from edgereg_training.facts import facts_of

from edgereg.core.model_spec import ModelSpec
from edgereg.models.folder import ModelFolder
from edgereg_exporters.errors import ExportError
from edgereg_exporters.folder.parity import Difference, compare, run_graph

if TYPE_CHECKING:
    from edgereg_training.loop.bootstrap import Figure

    Measure = Callable[[ModelFolder], Sequence[Figure]]

# Outputs that are the answer; std and features only serve it.
ANSWERS = ("values", "boxes", "scores")


@dataclass(frozen=True)
class Loss:
    """A figure of both models, and how much worse the lower precision is: a share of the FP32
    figure (of a metric), or the mean difference as a share of the output's range."""

    figure: str
    full: float
    reduced: float
    share: float

    def told(self, precision: str) -> str:
        """In words."""
        return (
            f"{self.figure}: {self.full:.4g} in FP32, {self.reduced:.4g} in {precision}, a loss of "
            f"{self.share:.2%}"
        )


def differences_of(
    spec: ModelSpec,
    full: onnx.ModelProto,
    reduced: onnx.ModelProto,
    batches: Sequence[npt.NDArray[np.uint8]],
) -> list[Difference]:
    """Every output of `predict` in both precisions, over all batches: largest and mean."""
    name = full.graph.input[0].name
    span = min(target.high - target.low for target in spec.targets)
    side = float(spec.input.long_side or span)
    spans = {"values": span, "std": span, "interval": span, "boxes": side, "scores": 1}
    parts = [
        compare(
            "predict",
            run_graph(reduced, {name: batch}),
            run_graph(full, {name: batch}),
            spans,
            ("boxes",),
        )
        for batch in batches
    ]
    weights = np.array([len(batch) for batch in batches], float)
    joined = []
    for same in zip(*parts, strict=True):
        worst = max(same, key=lambda d: d.relative)
        mean = float(np.average([d.mean for d in same], weights=weights))
        joined.append(Difference(worst.graph, worst.output, worst.largest, worst.relative, mean))
    return joined


def metric_loss(
    full: ModelFolder, reduced: ModelFolder, measure: Measure
) -> tuple[Loss, Sequence[Figure]]:
    """Both models measured on the same data: the headline's loss, and the reduced one's figures.

    A gain is a negative loss. Raises EdgeregError where nothing is known of the task.
    """
    facts = facts_of(full.spec.task)
    name = facts.headline
    figures = measure(reduced)
    before, after = _value(measure(full), name), _value(figures, name)
    worse = before - after if facts.more_is_better else after - before
    return Loss(name, before, after, worse / max(abs(before), 1e-12)), figures


def _value(figures: Sequence[Figure], name: str) -> float:
    """Of the figure of this name, also where that of the set stands before it, and where nothing
    was refined."""
    ends = (name, name.removesuffix("_refined"))
    for end in ends:
        for figure in figures:
            if figure.name == end or figure.name.endswith(f"_{end}"):
                return figure.value
    raise ExportError(f"the test data gives no figure '{name}'; name a larger --data folder")


def mean_loss(differences: Sequence[Difference]) -> Loss:
    """Without labelled data: the largest mean difference among the outputs that are the answer."""
    answers = [d for d in differences if d.output in ANSWERS] or list(differences)
    worst = max(answers, key=lambda d: d.mean)
    return Loss(f"mean difference of {worst.output}", 0.0, worst.mean, worst.mean)


def require_loss(loss: Loss, limit: float) -> None:
    """Raise ExportError where the loss is over the limit (a share), or not a number."""
    if not loss.share <= limit:
        raise ExportError(
            f"{loss.figure}: the loss against FP32 is {loss.share:.2%}, the limit is {limit:.2%}; "
            "calibrate on more pictures like those of the task, or raise --max-loss"
        )
