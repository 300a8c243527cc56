"""Many cases in a child process that is watched: none may crash it, hang it, or fill the memory."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psutil

from tests.fuzz.mutations import mutated
from tests.fuzz.targets import Target, targets

LIMIT_S = 10.0
LIMIT_BYTES = 2**30
POLL_S = 0.05


@dataclass(frozen=True)
class Case:
    """A mutation that can be made again: which target, which seed, which number."""

    target: str
    seed: str
    number: int


@dataclass(frozen=True)
class Finding:
    """A case that went wrong, and how."""

    case: Case
    what: str


def content_of(target: Target, number: int) -> tuple[str, bytes]:
    """Name of the seed and the mutated content of a case."""
    dice = random.Random(f"{target.name} {number}")  # noqa: S311 - no secret
    name = dice.choice(sorted(target.seeds))
    return name, mutated(target.seeds[name], dice, text=target.text)


def attempt(target: Target, number: int, folder: Path) -> Finding | None:
    """Read one mutated file in this process."""
    from edgereg.core.errors import EdgeregError

    name, content = content_of(target, number)
    path = folder / name
    path.write_bytes(content)
    case = Case(target.name, name, number)
    try:
        target.read(path)
    except EdgeregError as error:
        if "\n" in str(error):
            return Finding(case, f"an error of more than one line: {str(error)!r}")
    except BaseException as error:  # the point of it
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name}:{place.lineno}"
        return Finding(case, f"{type(error).__name__} at {where}: {str(error)[:200]}")
    return None


def _work(talk: Connection, folder: str, only: str, start: int, stop: int) -> None:
    """The child: every case between two numbers, in turns over the targets."""
    home = Path(folder)
    # Decoders complain of every byte.
    with (home / "said.log").open("ab") as said:
        os.dup2(said.fileno(), sys.stderr.fileno())
    known = targets(home / "seeds", only)
    for number in range(start, stop):
        target = known[number % len(known)]
        talk.send(("begin", target.name, number))
        found = attempt(target, number, home)
        if found is not None:
            talk.send(("found", found))
    talk.send(("end",))


def campaign(folder: Path, cases: range, only: str = "") -> Iterator[Finding]:
    """All findings of the cases, as they come; a child that dies is replaced by the next one."""
    folder.mkdir(parents=True, exist_ok=True)
    context = multiprocessing.get_context("spawn")
    start = cases.start
    while start < cases.stop:
        ours, theirs = context.Pipe()
        arguments = (theirs, str(folder), only, start, cases.stop)
        child = context.Process(target=_work, args=arguments, daemon=True)
        child.start()
        theirs.close()
        watch = _Watch(psutil.Process(child.pid))
        for message in _messages(ours, watch):
            if message[0] == "found":
                yield message[1]
            elif message[0] == "lost":
                yield Finding(Case(watch.target, "", watch.number), message[1])
        child.kill()
        child.join()
        start = watch.number + 1


@dataclass
class _Watch:
    """The case that a child is at, since when, and how large it was before."""

    process: psutil.Process
    target: str = ""
    number: int = -1
    since: float = 0.0
    memory: int = 0

    def begin(self, target: str, number: int) -> None:
        self.target, self.number, self.since = target, number, time.monotonic()
        with suppress(psutil.Error):
            self.memory = self.process.memory_info().rss

    def complaint(self) -> str | None:
        """Why the case has to be ended."""
        if self.number >= 0 and time.monotonic() - self.since > LIMIT_S:
            return f"no end after {LIMIT_S:g} s"
        with suppress(psutil.Error):
            grown = self.process.memory_info().rss - self.memory
            if self.number >= 0 and grown > LIMIT_BYTES:
                return f"{grown / 2**30:.1f} GiB more memory"
        return None


def _messages(talk: Connection, watch: _Watch) -> Iterator[tuple[Any, ...]]:
    """What a child says, until its end; ("lost", why) where it had to be ended or ended itself."""
    began = time.monotonic()
    while True:
        try:
            if talk.poll(POLL_S):
                message = talk.recv()
                if message[0] == "end":
                    watch.number = sys.maxsize
                    return
                if message[0] == "begin":
                    watch.begin(*message[1:])
                yield message
                continue
        except EOFError:
            code = watch.process.wait(5) if watch.process.is_running() else None
            if watch.number < 0:
                raise RuntimeError("the child ended before its first case") from None
            yield ("lost", f"the process ended with {code}")
            return
        if watch.number < 0 and time.monotonic() - began > 120:
            raise RuntimeError("the child does not start")
        why = watch.complaint()
        if why is not None:
            yield ("lost", why)
            return


def keep(finding: Finding, folder: Path, known: list[Target]) -> None:
    """Store the file of a finding, and what went wrong, in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    case = finding.case
    target = next(target for target in known if target.name == case.target)
    name, content = content_of(target, case.number)
    (folder / f"{case.target}-{case.number}-{name}").write_bytes(content)
    with (folder / "findings.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps({**case.__dict__, "what": finding.what}) + "\n")
