"""What a player is doing."""

from __future__ import annotations

from enum import Enum, auto


class State(Enum):
    """From EMPTY and FAILED only `open` leads on."""

    EMPTY = auto()
    OPENING = auto()
    PLAYING = auto()
    PAUSED = auto()
    ENDED = auto()
    FAILED = auto()
