"""The studies by name: what each repeats, what it costs, and the function that does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, TypeAlias

from edgereg.core.errors import EdgeregError

if TYPE_CHECKING:
    from edgereg_training.reproduce.context import Context, Progress
    from edgereg_training.reproduce.report import Report

    Run: TypeAlias = Callable[[Context], Report]


@dataclass(frozen=True)
class Study:
    """name: as in `edgereg reproduce NAME`; title; paper: the table or figure it repeats;
    quick, full: minutes of one CPU core that the two forms need; run: import path `module:function`
    of `(Context) -> Report`."""

    name: str
    title: str
    paper: str
    quick: float
    full: float
    run: str


STUDIES: dict[str, Study] = {
    study.name: study
    for study in (
        Study(
            "regcls-1d",
            "Regression against regression + classification on 1-D functions",
            "Reg+Cls, Figure 3",
            2,
            45,
            "edgereg_training.reproduce.regcls.one_dimensional:run",
        ),
        Study(
            "regcls-lambda",
            "Weight of the regression loss in regression + classification",
            "Reg+Cls, Figure 4",
            1,
            3,
            "edgereg_training.reproduce.regcls.loss_weight:run",
        ),
        Study(
            "regcls-noise",
            "Noise of the targets in regression + classification",
            "Reg+Cls, Figure 5",
            1,
            1,
            "edgereg_training.reproduce.regcls.noise:run",
        ),
        Study(
            "regcls-balance",
            "Balanced classes in regression + classification",
            "Reg+Cls, Table 1",
            1,
            3,
            "edgereg_training.reproduce.regcls.balance:run",
        ),
        Study(
            "regcls-image",
            "Regression + classification on rendered age, few and many shots",
            "Reg+Cls, Tables 2 to 4",
            2,
            5,
            "edgereg_training.reproduce.regcls.image:run",
        ),
        Study(
            "bel-bounds",
            "Expected errors of the unary and Johnson codes: bounds and simulation",
            "BEL, Figures 3c and 10",
            1,
            1,
            "edgereg_training.reproduce.bel.bounds:run",
        ),
        Study(
            "bel-codes",
            "The label codes and what one wrong bit does to them",
            "BEL, Figure 2",
            1,
            1,
            "edgereg_training.reproduce.bel.codes:run",
        ),
        Study(
            "bel-ablation",
            "Codes, decoders and losses against direct regression and multiclass",
            "BEL, Tables 3 to 13",
            3,
            30,
            "edgereg_training.reproduce.bel.ablation:run",
        ),
        Study(
            "bel-samples",
            "Codes of BEL with fewer training examples",
            "BEL, Table 15",
            2,
            20,
            "edgereg_training.reproduce.bel.samples:run",
        ),
        Study(
            "bel-reflected",
            "Reflected against plain codes",
            "BEL, Table 16",
            1,
            13,
            "edgereg_training.reproduce.bel.reflected:run",
        ),
        Study(
            "bel-levels",
            "The number of levels",
            "BEL, Table 14",
            2,
            21,
            "edgereg_training.reproduce.bel.levels:run",
        ),
        Study(
            "bel-theta",
            "The width of the bottleneck before the bits",
            "BEL, Figure 6",
            2,
            21,
            "edgereg_training.reproduce.bel.theta:run",
        ),
        Study(
            "parameter-counts",
            "Parameters of the backbones, direct and with BEL",
            "BEL, Table 2",
            1,
            1,
            "edgereg_training.reproduce.parameter_counts:run",
        ),
        Study(
            "gllim-k",
            "The number of GLLiM's components on three distributions of poses",
            "DeepGLLiM, Table 2",
            4,
            15,
            "edgereg_training.reproduce.gllim.components:run",
        ),
        Study(
            "gllim-forward",
            "Inverse against forward regression on the same features",
            "DeepGLLiM, Table 1",
            4,
            14,
            "edgereg_training.reproduce.gllim.forward:run",
        ),
        Study(
            "gllim-samples",
            "GLLiM with fewer training examples",
            "DeepGLLiM, Table 4",
            3,
            7,
            "edgereg_training.reproduce.gllim.samples:run",
        ),
        Study(
            "ebm-1d",
            "Densities learned by energies on two 1-D problems, by seven trainers",
            "EBM, Figure 2",
            2,
            34,
            "edgereg_training.reproduce.ebm.one_dimensional:run",
        ),
        Study(
            "ebm-tracking",
            "The box energy against predicted overlaps in a tracker",
            "EBM, Table 2 and Figure 3",
            2,
            12,
            "edgereg_training.reproduce.ebm.tracking:run",
        ),
        Study(
            "ebm-refine",
            "Every baseline before and after refinement on a separately trained energy",
            "EBM, Tables 3, 4, S1 and S2",
            6,
            42,
            "edgereg_training.reproduce.ebm.refine:run",
        ),
        Study(
            "bel-driving",
            "Steering by codes, decoders and losses against direct regression and multiclass",
            "BEL, Table 13",
            5,
            15,
            "edgereg_training.reproduce.bel.driving:run",
        ),
        Study(
            "ebm-detection",
            "Ten ways to a better box, on one trained Faster R-CNN",
            "EBM, Table 1",
            3,
            30,
            "edgereg_training.reproduce.ebm.detection.study:run",
        ),
    )
}


def study_of(name: str) -> Study:
    """The study of a name; raises EdgeregError that lists the names."""
    if name not in STUDIES:
        raise EdgeregError(f"there is no study '{name}' (known: {', '.join(STUDIES)})")
    return STUDIES[name]


def run_study(
    study: Study,
    quick: bool,
    out: Path,
    folders: tuple[Path | None, Path | None],
    cache: Path,
    jobs: int,
    progress: Progress,
) -> Path:
    """Run a study and write its report into `out`; what is finished lies in `cache`.

    folders: the MakeHuman assets, and data of the user's own.
    """
    import torch

    from edgereg_training.reproduce.cells import Cells
    from edgereg_training.reproduce.context import Context
    from edgereg_training.reproduce.report import write_report

    torch.set_num_threads(1)
    assets, given = folders
    cells = Cells(cache / "cells" / study.name)
    context = Context(quick, cells, cache / "rendered", assets, jobs, progress, given)
    done = run_of(study)(context)
    form = " --quick" if quick else ""
    # A study of the user's own data has a record of its own.
    named = study.name if given is None else f"{study.name}-{given.resolve().name}"
    of = "" if given is None else f" --data {given.resolve().name}"
    return write_report(
        done, f"{study.title} ({study.paper})", f"edgereg reproduce {study.name}{of}{form}", out,
        named,
    )  # fmt: skip


def run_of(study: Study) -> Run:
    """The function that runs it."""
    function: Run = resolve_name(study.run)
    return function
