"""What a window takes up from the start before, and keeps for the next one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QByteArray, QSettings
from PySide6.QtWidgets import QApplication

from edgereg.app import habits
from edgereg.app.look import theme
from edgereg.app.look.language import mark, tr
from edgereg.app.player.catalogue import Catalogue
from edgereg.assembly import Choice
from edgereg.models.folder import SPEC_FILE

if TYPE_CHECKING:
    from edgereg.app.window import MainWindow

# How models are loaded and run: what the settings panel changes, by its name in a `Choice`.
_KEPT = ("models", "engine", "precision", "size", "threshold", "detect_every", "fov")


class Lasting:
    """The habits of a window's user.

    What the command line says goes before habits, and is for once: only a change of it in the
    window is kept.
    """

    def __init__(self, settings: QSettings, given: Choice, said: frozenset[str] | None) -> None:
        """given: of the command line. said: names of the fields that it names; None: those that
        are not the usual ones."""
        self._settings, self._given = settings, given
        usual = Choice()
        self._said = said or frozenset(
            each.name
            for each in fields(Choice)
            if getattr(given, each.name) != getattr(usual, each.name)
        )
        self.habits, problems = habits.read_habits(settings)
        there = tuple(each for each in self.habits.models if (each / SPEC_FILE).is_file())
        gone = mark("{name}: this model folder is gone; the task's own model is used")
        lost = tuple((gone, str(each)) for each in self.habits.models if each not in there)
        self._problems: tuple[tuple[str, str], ...] = (*problems, *lost)
        self.change(models=there)
        self._taken_up: set[str] = set()

    def change(self, **changes: Any) -> None:
        """The user has settled on something else."""
        self.habits = self.habits.model_copy(update=changes)

    def take_problems(self) -> list[str]:
        """A line for each habit that can't be taken up, once; in the language that is spoken."""
        problems, self._problems = self._problems, ()
        return [tr(line).format(name=name) for line, name in problems]

    @property
    def choice(self) -> Choice:
        """How models were loaded and run last, but for what the command line says."""
        kept = {name: getattr(self.habits, name) for name in _KEPT if name not in self._said}
        return replace(self._given, **kept)

    def take_up(self, window: MainWindow) -> None:
        """Let a window that is built be as it was left."""
        kept, given = self.habits, self._given
        window.playback.set_speed(kept.speed)
        refine = given.refine if "refine" in self._said else kept.refine
        steps = given.steps if "steps" in self._said else kept.steps
        window.desk.choices.set_refinement(refine, steps)
        skips = kept.skips if given.realtime is None else given.realtime
        for key, on in (("skip", skips), ("loop", kept.loop)):
            window.menus.actions[key].setChecked(on)
        app = QApplication.instance()
        usual = theme.preferred(app) if isinstance(app, QApplication) else theme.DARK
        name = kept.theme or usual.name
        window.menus.check("light", name == theme.LIGHT.name)
        window.dress(name)
        habits.restore_layout(self._settings, window)

    def take_up_tasks(self, window: MainWindow, catalogue: Catalogue) -> None:
        """Switch tasks as they were, where none were asked for; each once, when it comes first."""
        for task in () if catalogue.chosen else catalogue.tasks:
            on = self.habits.tasks.get(task.name)
            if on is not None and task.name not in self._taken_up:
                window.desk.choices.switch_task(task.name, on=on)
            self._taken_up.add(task.name)

    def keep(self, window: MainWindow, state: QByteArray) -> None:
        """Keep what a window is like; state: of its docks."""
        choices, playback, desk = window.desk.choices, window.playback, window.desk
        tasks = () if desk.catalogue.chosen else desk.catalogue.tasks
        usable = {task.name: task.name not in choices.off for task in tasks}
        self.change(
            tasks={**self.habits.tasks, **usable},
            speed=playback.speed,
            loop=playback.loop,
            **self._changed({"refine": choices.refine, "steps": choices.steps}),
        )
        if playback.skips is not self._given.realtime:
            self.change(skips=playback.skips)
        if desk.catalogue.titles:
            self.change(**self._changed({name: getattr(desk.choice, name) for name in _KEPT}))
        habits.write_habits(self._settings, self.habits)
        habits.write_layout(self._settings, window, state)

    def _changed(self, present: Mapping[str, Any]) -> dict[str, Any]:
        """What of the present is not as the command line said."""
        return {
            name: value
            for name, value in present.items()
            if name not in self._said or value != getattr(self._given, name)
        }
