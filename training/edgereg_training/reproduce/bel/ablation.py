"""Six codes, their decoders and four losses against direct regression and multiclass (S1 Tables
3 to 13), on rendered head pose."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgereg_training.methods.bel import code_words as bel
from edgereg_training.reproduce.bel.training import (
    DIRECT,
    LEVELS,
    MEAN,
    MULTICLASS,
    VALUE,
    Outcome,
    bel_options,
    described,
    train_all,
)
from edgereg_training.reproduce.report import Entry, Report, Table
from edgereg_training.reproduce.statistics import Interval, difference, over_seeds

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from edgereg_training.reproduce.context import Context
    from edgereg_training.reproduce.report import Plot

LOSSES: tuple[bel.Loss, ...] = ("BCE", "CE", "L1", "L2")


@dataclass(frozen=True)
class Entrant:
    """One configuration with one decoder: its test error with each seed, and its mean validation
    error.

    code: None for what BEL competes with, whose `loss` is its name."""

    name: str
    code: bel.Code | None
    loss: str
    decoder: str
    errors: tuple[float, ...]
    validation: float

    @property
    def error(self) -> Interval:
        """The test error over seeds."""
        return over_seeds(self.errors)


def run(context: Context) -> Report:
    """The study."""
    bel_runs = {(c, k): bel_options(c, k) for c in bel.CODES for k in LOSSES}
    plain = DIRECT | MULTICLASS
    outcomes = train_all(context, [*bel_runs.values(), *plain.values()])
    entrants = [
        entrant
        for (code, loss), outcome in zip(bel_runs, outcomes, strict=False)
        for entrant in entrants_of(code, loss, outcome)
    ]
    references = [
        _reference(name, decoder, outcome)
        for name, outcome in zip(plain, outcomes[len(bel_runs) :], strict=True)
        for decoder in outcome.errors
    ]
    return Report(
        tables=(grid(entrants), ranking(entrants, references)),
        findings=findings(entrants, references),
        method=f"{described(context)} One training of each code and loss is read by every "
        "decoder that the code has, and its epoch is chosen with GEN-EX.",
        plot=plot(entrants, references),
        plot_size=(9.0, 5.0),
        record={"test errors of each seed": _record([*bel_runs], [*plain], outcomes)},
    )


def entrants_of(code: bel.Code, loss: str, outcome: Outcome) -> list[Entrant]:
    """A training read by each decoder. GEN-EX is what CE, L1 and L2 train."""
    return [
        Entrant(
            f"{code}, {loss}, {decoder}", code, loss, decoder, tuple(outcome.errors[decoder]),
            outcome.chosen_by(decoder),
        )
        for decoder in outcome.errors
    ]  # fmt: skip


def _reference(name: str, decoder: str, outcome: Outcome) -> Entrant:
    shown = name if decoder == VALUE else f"{name}, {decoder}"
    return Entrant(
        shown, None, name, decoder, tuple(outcome.errors[decoder]), outcome.chosen_by(decoder)
    )


def findings(entrants: list[Entrant], references: list[Entrant]) -> tuple[str, ...]:
    """The paper's claims, each judged by the figures."""
    return (*against(entrants, references), hadamard(entrants), expected(entrants))


def against(entrants: list[Entrant], references: list[Entrant]) -> list[str]:
    """BEL's best against what it competes with."""
    best = min(entrants, key=lambda entrant: entrant.validation)
    rivals = [
        _best(references, DIRECT, VALUE),
        _best(references, MULTICLASS, VALUE),
        _best(references, MULTICLASS, MEAN),
    ]
    return [
        f"BEL's best on the validation heads is {best.name}: test error {best.error.text()} "
        "degrees.",
        *(
            f"{rival.name}: {rival.error.text()} degrees, {_verdict(best.error, rival.error)}; "
            f"with the same seed {difference(rival.errors, best.errors).text()} degrees more than "
            "BEL's best."
            for rival in rivals
        ),
    ]


def _best(references: list[Entrant], names: Iterable[str], decoder: str) -> Entrant:
    own = [r for r in references if r.loss in names and r.decoder == decoder]
    return min(own, key=lambda entrant: entrant.validation)


def _verdict(best: Interval, other: Interval) -> str:
    if best.below(other):
        return "beaten by BEL's best, the intervals do not overlap"
    if best.mean < other.mean:
        return "worse than BEL's best on average, but the intervals overlap"
    return "not beaten by BEL's best: the claim does not hold here"


