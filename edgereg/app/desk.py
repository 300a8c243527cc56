"""What all panels of one window share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from edgereg.app.look.language import tr
from edgereg.app.messages import Messages
from edgereg.app.player.background import Job
from edgereg.app.player.catalogue import Catalogue, Loader, adapted
from edgereg.app.player.choices import Choices
from edgereg.app.player.comparing import Comparing, load_rival
from edgereg.app.player.filling import Filler
from edgereg.app.player.looking import Looking
from edgereg.app.player.playback import Playback
from edgereg.app.player.player import Player
from edgereg.app.player.pointing import Pointing
from edgereg.assembly import Choice, with_model
from edgereg.core.errors import EdgeregError
from edgereg.models.folder import load_model


class Desk(QObject):
    """The player and what acts on it. A panel takes what it needs from here and connects itself.

    choice: how models are loaded and run.

    Signals: `catalogued(Catalogue)`: the tasks have been loaded, or loaded anew; `chosen(str)`: a
    change of `choice` has come about, or why not; `themed(Theme)`: take another theme's colours;
    `closing()`: the window goes.
    """

    catalogued = Signal(object)
    chosen = Signal(str)
    themed = Signal(object)
    closing = Signal()

    def __init__(
        self, loader: Loader, choice: Choice | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.choice = choice or Choice()
        self._asks = bool(self.choice.tasks or self.choice.models or self.choice.prompts)
        self._loader = loader
        self.catalogue = Catalogue()
        self.messages = Messages(self)
        self.player = Player(self)
        self.player.warned.connect(self.messages.warn)
        self.player.failed.connect(self.messages.fail)
        self.playback = Playback(self.player)
        self.pointing = Pointing(self.player)
        self.looking = Looking(self.player)
        self.choices = Choices(self.player)
        self.comparing = Comparing(self.player, self.choices)
        self.filler = Filler(self.player)
        self.choices.changed.connect(self.filler.renew)
        self.filler.failed.connect(self.messages.fail)
        self._loading: Job | None = None
        self._loading_rival: Job | None = None
        self._looks_at = ""
        self.chosen.connect(lambda problem: self.messages.fail(problem) if problem else None)

    def load(self, kept: Choice | None = None) -> None:
        """Load the tasks; returns at once. kept: how they were run last, which is tried first."""
        if kept is None or kept == self.choice:
            self._load(self.choice, self.messages.fail)
        else:
            self._load(kept, self._fall_back, partial(self._take_kept, kept))

    def _take_kept(self, kept: Choice, catalogue: Catalogue) -> None:
        """Use what was loaded as last time, where nothing more can be loaded without that."""
        if not catalogue.unusable:
            self._take(kept, catalogue)
            return

        def compare(usual: Catalogue) -> None:
            lost = {each.name for each in usual.tasks} - {each.name for each in catalogue.tasks}
            if lost:
                self._warn_of_kept(catalogue.unusable.get(min(lost), min(lost)))
                self._take(self.choice, usual)
            else:
                self._take(kept, catalogue)

        self._load(self.choice, self.messages.fail, compare)

    def _fall_back(self, reason: str) -> None:
        self._warn_of_kept(reason)
        self.load()

    def _warn_of_kept(self, reason: str) -> None:
        line = tr("the settings of last time do not work any more, and are as usual: {reason}")
        self.messages.warn(line.format(reason=reason))

    def reload(self, loader: Loader, changed: Path) -> None:
        """A file of a plugin has changed: go on with what another loader loads."""
        self._loader = loader
        self.messages.inform(tr("{file} has changed; loaded anew").format(file=changed.name))
        self._load(self.choice, self.messages.fail)

    def choose(self, choice: Choice) -> None:
        """Go on with models that are loaded or run in another way; the present ones stay where
        that fails."""
        if self.player.recording is not None:
            self.chosen.emit(tr("a recording is under way; stop it first"))
        elif (catalogue := adapted(self.catalogue, self.choice, choice)) is not None:
            self._take(choice, catalogue)
        else:
            self._load(choice, self.chosen.emit)

    def open_model(self, folder: Path) -> None:
        """Go on with another model of the task that it is for, and look at that."""
        try:
            choice = with_model(self.choice, folder)
        except EdgeregError as error:
            self.chosen.emit(str(error))
            return
        self._looks_at = load_model(folder).spec.task
        self.choose(choice)

    def compare_with(self, folder: Path) -> None:
        """Show another model of the task looked at beside its own, once it is loaded."""
        if self.player.recording is not None:
            self.messages.inform(tr("a recording is under way; stop it first"))
            return
        of = self.looking.focus.task or ""
        call = partial(load_rival, self.catalogue, self.choice, of, folder)
        self._loading_rival = Job(call, parent=self)
        self._loading_rival.done.connect(self.comparing.compare_models)
        self._loading_rival.failed.connect(self.messages.fail)
        self._loading_rival.start()

    def close(self) -> None:
        """Stop everything; nothing is waited for."""
        for job in (self._loading, self._loading_rival):
            if job is not None:
                job.abandon()
        self.closing.emit()
        self.player.close()

    def _load(
        self,
        choice: Choice,
        failed: Callable[[str], object],
        done: Callable[[Catalogue], object] | None = None,
    ) -> None:
        if self._loading is not None:
            self._loading.abandon()
        self._loading = Job(partial(self._loader, choice), parent=self)
        self._loading.done.connect(done or partial(self._take, choice))
        self._loading.failed.connect(failed)
        self._loading.start()

    def _take(self, choice: Choice, catalogue: Catalogue) -> None:
        """Use what was loaded, but where tasks that ran could not be loaded as chosen."""
        lost = {each.name for each in self.catalogue.tasks} - {
            each.name for each in catalogue.tasks
        }
        for name in sorted(lost):
            gone = tr("task '{name}' is gone; the one of before goes on").format(name=name)
            self.chosen.emit(catalogue.unusable.get(name) or next(iter(catalogue.faults), gone))
            return
        if not self._asks:
            # Models that were chosen in the window ask for no task.
            catalogue = replace(catalogue, chosen=frozenset())
        self.choice, self.catalogue = choice, catalogue
        self.catalogued.emit(catalogue)
        self.looking.use(catalogue.tasks)
        for fault in catalogue.faults:
            self.messages.warn(fault)
        self.comparing.keep_to(catalogue.tasks)
        self.player.use(catalogue.tasks, catalogue.plugins, choice)
        if self._looks_at in self.looking.loaded:
            self.choices.switch_task(self._looks_at, on=True)
            self.looking.choose(self._looks_at)
        self._looks_at = ""
        self.chosen.emit("")
