"""What the user chooses of a run while it goes on: which tasks, and refinement."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from edgereg.app.player.player import Player


class Choices(QObject):
    """Keeps a player's settings. `changed()`: one of them has; the standing picture is computed
    anew."""

    changed = Signal()

    def __init__(self, player: Player) -> None:
        super().__init__(player)
        self._player = player

    @property
    def off(self) -> frozenset[str]:
        """Names of tasks that are not computed."""
        return self._player.settings.off

    @property
    def refine(self) -> bool:
        """Whether estimates climb their density."""
        return self._player.settings.refine

    @property
    def steps(self) -> int | None:
        """How far they climb; None: as the model says."""
        return self._player.settings.steps

    def set_off(self, off: frozenset[str]) -> None:
        """Choose the tasks that are not computed."""
        self._player.settings.off = off
        self._renew()

    def switch_task(self, name: str, *, on: bool) -> None:
        """Compute a task, or don't."""
        if on is (name in self.off):
            self.set_off(self.off ^ {name})

    def set_refinement(self, on: bool, steps: int | None) -> None:
        """Climb, and how far."""
        self._player.settings.refine, self._player.settings.steps = on, steps
        self._renew()

    def toggle_refinement(self) -> None:
        """Climb, or don't."""
        self.set_refinement(not self.refine, self.steps)

    def _renew(self) -> None:
        self.changed.emit()
        self._player.refresh()
