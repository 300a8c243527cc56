"""Two results of the same frames side by side: before and after refinement, or of two models."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from PySide6.QtCore import QObject, Signal

from edgereg.app.look.language import mark
from edgereg.app.player.catalogue import Catalogue
from edgereg.app.player.choices import Choices
from edgereg.app.player.density_worker import Question
from edgereg.app.player.player import Player
from edgereg.app.player.record import Series
from edgereg.assembly import Choice, loading_of
from edgereg.core.errors import ModelFolderError
from edgereg.core.marks import Mark
from edgereg.core.predictions import Predictions
from edgereg.core.result import FrameResult
from edgereg.core.tasks import RegionTask
from edgereg.pipeline.following import Follower
from edgereg.pipeline.loading import LoadedRegionTask, LoadedTask, load_task
from edgereg.pipeline.steps import marks_of


@dataclass(frozen=True)
class Side:
    """One of two pictures of a frame: what it is called, and what is drawn in it."""

    caption: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Rival:
    """A second model of task `of`, under a name of its own."""

    of: str
    loaded: LoadedRegionTask


class _Renamed:
    """A task that gives its predictions under another name."""

    def __init__(self, task: RegionTask, name: str) -> None:
        self._task, self.name = task, name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(self._task, attribute)

    def conclude(self, *given: Any) -> Predictions:
        return replace(self._task.conclude(*given), task=self.name)

    def marks(self, predictions: Predictions, size: tuple[int, int]) -> list[Mark]:
        return list(self._task.marks(replace(predictions, task=self._task.name), size))


def load_rival(catalogue: Catalogue, choice: Choice, of: str, folder: Path) -> Rival:
    """Load a second model of a task that is loaded; it runs as the others do.

    Raises ModelFolderError where the task can't have one, or the folder is no model of it.
    """
    first = next((each for each in catalogue.tasks if each.name == of), None)
    if not isinstance(first, LoadedRegionTask) or _finds_people(first):
        raise ModelFolderError(
            f"two models of task '{of}' can't stand side by side: choose one that stands on a "
            "detector, or looks at the whole frame"
        )
    loading = loading_of(catalogue.plugins, choice, {of: folder})
    return Rival(of, cast(LoadedRegionTask, load_task(first.task, loading)))


class Comparing(QObject):
    """What stands beside what a player shows. `changed()`: something else, or nothing any more.

    Not refined: nothing is computed for it, as predictions carry the values before refinement. A
    second model: only that is computed in addition, in the same regions.
    """

    changed = Signal()

    def __init__(self, player: Player, choices: Choices) -> None:
        super().__init__(player)
        self.unrefined = False
        self.rival: Rival | None = None
        self._player, self._choices = player, choices
        self._names = Counter[str]()
        choices.changed.connect(self._on_choices)

    @property
    def on(self) -> bool:
        """Whether anything is compared."""
        return self.unrefined or self.rival is not None

    @property
    def beside(self) -> str:
        """What stands beside, to be translated; empty where nothing does."""
        if self.rival is not None:
            return _called(self.rival.loaded)
        return mark("not refined") if self.unrefined else ""

    def compare_unrefined(self) -> None:
        """Show every task before and after refinement, which is switched on."""
        self._set(None, unrefined=True)
        if not self._choices.refine:
            self._choices.toggle_refinement()

    def compare_models(self, rival: Rival) -> None:
        """Show another model beside the task's own."""
        name = f"{rival.of}:{rival.loaded.spec.name}"
        self._names[name] += 1
        # A name that had other results before would be shown with them.
        name += f"#{self._names[name]}" if self._names[name] > 1 else ""
        task = cast(RegionTask, _Renamed(rival.loaded.task, name))
        self._set(Rival(rival.of, replace(rival.loaded, task=task)), unrefined=False)

    def stop(self) -> None:
        """One picture again."""
        if self.on:
            self._set(None, unrefined=False)

    def keep_to(self, tasks: Sequence[LoadedTask]) -> None:
        """Tasks were loaded anew: end where the one that is compared is gone."""
        if self.rival is not None and self.rival.of not in {each.name for each in tasks}:
            self.stop()

    def series(self, task: str | None, track: int) -> Series | None:
        """What stands beside the values of a task over time; None where nothing does."""
        if self.unrefined:
            return self._player.record.series(task, track, initial=True)
        if self.rival is not None and self.rival.of == task:
            return self._player.record.series(self.rival.loaded.name, track)
        return None

    def question(self, result: FrameResult, task: str | None, row: int) -> Question | None:
        """The density that stands beside that of a prediction of a task: of another model only, as
        predictions are refined on one and the same."""
        rival = self.rival
        if rival is None or rival.of != task:
            return None
        own, found = result.predictions.get(task), result.predictions.get(rival.loaded.name)
        if own is None or found is None:
            return None
        at = row if own.tracks is None else _row_of(found, int(own.tracks[row]))
        return None if at is None or at >= len(found) else Question(rival.loaded, found, at)

    def sides(self, result: FrameResult) -> tuple[Side, ...]:
        """The two pictures of a result, or none where one is enough. For any thread."""
        unrefined, rival, guard = self.unrefined, self.rival, self._player.guard
        if guard is None or not (unrefined or rival):
            return ()
        off = self._player.settings.off
        tasks = [each for each in self._player.tasks if each.name not in off]
        found: Mapping[str, Predictions] = result.predictions
        if rival is not None:
            tasks = [rival.loaded if each.name == rival.of else each for each in tasks]
        else:
            found = {name: each.unrefined or each for name, each in found.items()}
        height, width = result.image.shape[:2]
        beside = marks_of(tasks, found, (width, height), guard, [])
        if rival is None:
            return Side(self.beside, beside), Side(mark("refined"), result.marks)
        own = [each for each in self._player.tasks if each.name == rival.of]
        return Side(", ".join(map(_called, own)), result.marks), Side(_called(rival.loaded), beside)

    def _set(self, rival: Rival | None, *, unrefined: bool) -> None:
        before, self.rival, self.unrefined = self.rival, rival, unrefined
        if before is not rival:
            if before is not None:
                self._player.settings.off -= {before.loaded.name}
            self._player.compute_beside(None if rival is None else rival.loaded)
            self._on_choices()
        self.changed.emit()

    def _on_choices(self) -> None:
        """A second model rests with the first; without refinement there is no before and after."""
        if self.unrefined and not self._choices.refine:
            self.stop()
        if self.rival is not None:
            settings, name = self._player.settings, self.rival.loaded.name
            others = settings.off - {name}
            settings.off = others | {name} if self.rival.of in others else others


def _finds_people(loaded: LoadedTask) -> bool:
    """Whether people have their numbers from it, which those of two would not share."""
    return loaded.task.upstream is None and Follower.can_follow(loaded.kinds)


def _row_of(found: Predictions, track: int) -> int | None:
    tracks = [] if found.tracks is None else found.tracks.tolist()
    return tracks.index(track) if track in tracks else None


def _called(loaded: LoadedTask) -> str:
    return "" if loaded.spec is None else f"{loaded.spec.name} {loaded.spec.version}"