def hadamard(entrants: list[Entrant]) -> str:
    """Whether HAD is the worst code under each loss, each code with its best decoder."""
    worst = {}
    for loss in LOSSES:
        best = {
            code: min(e.error.mean for e in entrants if e.code == code and e.loss == loss)
            for code in bel.CODES
        }
        worst[loss] = max(best, key=lambda code: best[code])
    true = [loss for loss, code in worst.items() if code == "HAD"]
    rest = ", ".join(f"{code} under {loss}" for loss, code in worst.items() if code != "HAD")
    if not rest:
        return (
            "HAD is the worst code under every loss (in the paper's Table 11 it is best under L1)."
        )
    where = f"HAD is the worst code under {', '.join(true)}" if true else "HAD is nowhere worst"
    return f"{where}; the worst is {rest} (each code with its best decoder)."


def expected(entrants: list[Entrant]) -> str:
    """Whether GEN-EX is no worse than GEN in every training."""
    pairs: dict[tuple[bel.Code | None, str], dict[str, float]] = {
        (e.code, e.loss): {} for e in entrants
    }
    for entrant in entrants:
        pairs[entrant.code, entrant.loss][entrant.decoder] = entrant.error.mean
    worse = [f"{c}/{k}" for (c, k), e in pairs.items() if e["GEN-EX"] > e["GEN"]]
    if not worse:
        return f"GEN-EX is no worse than GEN in any of the {len(pairs)} configurations."
    return (
        f"GEN-EX is no worse than GEN in {len(pairs) - len(worse)} of {len(pairs)} "
        f"configurations; exceptions: {', '.join(worse)}."
    )


def grid(entrants: list[Entrant]) -> Table:
    """Errors by code, decoder and loss."""
    rows = []
    for code in bel.CODES:
        bits = bel.code_matrix(code, LEVELS, spare=False).shape[1]
        for decoder in bel.DECODERS:
            found = {e.loss: e.error for e in entrants if (e.code, e.decoder) == (code, decoder)}
            if found:
                rows.append((code, bits, decoder, *(found[loss].text() for loss in LOSSES)))
    return Table(
        "Test error by code, decoder and training loss (Tables 3 to 13)",
        ("code", "bits", "decoder", *LOSSES),
        tuple(rows),
        "Mean absolute error in degrees (95 % interval). The published tables are of other data "
        "(BIWI, 300W-LP, COFW, MORPH-II, ...): their errors can't be compared with these.",
    )


def ranking(entrants: list[Entrant], references: list[Entrant]) -> Table:
    """The best configurations, and what they compete with."""
    best = sorted(entrants, key=lambda entrant: entrant.validation)[:6]
    rows: list[tuple[Entry, ...]] = [
        (e.name, e.validation, e.error.mean, e.error.low, e.error.high)
        for e in [*best, *sorted(references, key=lambda entrant: entrant.validation)]
    ]
    return Table(
        "BEL's best by validation error, and what it competes with",
        ("configuration", "validation", "test", "95 % from", "to"),
        tuple(rows),
    )


def _record(
    bel_runs: list[tuple[bel.Code, bel.Loss]], plain: list[str], outcomes: list[Outcome]
) -> dict[str, dict[str, list[float]]]:
    names = [*(f"{code}, {loss}" for code, loss in bel_runs), *plain]
    return {name: outcome.errors for name, outcome in zip(names, outcomes, strict=True)}


def plot(entrants: list[Entrant], references: list[Entrant]) -> Plot:
    """The figure of the study."""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for shift, loss in enumerate(LOSSES):
            own = [e for e in entrants if e.loss == loss and e.decoder == "GEN-EX"]
            # The trainings come in the order of the codes.
            place = [index + 0.16 * (shift - 1.5) for index in range(len(own))]
            means = [e.error.mean for e in own]
            bars = [e.error.high - e.error.mean for e in own]
            axes.errorbar(place, means, bars, fmt="o", capsize=3, label=f"BEL, {loss}")
        rivals = (_best(references, DIRECT, VALUE), _best(references, MULTICLASS, VALUE))
        for rival, colour in zip(rivals, ("black", "tab:brown"), strict=True):
            axes.axhline(rival.error.mean, color=colour, label=rival.name)
            axes.axhspan(rival.error.low, rival.error.high, color=colour, alpha=0.12)
        axes.set_xticks(range(len(bel.CODES)), bel.CODES)
        axes.set_ylabel("mean absolute error, degrees")
        axes.set_title("Head pose, decoder GEN-EX; bars and bands: 95 % over seeds")
        axes.legend(ncols=2)

    return draw
