"""What the window remembers of its user from one start to the next."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from PySide6.QtCore import QByteArray, QSettings
from PySide6.QtWidgets import QMainWindow

from edgereg.app.look.language import mark
from edgereg.app.panels.refinement_panel import MOST_STEPS
from edgereg.app.player.playback import FASTEST, SLOWEST

_HABITS, _GEOMETRY, _LAYOUT = "habits", "geometry", "layout"


class Habits(BaseModel):
    """theme, language: None as the system has it. tasks: which were on, and which off, of those
    that were there. folder: where something was opened last. models to fov: as of a `Choice`."""

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
    models: tuple[Path, ...] = ()
    engine: str = "auto"
    precision: Literal["fp32", "fp16", "int8"] | None = None
    size: Literal["fast", "default", "far"] = "default"
    threshold: Annotated[float, Field(ge=0, le=1)] | None = None
    detect_every: Annotated[int, Field(ge=1, le=100)] | Literal["auto"] = 1
    fov: Annotated[float, Field(ge=1, le=170)] | None = None


def read_habits(settings: QSettings) -> tuple[Habits, tuple[tuple[str, str], ...]]:
    """What is remembered, and for each of it that is not to be made sense of, and is as usual, a
    line to be translated, with a place for its name, and the name."""
    try:
        stored = json.loads(str(settings.value(_HABITS, "{}")))
        return Habits.model_validate(stored), ()
    except ValidationError as error:
        bad = sorted({str(each["loc"][0]) for each in error.errors() if each["loc"]})
        kept = {name: value for name, value in stored.items() if name not in bad} if bad else {}
        line = mark("the setting '{name}' of last time makes no sense here; it is as usual again")
        return Habits.model_validate(kept), tuple((line, name) for name in bad)
    except ValueError:
        line = mark("the settings of last time can't be read; all is as usual again")
        return Habits(), ((line, ""),)


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
