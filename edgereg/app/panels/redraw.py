"""When a panel is drawn anew: soon after a change, and no faster than eyes read while one plays."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

from edgereg.app.player.player import Player
from edgereg.app.player.state import State

# So long after a change where the picture stands: a drag changes it far faster than anybody reads.
_SETTLED_MS = 160
# While one plays, the panel is drawn with every fourth picture, as plots cost more than pictures:
# not more often than this, and not less where pictures come slowly.
_EVERY = 4
_OFTEN_S, _SELDOM_S = 0.15, 0.5
# After the picture, which would wait for the panel.
_AFTER_MS = 15


class Redraw(QObject):
    """Calls `draw`: of a picture that stands, of its latest state; of those that play, of some."""

    def __init__(self, player: Player, draw: Callable[[], None], parent: QObject) -> None:
        super().__init__(parent)
        self._player, self._draw = player, draw
        self._pictures, self._last = 0, 0.0
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._now)
        player.shown.connect(self._on_shown)
        # What a pause holds was perhaps not drawn.
        player.state_changed.connect(lambda _: self.soon())

    def soon(self) -> None:
        """Something has changed: draw in a moment, once for all changes until then."""
        if not self._timer.isActive():
            self._timer.start(_SETTLED_MS)

    def _on_shown(self) -> None:
        self._pictures += 1
        since = time.monotonic() - self._last
        if self._player.state is not State.PLAYING:
            self.soon()
        elif self._timer.isActive():
            return
        elif (self._pictures >= _EVERY and since >= _OFTEN_S) or since >= _SELDOM_S:
            self._timer.start(_AFTER_MS)

    def _now(self) -> None:
        self._pictures, self._last = 0, time.monotonic()
        self._draw()
