"""The label codes of BEL: what they look like (S1 Fig. 2) and what one wrong bit does to them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from edgereg_training.methods.bel import code_words as bel
from edgereg_training.reproduce.report import Report, Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from edgereg_training.reproduce.context import Context
    from edgereg_training.reproduce.report import Plot

LEVELS = 256
SHOWN_LEVELS = 64
# SHA-1 of the authors' tables of 256 levels (uint8, row by row), first 12 digits.
PUBLISHED = {
    "U": "a2053a15197f", "J": "a13baef6b4b2", "B1JDJ": "6707f7d57224",
    "B2JDJ": "939e618c5260", "HEXJ": "7124fabea0bf", "HAD": "475c2c98742b",
}  # fmt: skip
# Levels whose words are compared at once.
CHUNK = 32


@dataclass(frozen=True)
class Properties:
    """changes: bits that change from level to level, over all levels; busiest: most changes of one
    bit; distance: least Hamming distance of two words; far: least of words that are 16 or more
    levels apart; one_wrong: mean error in levels that one wrong bit leaves after GEN; exact:
    whether the table is the authors'."""

    code: bel.Code
    bits: int
    changes: int
    busiest: int
    distance: int
    far: int
    one_wrong: float
    exact: bool


def run(context: Context) -> Report:
    """The study."""
    found = [properties(code) for code in bel.CODES]
    return Report(
        tables=(_table(found),),
        findings=findings(found),
        method=f"Codes of {LEVELS} levels, computed from their rules. The plot shows "
        f"{SHOWN_LEVELS} levels; each row is a code word, dark is 1.",
        plot=plot(),
        plot_size=(11.0, 4.5),
    )


def properties(code: bel.Code, levels: int = LEVELS) -> Properties:
    """Of one code, without U's spare bit."""
    table = bel.code_matrix(code, levels)
    digest = hashlib.sha1(table.tobytes(), usedforsecurity=False).hexdigest()[:12]
    words = bel.code_matrix(code, levels, spare=False).astype(int)
    changes = np.abs(np.diff(words, axis=0))
    apart = (words[:, None] != words[None]).sum(-1)
    level = np.arange(levels)
    gap = np.abs(level[:, None] - level)
    return Properties(
        code, words.shape[1], int(changes.sum()), int(changes.sum(0).max()),
        int(apart[gap > 0].min()), int(apart[gap >= 16].min()), one_wrong_bit(words),
        digest == PUBLISHED[code],
    )  # fmt: skip


def one_wrong_bit(words: np.ndarray) -> float:
    """Mean |decoded - level| in levels after GEN over all words with one bit turned over."""
    code = torch.from_numpy(words).float()
    flips = 1 - 2 * torch.eye(words.shape[1])
    total = 0.0
    for level in range(0, len(words), CHUNK):
        signed = 2 * code[level : level + CHUNK] - 1
        received = signed[:, None] * flips
        decoded = bel.decode_words(received, code, "GEN")
        own = torch.arange(level, level + len(signed))[:, None]
        total += float((decoded - own).abs().sum())
    return total / words.size


def _table(found: list[Properties]) -> Table:
    rows = tuple(
        (
            p.code, p.bits, p.changes, p.busiest, p.distance, p.far, p.one_wrong,
            "yes" if p.exact else "no",
        )
        for p in found
    )  # fmt: skip
    return Table(
        f"Codes of {LEVELS} levels",
        (
            "code", "bits", "changes over all levels", "most of one bit", "least distance",
            "least distance, 16 or more levels apart", "error of one wrong bit, levels",
            "equals the authors' table",
        ),
        rows,
        "Changes are what the classifiers must learn; distances are what can be corrected. One "
        "wrong bit: decoded with GEN from bits of equal confidence, mean over all bits and levels.",
    )  # fmt: skip


def findings(found: list[Properties]) -> tuple[str, ...]:
    """What the figures say, as sentences."""
    same = [p.code for p in found if p.exact]
    gray = [p.code for p in found if p.changes == LEVELS - 1]
    safest = min(found, key=lambda p: p.one_wrong)
    worst = max(found, key=lambda p: p.one_wrong)
    busiest = max(found, key=lambda p: p.changes)
    return (
        f"{len(same)} of {len(found)} codes equal the authors' tables bit for bit: "
        f"{', '.join(same)}.",
        f"Neighbouring levels differ in exactly one bit in {', '.join(gray)}: {LEVELS - 1} changes "
        f"in all, against {busiest.changes} of {busiest.code}.",
        f"One wrong bit costs least in {safest.code} ({safest.one_wrong:.2f} levels, "
        f"{safest.bits} bits) and most in {worst.code} ({worst.one_wrong:.2f} levels, "
        f"{worst.bits} bits).",
    )


def plot() -> Plot:
    """The figure of the study."""

    def draw(figure: Figure) -> None:
        tables = [bel.code_matrix(code, SHOWN_LEVELS, spare=False) for code in bel.CODES]
        ratios = [max(10, table.shape[1]) for table in tables]
        axes = figure.subplots(1, len(tables), sharey=True, width_ratios=ratios)
        for axis, code, table in zip(axes, bel.CODES, tables, strict=True):
            axis.imshow(table, cmap="Greys", aspect="auto", interpolation="nearest")
            axis.set_title(f"{code}\n{table.shape[1]} bits")
            axis.set_xticks([])
        axes[0].set_ylabel("level")

    return draw
