"""What the window remembers of its user from one start to the next."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from PySide6.QtCore import QByteArray, QSettings
from PySide6.QtWidgets import QMainWindow

from edgereg.app.panels.refinement_panel import MOST_STEPS
from edgereg.app.player.playback import FASTEST, SLOWEST

_HABITS, _GEOMETRY, _LAYOUT = "habits", "geometry", "layout"


class Habits(BaseModel):
    """theme, language: None as the system has it. tasks: which were on, and which off, of those
    that were there. folder: where something was opened last."""

    model_config = ConfigDict(frozen=True)

    theme: Literal["dark", "light"] | None = None
    language: Literal["en", "de"] | None = None
    tasks: dict[str, bool] = Field(default_factory=dict)
    refine: bool = True
    steps: Annotated[int, Field(ge=1, le=MOST_STEPS)] | None = None
    speed: Annotated[float, Field(ge=SLOWEST, le=FASTEST)] = 1.0
    skips: bool = False
    loop: bool = False
    folder: str = ""


def read_habits(settings: QSettings) -> Habits:
    """What is remembered; the defaults where that is nothing, or not to be made sense of."""
    try:
        return Habits.model_validate_json(str(settings.value(_HABITS, "{}")))
    except ValidationError:
        return Habits()


def write_habits(settings: QSettings, habits: Habits) -> None:
    """Remember habits."""
    settings.setValue(_HABITS, habits.model_dump_json())


def write_layout(settings: QSettings, window: QMainWindow, state: QByteArray) -> None:
    """Remember where a window is, and in which state its docks are."""
    settings.setValue(_GEOMETRY, window.saveGeometry())
    settings.setValue(_LAYOUT, state)


def restore_layout(settings: QSettings, window: QMainWindow) -> None:
    """Give a window its old place, size and docks, as far as they are known."""
    geometry, state = settings.value(_GEOMETRY), settings.value(_LAYOUT)
    if isinstance(geometry, QByteArray):
        window.restoreGeometry(geometry)
    if isinstance(state, QByteArray):
        window.restoreState(state)
