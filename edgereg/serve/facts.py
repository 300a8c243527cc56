"""What is told of a source to whoever may look."""

from __future__ import annotations

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
    at_work, latest = worker.at_work, worker.live.latest
    size = None if latest is None else latest.result.image.shape[1::-1]
    return {
        **worker.facts(),
        "picture": latest and latest.number,
        "size": size,
        "densities": with_density(at_work.tasks) if at_work else [],
        "follows": follows(at_work),
        "followed": followed(at_work),
    }


def settings(worker: Worker) -> dict[str, Any]:
    """Its configuration as it could be sent back, but for secrets of an address."""
    found = worker.config.model_dump(mode="json")
    return {**found, "source": shown(worker.config.source)}
