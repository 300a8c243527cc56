"""What the program has to say: information, warnings and errors, kept with their times."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from PySide6.QtCore import QObject, Signal

MOST = 500


class Kind(Enum):
    """information: all is well; warning: it goes on, but not as wanted; error: it was not done."""

    INFORMATION = "information"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class Message:
    """The whole text, of one line or many, and when it was said."""

    kind: Kind
    text: str
    at: datetime = field(default_factory=datetime.now)

    @property
    def line(self) -> str:
        """The text as one line."""
        return " ".join(self.text.split())


class Messages(QObject):
    """`said(Message)`. The newest MOST of them are kept in `history`, the latest last."""

    said = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.history: deque[Message] = deque(maxlen=MOST)

    def inform(self, text: str) -> None:
        """All is well."""
        self._say(Message(Kind.INFORMATION, text))

    def warn(self, text: str) -> None:
        """It goes on, but not as wanted."""
        self._say(Message(Kind.WARNING, text))

    def fail(self, text: str) -> None:
        """It was not done."""
        self._say(Message(Kind.ERROR, text))

    def _say(self, message: Message) -> None:
        self.history.append(message)
        self.said.emit(message)
