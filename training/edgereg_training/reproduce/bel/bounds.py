"""Expected errors of the unary and Johnson codes: bounds and simulation (S1 Fig. 3c, Fig. 10)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch

from edgereg_training.methods.bel import code_words as bel
from edgereg_training.methods.bel.bounds import (
    johnson_bound,
    johnson_errors,
    unary_bound,
    unary_errors,
)
from edgereg_training.reproduce.report import Entry, Report, Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from edgereg_training.reproduce.context import Context
    from edgereg_training.reproduce.report import Plot

Array = npt.NDArray[np.float64]

LEVELS = 256
SIMULATED_LEVELS = 150
DRAWS, QUICK_DRAWS = 4000, 100
R = np.linspace(0.1, 3.0, 30)
SIGMA = np.linspace(0.25, 6.0, 24)
# r and sigma of the tables: 256 levels, and 150 levels that are simulated too.
RISES = ((1.0, 1.0), (2.0, 2.0), (2.0, 4.0))
SIGMAS = (0.5, 1.0, 2.0, 3.0, 4.0, 6.0)


def run(context: Context) -> Report:
    """The study."""
    draws = QUICK_DRAWS if context.quick else DRAWS
    curves = simulated(draws)
    exact, printed = rise_map(False), rise_map(True)
    return Report(
        tables=(rises(), curves),
        findings=findings(exact, printed, curves),
        method=f"Bit k errs with probability r times a Gaussian density of deviation sigma about "
        f"its boundaries (Eq. 3, 4). Rise: bound of U (Eq. 2) over the bound of J (Eq. 27), "
        f"{LEVELS} levels; blank where a probability would exceed 1. Simulation: {draws} draws of "
        f"every label of {SIMULATED_LEVELS} levels, decoded with BEL-U and BEL-J.",
        plot=plot(exact, printed, curves),
        plot_size=(13.0, 4.2),
    )


def rise_map(printed: bool) -> Array:
    """Rise in per cent of U's bound over J's: [R, SIGMA], NaN where a probability exceeds 1."""
    r, sigma = np.broadcast_arrays(R[:, None], SIGMA)
    rise = np.full(r.shape, np.nan)
    for row in range(len(R)):
        u, j = (make(LEVELS, r[row], sigma[row]) for make in (unary_errors, johnson_errors))
        valid = np.maximum(u.max((1, 2)), j.max((1, 2))) <= 1
        rise[row, valid] = 100 * (unary_bound(u[valid]) / johnson_bound(j[valid], printed) - 1)
    return rise


def simulated_error(code: bel.Code, errors: Array, draws: int, rng: np.random.Generator) -> float:
    """Mean |decoded - label| over labels 1..N-1 with wrong bits of probability e [N-1, bits]."""
    levels = len(errors) + 1
    matrix = torch.from_numpy(bel.code_matrix(code, levels, spare=False))
    # Eq. 2 has no label 0, so that U's first bit is 1 for every label and never wrong.
    chances = np.pad(errors, ((0, 0), (1, 0))) if code == "U" else errors
    decoder: bel.Decoder = "BEL-U" if code == "U" else "BEL-J"
    total = 0.0
    for label, e in enumerate(chances, start=1):
        wrong = rng.random((draws, len(e)), np.float32) < e
        logits = 2.0 * (matrix[label] ^ torch.from_numpy(wrong)) - 1
        decoded = bel.decode_words(logits, matrix, decoder, spare_zero=False)
        total += float((decoded - label).abs().mean())
    return total / len(errors)


def rises() -> Table:
    """The bounds of both codes, and by how much U's lies above J's."""
    rows: list[tuple[Entry, ...]] = []
    for r, sigma in RISES:
        u = float(unary_bound(unary_errors(LEVELS, r, sigma)))
        e = johnson_errors(LEVELS, r, sigma)
        exact, printed = float(johnson_bound(e)), float(johnson_bound(e, printed=True))
        rows.append((r, sigma, u, exact, printed, 100 * (u / exact - 1), 100 * (u / printed - 1)))
    return Table(
        f"Bounds at {LEVELS} levels (Fig. 3c)",
        (
            "r", "sigma", "U (Eq. 2)", "J (Eq. 27, exact)", "J (as printed)",
            "rise of U over J, %", "as printed, %",
        ),
        tuple(rows),
        "Bounds in levels. Fig. 3c is a picture without numbers: none are copied here.",
    )  # fmt: skip


def simulated(draws: int) -> Table:
    """Bounds beside simulations."""
    rng = np.random.default_rng(0)
    rows: list[tuple[Entry, ...]] = []
    for sigma in SIGMAS:
        u = unary_errors(SIMULATED_LEVELS, 1.0, sigma)
        j = johnson_errors(SIMULATED_LEVELS, 1.0, sigma)
        rows.append(
            (
                sigma, float(unary_bound(u)), simulated_error("U", u, draws, rng),
                float(johnson_bound(j)), float(johnson_bound(j, printed=True)),
                simulated_error("J", j, draws, rng),
            )
        )  # fmt: skip
    return Table(
        f"Bounds and simulated errors at {SIMULATED_LEVELS} levels, r = 1 (Fig. 10)",
        ("sigma", "U bound", "U simulated", "J bound, exact", "J bound, printed", "J simulated"),
        tuple(rows),
        "In levels.",
    )


def findings(exact: Array, printed: Array, curves: Table) -> tuple[str, ...]:
    """What the figures say, as sentences."""
    number = [[float(v) for v in row if v is not None] for row in curves.rows]
    johnson = [100 * (row[3] / row[5] - 1) for row in number]
    unary = [100 * (row[1] / row[2] - 1) for row in number]
    loose = [100 * (row[4] / row[3] - 1) for row in number]
    crossing = [row for row in number if (row[1] < row[3]) != (row[2] < row[5])]
    return (
        f"U's bound is above J's in {_share(exact)} of the (r, sigma) plane that is possible; with "
        f"Eq. 27 as printed, in {_share(printed)}. The printed form, which lacks a factor, is "
        f"{min(loose):.1f} to {max(loose):.1f} % above the exact one at {SIMULATED_LEVELS} levels.",
        f"J's exact bound differs from its simulated error by {min(johnson):+.1f} to "
        f"{max(johnson):+.1f} % (a bound can't be lower: below zero it is the simulation's noise).",
        f"U's bound is {min(unary):.1f} to {max(unary):.1f} % above its simulated error, since it "
        "ignores that wrong bits cancel in the count: comparing bounds, as the paper does, favours "
        "J.",
        f"The bounds and the simulation disagree on which code is better at {len(crossing)} of "
        f"{len(number)} values of sigma.",
    )


def _share(rise: Array) -> str:
    possible = rise[np.isfinite(rise)]
    return f"{100 * float((possible > 0).mean()):.0f} %"


def plot(exact: Array, printed: Array, curves: Table) -> Plot:
    """The figure of the study."""

    def draw(figure: Figure) -> None:
        left, middle, right = figure.subplots(1, 3)
        for axes, rise, title in ((left, exact, "exact"), (middle, printed, "as printed")):
            draw_map(axes, rise, f"Rise of U over J, %: {title}")
        number = np.array(curves.rows, np.float64)
        for column, style in zip(range(1, 6), ("C0-", "C0o", "C1-", "C1--", "C1o"), strict=True):
            right.plot(number[:, 0], number[:, column], style, label=curves.columns[column])
        right.set_xlabel("sigma, levels")
        right.set_ylabel("expected error, levels")
        right.set_title(f"{SIMULATED_LEVELS} levels, r = 1")
        right.legend()

    return draw


def draw_map(axes: Axes, rise: Array, title: str) -> None:
    """One map of the rise."""
    shown = axes.pcolormesh(SIGMA, R, rise, cmap="RdBu", vmin=-40, vmax=40, shading="nearest")
    figure = axes.get_figure()
    assert figure is not None  # noqa: S101  (these axes were made by it)
    figure.colorbar(shown, ax=axes)
    axes.set_xlabel("sigma, levels")
    axes.set_ylabel("r")
    axes.set_title(title)
