"""Boxes that the user draws: objects to follow, corrected and taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from edgereg.app.player.focus import Followed
from edgereg.app.player.player import Player
from edgereg.core.regions import Prompt
from edgereg.pipeline.loading import LoadedStepTask

Box = tuple[float, float, float, float]


class Pointing:
    """The prompts of a player's source. They are in its settings, and so in all that it exports."""

    def __init__(self, player: Player) -> None:
        self._player = player
        self._next = 1
        self._begun: tuple[Prompt, ...] = ()
        player.renewed.connect(self.forget_all)

    @property
    def task(self) -> str | None:
        """The task that follows what is pointed at, or None where none is loaded."""
        steps = (each.name for each in self._player.tasks if isinstance(each, LoadedStepTask))
        return next(steps, None)

    def begin(self, prompts: Sequence[Prompt]) -> None:
        """Follow what is in some boxes, of the frames that they name."""
        numbered = tuple(replace(each, track=i + 1) for i, each in enumerate(prompts))
        self._player.settings.prompts, self._next = numbered, len(numbered) + 1
        self._begun = numbered

    @property
    def drawn(self) -> tuple[Prompt, ...]:
        """All boxes, where the user has drawn one: those that it began with come again."""
        prompts = self._player.settings.prompts
        return () if prompts == self._begun else prompts

    def add(self, box: Box) -> Followed | None:
        """Follow what is in a box of the picture that is shown, (x1, y1, x2, y2) in its pixels."""
        followed = self._point(box, self._next)
        self._next += followed is not None
        return followed

    def correct(self, followed: Followed, box: Box) -> Followed | None:
        """An object is in another box of this picture; it is followed from there on."""
        return self._point(box, followed.number) if followed.detector == self.task else None

    def take_back(self, followed: Followed) -> bool:
        """Follow an object no further; False where it is none that was pointed at."""
        settings = self._player.settings
        kept = tuple(prompt for prompt in settings.prompts if prompt.track != followed.number)
        if followed.detector != self.task or len(kept) == len(settings.prompts):
            return False
        settings.prompts = kept
        self._player.people.remove(followed.detector, followed.number)
        self._player.refresh()
        return True

    def forget_all(self) -> None:
        """Another source."""
        self._player.settings.prompts, self._next, self._begun = (), 1, ()

    def _point(self, box: Box, number: int) -> Followed | None:
        task, current = self.task, self._player.current
        if task is None or current is None or not self._player.seekable:
            return None
        settings = self._player.settings
        prompt = Prompt(box, current.index, number)
        # A second box for the same object in the same frame takes the place of the first.
        others = tuple(p for p in settings.prompts if replace(p, box=box) != prompt)
        settings.prompts = (*others, prompt)
        self._player.refresh()
        return Followed(task, number)
