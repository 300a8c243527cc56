"""What of a list is learnt, and what is held out of it to choose the epoch by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")


def without_last(items: Sequence[Item], share: float) -> tuple[list[Item], list[Item]]:
    """All but the last `share` (0..1) of the items, of which there is at least one, and those."""
    first = len(items) - max(1, round(share * len(items)))
    return list(items[:first]), list(items[first:])


def limits(most: int | None, share: float) -> tuple[int | None, int | None]:
    """At most so many items in all (None: any number), as a limit, 1 or more, of those learnt and
    of the `share` (0..1) held out."""
    if most is None:
        return None, None
    return max(1, round((1 - share) * most)), max(1, round(share * most))
