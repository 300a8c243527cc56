"""`ebm-detection`: direct, Gaussian, Laplace, mixtures, cVAE, IoU-Net, IoU-Net* and EBM on one
trained Faster R-CNN (EBM paper, section 5.1, Table 1, with the rows of its slides)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgereg_training.detection.objects.annotations import SPLITS, load_annotated
from edgereg_training.reproduce.cells import Cell, Key
from edgereg_training.reproduce.ebm.detection.detector import (
    cached,
    load_detector,
    trained_detector,
)
from edgereg_training.reproduce.ebm.detection.fitting import detector_figures, train_cell
from edgereg_training.reproduce.ebm.detection.layers import CONFIDENCES, REGRESSORS
from edgereg_training.reproduce.ebm.detection.scenes import (
    CLASSES,
    HEIGHT,
    WIDTH,
    Counts,
    rendered_scenes,
)
from edgereg_training.reproduce.report import Entry, Report, Table
from edgereg_training.reproduce.statistics import over_seeds

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from edgereg_training.reproduce.context import Context
    from edgereg_training.reproduce.report import Plot


@dataclass(frozen=True)
class Size:
    """rates: learning rates that each approach is tried at with the first seed; seeds; steps: of
    each approach's training."""

    rates: tuple[float, ...]
    seeds: int
    steps: int


GIVEN, RENDERED = Size((5e-4, 2e-3), 3, 400), Size((5e-4, 2e-3), 3, 200)
QUICK = Size((1e-3,), 1, 10)
SCENES, QUICK_SCENES = Counts(240, 60, 160), Counts(24, 12, 12)
SCENES_SAID = (
    f"Pictures of {WIDTH} x {HEIGHT} px with rendered people, of whom none is in two splits, and "
    f"with vehicles and shapes of drawn parts; classes {', '.join(CLASSES)}. "
)
# Of the detector on them: the study has an energy of its own.
SCENES_OPTIONS = {"long_side": WIDTH, "energy_weight": 0.0}


def run(context: Context) -> Report:
    """The study, on the annotated pictures of `--data` or on rendered scenes."""
    if context.given is None:
        size, name, made = RENDERED, "rendered scenes", SCENES_SAID
        data = rendered_scenes(context, QUICK_SCENES if context.quick else SCENES)
        folder = trained_detector(context, data, SCENES_OPTIONS)
    else:
        size, name, made, data = GIVEN, context.given.name, "", context.given
        folder = trained_detector(context, data, {})
    size = QUICK if context.quick else size
    for split in SPLITS:
        context.progress(0, 1, f"maps of {split}")
        cached(folder, data, split)
    cells = all_cells(context, size, folder, data)
    test = cached(folder, data, "test")
    own = detector_figures(test)
    table = Table(
        f"{name}: {len(test)} test pictures, {sum(map(len, test.truth))} boxes",
        ("approach", "suppression led by", "AP", "AP50", "AP75", "pictures a second"),
        tuple(rows_of(cells, own, test.seconds)),
        "Per cent, mean over seeds (95 % interval); the speed is of one thread's processor time in "
        "torch, detector included.",
    )
    counts = {split: len(load_annotated(data, split).samples) for split in SPLITS}
    lengths = {name: sorted({cell["length"] for cell in cells[name]}) for name in CONFIDENCES}
    _, options, recipe = load_detector(folder)
    method = (
        f"{made}{counts['train']} pictures to train on, {counts['val']} to choose by. Faster R-CNN "
        f"on {options.backbone} at {options.long_side} px, {recipe.epochs} epochs; its weights are "
        "fixed. Each approach has a 3 x 3 convolution, PrRoIPool and two dense layers of its own, "
        f"{size.steps} steps of AdamW at the rate of best validation AP (first seed). "
        "Regressors move the detector's boxes once, the others climb from them by Algorithm 1, 10 "
        f"steps, with step lengths found on the validation pictures ({lengths}). The energy is one "
        "for all classes; the paper has one of each."
    )
    record = {"cells": cells, "detector": own}
    return Report((table,), tuple(judged(cells)), method, plot_of(cells, own), (9.0, 4.5), record)


