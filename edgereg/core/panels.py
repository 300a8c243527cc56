"""A task's own panel in the window, as data, as marks are: the window draws it.

A task that has a method `panel(result, row, chosen)` is asked for its items while it is looked at:
result: a `FrameResult`; row: of the task's predictions that is looked at, or None where there is
none; chosen: the option of each `PanelChoice` by its name, as far as the user has made one. It
is called in a thread of its own, for the newest result only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from edgereg.core.arrays import FloatArray


@dataclass(frozen=True)
class PanelNumber:
    """A value with its name. digits: behind the point."""

    name: str
    value: float | str
    unit: str = ""
    digits: int = 2


@dataclass(frozen=True)
class PanelCurve:
    """A curve: x and y float32 [N], NaN in y where it has a gap. x_name: what runs along it."""

    name: str
    x: FloatArray
    y: FloatArray
    x_name: str = ""


@dataclass(frozen=True)
class PanelPicture:
    """A picture uint8 [h, w, 3] RGB; enlarged or shrunk to the panel's width."""

    name: str
    image: npt.NDArray[np.uint8]


@dataclass(frozen=True)
class PanelChoice:
    """Something to choose; without a user's choice the first option counts."""

    name: str
    options: tuple[str, ...]


PanelItem: TypeAlias = PanelNumber | PanelCurve | PanelPicture | PanelChoice
