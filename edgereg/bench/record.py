"""What a measurement is, how it is kept, and how it is read again."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from edgereg.core.errors import EdgeregError
from edgereg.core.files import reason, replace_file
from edgereg.core.json_files import read_json

VERSION = 2


@dataclass(frozen=True)
class Row:
    """One graph of a model on one engine with so many images (or candidates) a run.

    file_mb: size of the graph's file. runs: how many were timed; threads: on the CPU.
    p50_ms, p95_ms, p99_ms: of one run. per_s: images (for `refine` candidates) a second, by p50.
    times_fp32: how many times as fast as the FP32 model's same graph, measured in turns with it.
    cold_s, cached_s: from a new process to the first result of all graphs, with an empty and with
    a filled engine cache. rss_mb: most memory of that process; model_mb: the part that loading and
    running the model added. device_mb: memory of the device that came into use meanwhile (the whole
    machine's on a Jetson). energy_mj: of one run, as the device reports its power.
    None: not measured, or not reported.
    """

    model: str
    precision: str
    engine: str
    graph: str
    batch: int
    file_mb: float
    runs: int
    threads: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    per_s: float
    times_fp32: float | None = None
    cold_s: float | None = None
    cached_s: float | None = None
    rss_mb: float | None = None
    model_mb: float | None = None
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
        """Write JSON; a file that was there stays whole until the new one is. What is no file, a
        pipe or a device, is written to.

        Raises EdgeregError where that fails.
        """
        try:
            replace_file(path, f"{self.text()}\n".encode())
        except OSError as error:
            raise EdgeregError(f"{path}: can't be written: {reason(error)}") from error

    def text(self) -> str:
        """As JSON."""
        rows = [asdict(row) for row in self.rows]
        return json.dumps({"version": VERSION, "machine": self.machine, "rows": rows}, indent=1)


def require_place(path: Path) -> None:
    """Raise EdgeregError where no file can be written: said before, not after, the measuring."""
    if path.is_dir():
        raise EdgeregError(f"{path}: is a folder; name a file to save the figures in")
    if not path.absolute().parent.is_dir():
        raise EdgeregError(f"{path}: its folder does not exist; make it first")


def read_record(path: Path) -> Record:
    """A record that was saved. Raises EdgeregError where it is none."""
    try:
        found = read_json(path)
        if found["version"] != VERSION:
            raise EdgeregError(
                f"{path}: figures of another edgereg (version {found['version']} of the file, this "
                f"one reads {VERSION}); measure again with --save"
            )
        names = {field.name for field in fields(Row)}
        rows = tuple(Row(**{k: v for k, v in row.items() if k in names}) for row in found["rows"])
        return Record(dict(found["machine"]), rows)
    except OSError as error:
        raise EdgeregError(f"{path}: can't be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise EdgeregError(
            f"{path}: no record of 'edgereg bench' ({error}); make one with --save"
        ) from error
