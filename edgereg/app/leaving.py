"""Questions before a source or the window is left, where something would be lost by that."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from edgereg.app.desk import Desk
from edgereg.app.dialogs import confirm
from edgereg.app.look.language import tr
from edgereg.app.panels.saving import SavingPanel
from edgereg.app.player.request import Request


class Leaving:
    """Knows what is under way, and what was drawn and is in no file yet.

    window: over which questions stand. saving: the panel that shows what is being written.
    """

    def __init__(self, window: QWidget, desk: Desk, saving: SavingPanel) -> None:
        self._window, self._desk, self._saving = window, desk, saving

    def open_another(self, request: Request, then: Callable[[], object]) -> None:
        """Call `then`, which opens a source; after a question where something would be lost."""
        other = request != self._desk.player.request
        self._ask([*self._under_way(), *(self._drawn() if other else ())], then)

    def close_source(self, then: Callable[[], object]) -> None:
        """Call `then`, which closes the source; what was drawn in it is kept for its return."""
        self._ask(self._under_way(), then)

    def close_window(self, then: Callable[[], object]) -> bool:
        """Ask where something would be lost, and call `then` after that; False: nothing would."""
        lines = [*self._saving.at_stake(), *self._drawn()]
        if lines:
            question = tr("Close, though not everything is saved?")
            confirm(self._window, question, "\n".join(lines), tr("Close"), then)
        return bool(lines)

    def _ask(self, lines: list[str], then: Callable[[], object]) -> None:
        if lines:
            question = tr("Leave this source?")
            confirm(self._window, question, "\n".join(lines), tr("Leave it"), then)
        else:
            then()

    def _under_way(self) -> list[str]:
        lines, recording = list[str](), self._desk.player.recording
        if recording is not None:
            name = recording.take.targets[0].name
            lines.append(tr("{name} is being recorded, and would end here").format(name=name))
        if self._desk.filler.filling is not None:
            lines.append(tr("the whole clip is being computed, and would be given up"))
        return lines

    def _drawn(self) -> list[str]:
        """Boxes that no export of theirs has, and marks, which no file can have."""
        lines, request = list[str](), self._desk.player.request
        boxes, marks = self._desk.pointing.drawn, self._desk.playback.marks
        if boxes and request is not None and not self._saving.holds(request, boxes):
            drawn = tr("boxes that you drew, and that are in no file: {count}")
            lines.append(drawn.format(count=len(boxes)))
        if marks:
            lines.append(tr("marks that would be forgotten: {count}").format(count=len(marks)))
        return lines
