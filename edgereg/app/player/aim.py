"""Which frame a player is on its way to: one jump at a time, then the newest wish."""

from __future__ import annotations


class Aim:
    """Lets every jump arrive, and remembers of the wishes that come meanwhile the newest one.

    A jump that is replaced before its picture came would never show one: a slider that is dragged
    asks faster than frames can be decoded.

    wanted: the frame wanted last, until it is shown; None: the one that is shown.
    """

    def __init__(self) -> None:
        self.wanted: int | None = None
        self._flying: int | None = None
        self._stale = False

    @property
    def flying(self) -> bool:
        """Whether a jump is on its way."""
        return self._flying is not None

    def ask(self, index: int, *, anew: bool = False) -> int | None:
        """Wish for a frame; returns the frame to jump to now, or None while a jump is on its way.

        anew: what is on its way does not count, though it may be the same frame.
        """
        self.wanted = index
        if self._flying is not None:
            self._stale = self._stale or anew
            return None
        self._flying = index
        return index

    def arrive(self) -> int | None:
        """The jump's picture has come, or never will; returns the frame to jump to next, or None
        where no other is wanted."""
        arrived, self._flying = self._flying, None
        stale, self._stale = self._stale, False
        if self.wanted is None or (arrived == self.wanted and not stale):
            self.wanted = None
            return None
        return self.ask(self.wanted)

    def forget(self) -> None:
        """Nothing is on its way, and nothing wanted."""
        self.wanted = self._flying = None
        self._stale = False