def all_cells(context: Context, size: Size, folder: Path, data: Path) -> dict[str, list[Cell]]:
    """Every approach at its best rate, a cell for each seed."""
    names = [*REGRESSORS, *CONFIDENCES]
    rates, seeds = size.rates, size.seeds

    def key(name: str, rate: float, seed: int) -> Key:
        return {"folder": str(folder), "data": str(data.resolve()), "approach": name, "rate": rate,
                "seed": seed, "steps": size.steps}  # fmt: skip

    tried = context.map(train_cell, [key(name, rate, 0) for name in names for rate in rates])
    best = {}
    for index, name in enumerate(names):
        own = tried[index * len(rates) : (index + 1) * len(rates)]
        best[name] = rates[max(range(len(own)), key=lambda k: own[k]["val"])]
    keys = [key(name, best[name], seed) for name in names for seed in range(seeds)]
    cells = context.map(train_cell, keys)
    return {name: cells[i * seeds : (i + 1) * seeds] for i, name in enumerate(names)}


def rows_of(
    cells: dict[str, list[Cell]], own: dict[str, float], seconds: float
) -> list[tuple[Entry, ...]]:
    """The table: the detector, every approach, and with suppression led by f."""
    rows: list[tuple[Entry, ...]] = [
        ("Faster R-CNN itself", "score", *(f"{100 * own[n]:.2f}" for n in own), 1 / seconds)
    ]
    for name, found in cells.items():
        speed = 1 / (seconds + sum(cell["seconds"] for cell in found) / len(found))
        rows.append((name, "score", *_texts(found, "test"), speed))
        if "guided" in found[0]:
            led = "f" if name == "EBM" else "IoU"
            rows.append((name, led, *_texts(found, "guided"), speed))
            rows.append((f"{name}, not refined", led, *_texts(found, "only guided"), None))
    return rows


def _texts(found: list[Cell], which: str) -> list[str]:
    return [over_seeds([100 * c[which][n] for c in found]).text() for n in ("ap", "ap50", "ap75")]


def plot_of(cells: dict[str, list[Cell]], own: dict[str, float]) -> Plot:
    """AP and AP75 of each approach with suppression by the scores, beside the detector's own."""

    def draw(figure: Figure) -> None:
        panels = figure.subplots(1, 2, sharey=True)
        for axes, figure_name in zip(panels, ("ap", "ap75"), strict=True):
            for place, found in enumerate(cells.values()):
                one = over_seeds([100 * cell["test"][figure_name] for cell in found])
                axes.plot((one.low, one.high), (place, place), color="tab:blue")
                axes.plot(one.mean, place, "o", color="tab:blue")
            axes.axvline(
                100 * own[figure_name], color="black", ls="--", label="Faster R-CNN itself"
            )
            axes.set(xlabel=f"{figure_name.upper()}, per cent; bars: 95 % over seeds")
        panels[0].set_yticks(range(len(cells)), list(cells))
        panels[0].invert_yaxis()
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center")

    return draw


def judged(cells: dict[str, list[Cell]]) -> list[str]:
    """The energy against its rivals in AP75, with the same seeds; what leading by f changes."""
    lines = []
    for rival in ("direct", "IoU-Net", "IoU-Net*"):
        for figure in ("ap75", "ap"):
            gap = over_seeds(
                [100 * (a["test"][figure] - b["test"][figure])
                 for a, b in zip(cells["EBM"], cells[rival], strict=True)]
            )  # fmt: skip
            word = "above" if gap.low > 0 else "below" if gap.high < 0 else "not apart from"
            name = figure.upper()
            lines.append(f"In {name} the EBM is {word} {rival}: {gap.text()} points more.")
    led = over_seeds([100 * (c["guided"]["ap"] - c["test"]["ap"]) for c in cells["EBM"]])
    lines.append(f"Suppression led by f changes the EBM's AP by {led.text()} points.")
    return lines
