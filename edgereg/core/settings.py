"""What may change while a run goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from edgereg.core.filters import Filter
from edgereg.core.regions import Prompt


@dataclass
class Settings:
    """Read anew for every frame.

    refine: climb the density where the model can; steps: how far, None as the model says.
    off: names of tasks that are not computed, unless another one stands on them.
    hidden: names of tasks that run but are not drawn.
    prompts: what the user points at, for tasks with a state. Replace the tuple to add one.
    track: whether the boxes that detectors find keep a number through the clip.
    detect_every: detectors look at every so-manieth frame, and boxes are carried between; 'auto':
    as often as keeps up with the source. filters: applied to every task that they take, in order.
    These three are taken when the run begins.
    """

    refine: bool = True
    steps: int | None = None
    off: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()
    prompts: tuple[Prompt, ...] = ()
    track: bool = True
    detect_every: int | Literal["auto"] = 1
    filters: tuple[Filter, ...] = ()
