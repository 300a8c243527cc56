"""What all panels of one window share."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from edgereg.app.messages import Messages
from edgereg.app.player.background import Job
from edgereg.app.player.catalogue import Catalogue, Loader
from edgereg.app.player.choices import Choices
from edgereg.app.player.filling import Filler
from edgereg.app.player.looking import Looking
from edgereg.app.player.playback import Playback
from edgereg.app.player.player import Player
from edgereg.app.player.pointing import Pointing


class Desk(QObject):
    """The player and what acts on it. A panel takes what it needs from here and connects itself.

    Signals: `catalogued(Catalogue)`: the tasks have been loaded; `themed(Theme)`: take another
    theme's colours; `closing()`: the window goes.
    """

    catalogued = Signal(object)
    themed = Signal(object)
    closing = Signal()

    def __init__(self, loader: Loader, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.catalogue = Catalogue()
        self.messages = Messages(self)
        self.player = Player(self)
        self.player.warned.connect(self.messages.warn)
        self.player.failed.connect(self.messages.fail)
        self.playback = Playback(self.player)
        self.pointing = Pointing(self.player)
        self.looking = Looking(self.player)
        self.choices = Choices(self.player)
        self.filler = Filler(self.player)
        self.choices.changed.connect(self.filler.renew)
        self.filler.failed.connect(self.messages.fail)
        self._loading = Job(loader, parent=self)
        self._loading.done.connect(self._take_catalogue)
        self._loading.failed.connect(self.messages.fail)

    def load(self) -> None:
        """Load the tasks; returns at once."""
        self._loading.start()

    def close(self) -> None:
        """Stop everything; nothing is waited for."""
        self._loading.abandon()
        self.closing.emit()
        self.player.close()

    def _take_catalogue(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.catalogued.emit(catalogue)
        self.looking.use(catalogue.tasks)
        for fault in catalogue.faults:
            self.messages.warn(fault)
        self.player.use(catalogue.tasks, catalogue.plugins)
