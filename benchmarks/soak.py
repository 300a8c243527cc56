"""A run of hours: memory, open files and threads must stay flat, and no result be lost.

    python benchmarks/soak.py [--minutes 60] [--out FOLDER]

The bundled clip, looped like a camera, through head detection and head pose into six outputs. Every
few seconds the process is measured. Ends with 1 where the last third needs more memory than the
second by more than 5 % (and 16 MiB), more files or threads, or where an output is not whole.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import psutil

from edgereg.assembly import Choice, load, make_pipeline, run_info
from edgereg.demo.clip import CLIP
from edgereg.plugins import load_plugins
from edgereg.sinks.outputs import open_outputs, settle
from edgereg.sources.open import open_source

ENDINGS = (".mp4", ".jsonl", ".csv", ".parquet", ".json", ".txt")
EVERY_S = 5.0
GROWTH, GROWTH_MIB = 1.05, 16.0


@dataclass(frozen=True)
class Measure:
    """The process at one moment."""

    time_s: float
    memory_mib: float
    files: int
    threads: int
    frames: int


def main() -> int:
    """Run, measure, and judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--out", type=Path, help="keep the outputs and measures here")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.out or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        return _soak(folder, given.minutes * 60)


def _soak(folder: Path, seconds: float) -> int:
    plugins = load_plugins()
    tasks = load(plugins, Choice())
    source = open_source(CLIP, loop=True)
    paths = [folder / f"soak{ending}" for ending in ENDINGS]
    outputs = open_outputs(paths, run_info(source, tasks), plugins.sinks())
    pipeline = make_pipeline(source, tasks, outputs, pictures=True)
    process, began = psutil.Process(), time.monotonic()
    measures: list[Measure] = []
    pipeline.start()
    with (folder / "measures.jsonl").open("w", encoding="utf-8") as log:
        while pipeline.running and time.monotonic() - began < seconds:
            time.sleep(EVERY_S)
            measures.append(
                Measure(
                    round(time.monotonic() - began, 1),
                    round(process.memory_info().rss / 2**20, 1),
                    process.num_fds() if hasattr(process, "num_fds") else process.num_handles(),
                    process.num_threads(),
                    pipeline.stats().frames,
                )
            )
            log.write(json.dumps(measures[-1].__dict__) + "\n")
            log.flush()
    report = pipeline.stop(60)
    for line in settle(outputs, whole=True):
        print(line)
    if report.error is not None:
        print(f"the run failed: {report.error}")
        return 1
    return grew(measures) + _read_back(folder, report.stats.frames)


def grew(measures: Sequence[Any]) -> bool:
    """Whether `memory_mib`, `files` or `threads` are more in the last third of the measures than in
    the second; the first is for warming up."""
    third = len(measures) // 3
    before, after = measures[third : 2 * third], measures[2 * third :]
    bad = False
    for name in ("memory_mib", "files", "threads"):
        old, new = (statistics.median(getattr(m, name) for m in part) for part in (before, after))
        allowed = old * GROWTH + GROWTH_MIB if name == "memory_mib" else old
        bad = bad or new > allowed
        print(f"{name}: {old:g} in the second third, {new:g} in the last")
    return bad


def _read_back(folder: Path, frames: int) -> int:
    """Every output read to its end."""
    import pyarrow.parquet as pq

    records = [json.loads(line) for line in (folder / "soak.jsonl").open(encoding="utf-8")]
    rows = len((folder / "soak.csv").read_text(encoding="utf-8").splitlines()) - 1
    table = pq.read_table(folder / "soak.parquet").num_rows
    images = len(json.loads((folder / "soak.json").read_text(encoding="utf-8"))["images"])
    with av.open(str(folder / "soak.mp4")) as video:
        pictures = sum(1 for packet in video.demux(video=0) if packet.size)
    print(
        f"{frames} frames; {len(records)} records, {rows} rows, {table} rows, {pictures} pictures"
    )
    return int(not len(records) == rows == table or not frames == images == pictures)


if __name__ == "__main__":
    sys.exit(main())
