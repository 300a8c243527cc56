"""What a task shows in its own panel, as a question and its answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgereg.core.panels import PanelItem
from edgereg.core.result import Fault, FrameResult
from edgereg.pipeline.guard import Guard
from edgereg.pipeline.loading import LoadedTask
from edgereg.pipeline.returned import checked_panel


@dataclass(frozen=True)
class ItemsQuestion:
    """row: of the task's predictions in the result that is looked at, or None. chosen: options by
    the names of choices. guard: counts what the task does wrong."""

    loaded: LoadedTask
    result: FrameResult
    row: int | None
    chosen: Mapping[str, str]
    guard: Guard


@dataclass(frozen=True)
class Items:
    """What a task wants to be shown, or why there is nothing."""

    task: str
    items: tuple[PanelItem, ...] = ()
    problem: str = ""


def has_items(loaded: LoadedTask | None) -> bool:
    """Whether a task has a panel of its own."""
    return loaded is not None and callable(getattr(loaded.task, "panel", None))


def items_of(question: ItemsQuestion) -> Items:
    """Ask a task for its items."""
    name, guard, faults = question.loaded.name, question.guard, list[Fault]()
    panel = getattr(question.loaded.task, "panel", None)
    if panel is None:
        return Items(name)
    if guard.is_off(name, "panel"):
        return Items(name, problem=guard.switched_off.get(f"{name}.panel", ""))
    found = guard.attempt(
        name,
        "panel",
        faults,
        lambda: checked_panel(panel(question.result, question.row, dict(question.chosen))),
    )
    return Items(name, tuple(found or ()), faults[0].reason if faults else "")
