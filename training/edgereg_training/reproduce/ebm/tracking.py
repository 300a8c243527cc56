"""`ebm-tracking`: the box energy against predicted overlaps in the tracker (EBM paper, Table 2 and
Figure 3): ATOM, ATOM* and EBM from the same data, followed on sequences of unseen objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from edgereg_training.reproduce.cells import Cell, Key
from edgereg_training.reproduce.ebm.tracking_fits import LOSSES, train_and_follow
from edgereg_training.reproduce.report import Report, Table
from edgereg_training.reproduce.statistics import Interval, difference, over_seeds
from edgereg_training.tracking.measures import OVERLAPS
from edgereg_training.tracking.rendered import MotionOptions, write_sequences

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure

    from edgereg_training.reproduce.context import Context
    from edgereg_training.reproduce.report import Plot

FIGURES = {"auc": "AUC", "op50": "OP 0.50", "op75": "OP 0.75"}


@dataclass(frozen=True)
class Size:
    """Sequences to train on, to choose the ascent by, and to follow; frames of the latter; epochs
    of `pairs` pairs; seeds."""

    train: int
    validation: int
    test: int
    frames: int
    epochs: int
    pairs: int
    seeds: int


FULL = Size(300, 60, 12, 40, 2, 2400, 3)
QUICK = Size(60, 20, 3, 12, 1, 640, 1)


def run(context: Context) -> Report:
    """The study."""
    size = QUICK if context.quick else FULL
    folders = {
        "train": _sequences(context, "train", size.train, 4, 17, 0),
        "validation": _sequences(context, "validation", size.validation, 4, 17, 1),
        "test": _sequences(context, "test", size.test, size.frames, 1, 2),
    }
    names = {part: folder.name for part, folder in folders.items()}
    keys: list[Key] = [
        {**names, "loss": loss, "seed": seed, "size": asdict(size)}
        for loss in LOSSES
        for seed in range(size.seeds)
    ]
    cells = context.map(train_and_follow, keys, data=context.data)
    of = {loss: cells[n * size.seeds : (n + 1) * size.seeds] for n, loss in enumerate(LOSSES)}
    return Report(
        tables=(_table(of),),
        findings=findings(of),
        method=(
            f"Rendered motion of drawn shapes, figures, vehicles and parts of drawn pictures: "
            f"{size.train} sequences to train on, {size.validation} to choose the step lengths by, "
            f"{size.test} of {size.frames} frames to follow, all of different objects. The same "
            f"network, frozen backbone, pairs and {size.epochs * size.pairs} draws for each loss; "
            f"{size.seeds} seeds. The ascent (Algorithm 1, T = 10) has the step lengths that are "
            "best for that loss on the validation pairs, and the tracker runs on the exported "
            "graphs."
        ),
        plot=_plot(of),
        plot_size=(5.5, 4.5),
    )


def _sequences(
    context: Context, part: str, count: int, frames: int, stride: int, seed: int
) -> Path:
    name = f"tracking-{part}-{count}x{frames}"
    options = MotionOptions(
        context.data / name, sequences=count, frames=frames, stride=stride,
        sprites=min(400, 2 * count), seed=seed,
    )  # fmt: skip
    return write_sequences(options, lambda d, n: context.progress(d, n, f"render {part}"))


def interval_of(cells: Sequence[Cell], figure: str) -> Interval:
    """A figure's mean over seeds and its 95 % interval."""
    return over_seeds([cell[figure] for cell in cells])


def said(interval: Interval) -> str:
    """The mean, with its interval where there are several seeds."""
    return f"{interval.mean:.3f}" if np.isnan(interval.low) else interval.text(3)


def findings(of: Mapping[str, Sequence[Cell]]) -> tuple[str, ...]:
    """Whether the energy is ahead, by each figure, with the same seed."""
    found = []
    for figure, title in FIGURES.items():
        own = [cell[figure] for cell in of["EBM"]]
        for rival in ("ATOM", "ATOM*"):
            gap = difference(own, [cell[figure] for cell in of[rival]])
            found.append(f"{title}: EBM is {standing(gap)} {rival}, by {said(gap)}.")
    return tuple(found)


def standing(gap: Interval) -> str:
    """What a mean difference and its interval say; of one seed the difference alone."""
    if gap.low <= 0 <= gap.high:
        return "not apart from"
    return "ahead of" if gap.mean > 0 else "behind"


def _table(of: Mapping[str, Sequence[Cell]]) -> Table:
    rows = tuple(
        (name, *(said(interval_of(cells, figure)) for figure in FIGURES), _lengths(cells))
        for name, cells in of.items()
    )
    return Table(
        "Unseen objects: mean over seeds with its 95 % interval",
        ("loss", *FIGURES.values(), "step lengths"),
        rows,
    )


def _lengths(cells: Sequence[Cell]) -> str:
    chosen = sorted({f"{place:g}/{size:g}" for place, size in (cell["lengths"] for cell in cells)})
    return ", ".join(chosen)


def _plot(of: Mapping[str, Sequence[Cell]]) -> Plot:
    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for name, cells in of.items():
            curve = np.mean([cell["success"] for cell in cells], axis=0)
            axes.plot(OVERLAPS, curve, label=f"{name} [{curve.mean():.3f}]")
        axes.set(xlabel="overlap", ylabel="share of frames", xlim=(0, 1), ylim=(0, 1))
        axes.legend()
        axes.grid(alpha=0.3)

    return draw
