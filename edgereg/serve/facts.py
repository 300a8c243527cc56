"""What is told of a source to whoever may look."""

from __future__ import annotations

import os
from pathlib import PurePath
from typing import Any

from edgereg.core.shown import shown
from edgereg.serve.densities import with_density
from edgereg.serve.pointing import followed, follows
from edgereg.serve.worker import Worker


def facts(worker: Worker) -> dict[str, Any]:
    """State, numbers, latest records and what can be asked; without secrets of an address.

    picture: number of the latest one, size: its width and height. densities: tasks that have
    some. follows: whether boxes can be drawn; followed: numbers of the objects in them.
    """
    found = worker.facts()
    at_work, latest = worker.at_work, worker.live.latest
    size = None if latest is None else latest.result.image.shape[1::-1]
    return {
        **found,
        "source": _without_folder(found["source"], worker),
        "error": found["error"] and _without_folder(found["error"], worker),
        "picture": latest and latest.number,
        "size": size,
        "densities": with_density(at_work.tasks) if at_work else [],
        "follows": follows(at_work),
        "followed": followed(at_work),
    }


def settings(worker: Worker) -> dict[str, Any]:
    """Its configuration, but for secrets of an address and folders of files."""
    found = worker.config.model_dump(mode="json")
    for field in ("models", "outputs"):
        found[field] = [path.name for path in getattr(worker.config, field)]
    return {**found, "source": _without_folder(shown(worker.config.source), worker)}


def _without_folder(text: str, worker: Worker) -> str:
    """Of a file its name alone: where it lies concerns nobody who looks."""
    path = PurePath(worker.config.source)
    if not path.is_absolute() or path.is_relative_to("/dev"):
        return text
    return text.replace(f"{shown(path.parent)}{os.sep}", "")
