"""A process of `edgereg serve` for the benchmarks: started, asked, measured, ended."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import yaml

_SAMPLE = re.compile(r"^(\w+?)(?:\{(.*)\})? (\S+)$")
_LABEL = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True)
class Served:
    """A process that serves, and where."""

    process: subprocess.Popen[str]
    address: str

    def ask(self, path: str) -> bytes:
        """What it answers."""
        with urllib.request.urlopen(self.address + path, timeout=30) as answer:  # noqa: S310
            return bytes(answer.read())

    def metrics(self) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
        """Every sample of /metrics by its name and labels."""
        found = {}
        for line in self.ask("metrics").decode().splitlines():
            if match := _SAMPLE.match(line):
                labels = frozenset(_LABEL.findall(match[2] or ""))
                found[match[1], labels] = float(match[3])
        return found

    def of_sources(self, name: str, **labels: str) -> dict[str, float]:
        """A metric by source."""
        wanted = set(labels.items())
        return {
            dict(given)["source"]: value
            for (each, given), value in self.metrics().items()
            if each == name and wanted <= given
        }

    def deliveries(self) -> list[dict[str, Any]]:
        """How each delivery is doing."""
        found: list[dict[str, Any]] = json.loads(self.ask("deliveries"))
        return found

    def states(self) -> dict[str, str]:
        """State of every source."""
        return {each["name"]: each["state"] for each in json.loads(self.ask("sources"))}


@dataclass(frozen=True)
class Size:
    """What a process takes."""

    memory_mib: float
    files: int
    threads: int


def size_of(process: psutil.Process) -> Size:
    """At this moment."""
    return Size(process.memory_info().rss / 2**20, process.num_fds(), process.num_threads())


@contextmanager
def serving(folder: Path, config: Mapping[str, Any]) -> Iterator[Served]:
    """A process with this configuration, which is ended afterwards."""
    served = start(folder, config)
    try:
        yield served
    finally:
        if served.process.poll() is None:
            served.process.send_signal(signal.SIGTERM)
        served.process.wait(20)


def start(folder: Path, config: Mapping[str, Any]) -> Served:
    """A process with this configuration, once it listens; what it logs goes to serve.log."""
    path = folder / "cameras.yaml"
    path.write_text(yaml.safe_dump({"port": 0, **config}), encoding="utf-8")
    with (folder / "serve.log").open("a", encoding="utf-8") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "edgereg", "serve", str(path)],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError((folder / "serve.log").read_text(encoding="utf-8"))
    return Served(process, line.split()[-1])


def until(condition: Any, seconds: float, what: str) -> float:
    """Wait until it holds; how long that took. Raises TimeoutError."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > seconds:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        time.sleep(0.05)
    return time.monotonic() - began
