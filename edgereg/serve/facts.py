"""What is told of a source to whoever may look."""

from __future__ import annotations

from typing import Any

from edgereg.core.shown import shown
from edgereg.serve.pointing import followed, follows
from edgereg.serve.worker import Worker


def facts(worker: Worker) -> dict[str, Any]:
    """State, numbers, latest records and what is followed; without secrets of an address."""
    at_work = worker.at_work
    return {**worker.facts(), "follows": follows(at_work), "followed": followed(at_work)}


def settings(worker: Worker) -> dict[str, Any]:
    """Its configuration as it could be sent back, but for secrets of an address."""
    found = worker.config.model_dump(mode="json")
    return {**found, "source": shown(worker.config.source)}
