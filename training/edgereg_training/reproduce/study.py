"""The studies by name: what each repeats, what it costs, and the function that does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, TypeAlias

from edgereg.errors import EdgeregError

if TYPE_CHECKING:
    from edgereg_training.reproduce.context import Context
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


STUDIES: dict[str, Study] = {}


def study_of(name: str) -> Study:
    """The study of a name; raises EdgeregError that lists the names."""
    if name not in STUDIES:
        raise EdgeregError(f"there is no study '{name}' (known: {', '.join(STUDIES)})")
    return STUDIES[name]


def run_of(study: Study) -> Run:
    """The function that runs it."""
    module, name = study.run.split(":")
    function: Run = getattr(import_module(module), name)
    return function
