"""Slices on Ray's workers, on this machine or many; results come back in the slices' order.

Follow `run_on_ray`: so many slices are under way at a time; the first of them is waited for, and
its results are handed on; a slice whose worker died or raised is started again, a few times.
"""

from __future__ import annotations

import os
import re
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from edgereg.core.errors import EdgeregError
from edgereg.engines.machine import usable_cores
from edgereg.spread.slices import Done, Job, Slice, run_slice

TRIES = 3
# Slices under way for each core, so that no worker waits while results are written.
AHEAD = 2


@dataclass
class _UnderWay:
    part: Slice
    reference: Any
    tries: int = 1


@dataclass
class Tally:
    """What went wrong: lines on slices that were started again, and on those given up."""

    retried: list[str] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)


def check_workers(text: str) -> tuple[str | None, int | None]:
    """(address, number of local workers) of `ray`, `ray:4`, `ray:auto` or `ray:HOST:PORT`.

    Raises EdgeregError for anything else, or where Ray is not installed.
    """
    place = _place_of(text)
    _import(alone=place[0] is None)
    return place


def _place_of(text: str) -> tuple[str | None, int | None]:
    match = re.fullmatch(r"ray(?::(.+))?", text)
    if match is None:
        raise EdgeregError(
            f"--workers {text}: no such kind; write ray, ray:4 (so many workers here) or "
            "ray:HOST:PORT"
        )
    place = match.group(1)
    if place is None:
        return None, usable_cores()
    if place.isdecimal():
        if int(place) < 1:
            raise EdgeregError("--workers ray:0: at least one worker is needed")
        return None, int(place)
    return place, None


def run_on_ray(
    job: Job,
    parts: Sequence[Slice],
    workers: str,
    tally: Tally,
    task: Callable[[Job, Slice], Done] = run_slice,
) -> Iterator[tuple[Slice, Done | None]]:
    """Run slices on workers; yields each with what it found, or None where it was given up.

    workers: as `check_workers` takes it. A fault that another try would not mend (a clip that
    can't be read) is not tried again. Raises EdgeregError where Ray can't be started or reached.
    """
    ray, mine = _connect(workers)
    # Ray's own retries stay off: a retry that nobody counts is one that nobody hears of.
    remote = ray.remote(num_cpus=1, max_retries=0)(task)
    room = AHEAD * max(1, int(ray.cluster_resources().get("CPU", 1)))
    waiting = deque(parts)
    under_way: deque[_UnderWay] = deque()
    try:
        while waiting or under_way:
            while waiting and len(under_way) < room:
                part = waiting.popleft()
                under_way.append(_UnderWay(part, remote.remote(job, part)))
            first = under_way[0]
            try:
                done = ray.get(first.reference)
            except ray.exceptions.RayError as error:
                if _again(first, error, tally):
                    first.reference = remote.remote(job, first.part)
                    continue
                done = None
            under_way.popleft()
            yield first.part, done
    finally:
        if mine:
            ray.shutdown()


def _again(failed: _UnderWay, error: Exception, tally: Tally) -> bool:
    """Note a failure; whether the slice is to be tried again."""
    cause = getattr(error, "cause", None) or error
    lines = str(cause).strip().splitlines() or [""]
    reason = (
        str(cause) if isinstance(cause, EdgeregError) else f"{type(cause).__name__}: {lines[0]}"
    )
    if isinstance(cause, EdgeregError) or failed.tries >= TRIES:
        tries = f" after {failed.tries} tries" if failed.tries > 1 else ""
        tally.given_up.append(f"{failed.part}: given up{tries}: {reason}")
        return False
    failed.tries += 1
    tally.retried.append(f"{failed.part}: started again: {reason}")
    return True


def _connect(workers: str) -> tuple[Any, bool]:
    """Ray, started or reached; and whether it was started here and is to be shut down."""
    address, number = _place_of(workers)
    ray = _import(alone=address is None)
    if ray.is_initialized():
        return ray, False
    quiet = {"log_to_driver": False, "configure_logging": False}
    # Ray would leave at once, with the outputs open.
    handler = signal.getsignal(signal.SIGTERM)
    try:
        if address is None:
            ray.init(num_cpus=number, include_dashboard=False, **quiet)
        else:
            ray.init(address=address, **quiet)
    except SystemExit as error:  # Ray's own answer to SIGTERM, while it starts
        raise KeyboardInterrupt from error
    except Exception as error:  # ConnectionError, ValueError, RuntimeError and Ray's own
        line = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise EdgeregError(
            f"--workers {workers}: Ray can't be started or reached: {line}"
        ) from error
    finally:
        if threading.current_thread() is threading.main_thread() and handler is not None:
            signal.signal(signal.SIGTERM, handler)
    return ray, True


def _import(*, alone: bool) -> Any:
    """Ray's module. alone: for workers of this machine, which nobody else is to reach.

    Ray reads both settings when it is imported.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if alone:
        # The name tells where Ray itself does so: on Windows and macOS it listens on loopback.
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    try:
        import ray
        import ray.exceptions
    except ImportError as error:
        raise EdgeregError(
            "--workers ray: Ray is not installed; pip install 'edgereg[ray]'"
        ) from error
    return ray
