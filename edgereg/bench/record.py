"""What a measurement is, how it is kept, and how two are compared."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from edgereg.engines.machine import compiler_versions, gpu_identity, usable_cores
from edgereg.errors import EdgeregError

VERSION = 1


@dataclass(frozen=True)
class Row:
    """One graph of a model on one engine with so many images (or candidates) a run.

    p50_ms, p95_ms, p99_ms: of one run. per_s: images (for `refine` candidates) a second, by p50.
    cold_s, cached_s: from a new process to the first result of all graphs, with an empty and with
    a filled engine cache. rss_mb: most memory of that process. device_mb: memory of the device in
    use (the whole machine's on a Jetson). energy_mj: of one run, as the device reports its power.
    None: not measured, or not reported.
    """

    model: str
    precision: str
    engine: str
    graph: str
    batch: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    per_s: float
    cold_s: float | None = None
    cached_s: float | None = None
    rss_mb: float | None = None
    device_mb: float | None = None
    energy_mj: float | None = None

    @property
    def key(self) -> tuple[str, str, str, str, int]:
        """What two rows that can be compared have in common."""
        return self.model, self.precision, self.engine, self.graph, self.batch


@dataclass(frozen=True)
class Record:
    """All rows of one measurement and the machine it was made on."""

    machine: dict[str, Any]
    rows: tuple[Row, ...]

    def save(self, path: Path) -> None:
        """Write JSON. Raises EdgeregError where that fails."""
        try:
            path.write_text(self.text() + "\n", encoding="utf-8")
        except OSError as error:
            raise EdgeregError(f"{path}: can't be written: {error.strerror}") from error

    def text(self) -> str:
        """As JSON."""
        rows = [asdict(row) for row in self.rows]
        return json.dumps({"version": VERSION, "machine": self.machine, "rows": rows}, indent=1)


def read_record(path: Path) -> Record:
    """A record that was saved. Raises EdgeregError where it is none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        names = {field.name for field in fields(Row)}
        rows = tuple(Row(**{k: v for k, v in row.items() if k in names}) for row in found["rows"])
        return Record(dict(found["machine"]), rows)
    except OSError as error:
        raise EdgeregError(f"{path}: can't be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise EdgeregError(
            f"{path}: no record of 'edgereg bench' ({error}); make one with --save"
        ) from error


def differences(rows: Sequence[Row], baseline: Record) -> list[float | None]:
    """By how much of the baseline's p50 each row is slower (negative: faster); None: not in it."""
    before = {row.key: row.p50_ms for row in baseline.rows}
    return [row.p50_ms / before[row.key] - 1 if before.get(row.key) else None for row in rows]


def describe_machine() -> dict[str, Any]:
    """What figures depend on: processor, cores, GPU, driver and libraries."""
    gpu, driver = gpu_identity()
    return {
        "processor": _processor(),
        "architecture": platform.machine(),
        "cores": usable_cores(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "engines": compiler_versions(),
        "gpu": gpu,
        "driver": driver,
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
    }


def _processor() -> str:
    """The processor's name; Arm boards tell that of the board."""
    for file, mark in (("/proc/cpuinfo", "model name"), ("/proc/device-tree/model", "")):
        try:
            for line in Path(file).read_text(encoding="utf-8").splitlines():
                if line.startswith(mark):
                    return line.split(":")[-1].strip(" \0\t")
        except OSError:
            continue
    return platform.processor() or "unknown"
