"""Killed again and again under a supervisor: every message once, in order, but the last second's.

    python -m benchmarks.serve.kills [--kills 20] [--every 30]

One source into a table, to a broker, and into files that rotate. SIGKILL after so many seconds, and
at once a new process, as systemd would. A track's number is given once, so that number and frame
say which result a message is of. Ends with 1 where one came out of order, or lacks results that are
in the table, but for the last second of a life; or where a file can't be read.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, TypeAlias

from benchmarks.serve.cameras import remade
from benchmarks.serve.listening import Broker, Listener
from benchmarks.serve.served import serving, start, until
from edgereg.demo.clip import CLIP

FPS = 4.0
LOST_S = 1.0

# A result: its frame, and its tracks.
Key: TypeAlias = tuple[int, tuple[int, ...]]


def main() -> int:
    """Kill, start again, compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--every", type=float, default=30.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        return _kills(Path(scratch), given.kills, given.every)


def _kills(folder: Path, kills: int, every: float) -> int:
    # Long enough for a life, so that a frame's number is there once in it.
    clip = remade(CLIP, folder / "slow.mp4", FPS, "-vf", "loop=20:200", "-c:v", "mpeg4")
    broker = Broker(folder)
    broker.start()
    listener = Listener(broker.port, "edgereg/#")
    files = {"to": "files", "folder": "files", "minutes": 0.2}
    config = {
        "sources": {
            "a": {
                "source": str(clip),
                "loop": True,
                "tasks": ["detection"],
                "outputs": ["table.jsonl"],
            }
        },
        "deliver": {
            "broker": {"to": "mqtt", "host": "127.0.0.1", "port": broker.port},
            "lines": {**files, "format": "messages"},
            "tables": {**files, "folder": "tables", "format": "parquet"},
        },
    }
    table = folder / "table.jsonl"
    lives: list[list[Key]] = []
    for _ in range(kills):
        served = start(folder, config)
        before = len(_results(table))
        until(lambda before=before: len(_results(table)) > before, 120, "results")
        time.sleep(every)
        served.process.kill()
        served.process.wait()
        lives.append(_results(table)[before:])
        print(f"killed after {len(lives[-1])} results", flush=True)
    before = len(_results(table))
    with serving(folder, config):
        until(lambda: len(_results(table)) > before, 120, "results")
        time.sleep(3)
    lives.append(_results(table)[before:])
    time.sleep(2)
    broker.stop()
    came = [_key(message["records"]) for message in listener.messages if message["records"]]
    print(f"{len(came)} messages, {listener.twice} came twice with the same id")
    faults = listener.disordered + _compare("broker", lives, came)
    faults += _compare("lines", lives, _lines(folder / "files"))
    faults += _compare("tables", lives, _tables(folder / "tables"))
    return int(faults > 0)


def _results(table: Path) -> list[Key]:
    """Of every frame with records in a table, in order."""
    lines = table.read_bytes().split(b"\n")[:-1] if table.exists() else []
    return _keys([json.loads(line) for line in lines])


def _keys(records: list[dict[str, Any]]) -> list[Key]:
    found: list[list[dict[str, Any]]] = []
    for record in records:
        if not found or found[-1][0]["frame"] != record["frame"]:
            found.append([])
        found[-1].append(record)
    return [_key(each) for each in found]


def _key(records: list[dict[str, Any]]) -> Key:
    return records[0]["frame"], tuple(sorted(each["track"] or 0 for each in records))


def _lines(folder: Path) -> list[Key]:
    found = []
    for path in sorted(folder.rglob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            records = json.loads(line)["records"]
            found += [_key(records)] if records else []
    return found


def _tables(folder: Path) -> list[Key]:
    import pyarrow.parquet as pq

    records: list[dict[str, Any]] = []
    for path in sorted(folder.rglob("*.parquet")):
        records += pq.read_table(path, columns=["frame", "track"]).to_pylist()
    return _keys(records)


def _compare(what: str, lives: list[list[Key]], came: list[Key]) -> int:
    """Every life's results must have come in order, but for those of its last second."""
    faults, lost, rest = 0, 0, list(came)
    for number, life in enumerate(lives):
        mine = [key for key in rest if key in set(life)]
        rest = [key for key in rest if key not in set(life)]
        missing = len(life) - len(mine)
        lost += missing
        whole = mine == life[: len(mine)]
        late = number == len(lives) - 1 and missing  # this one ended in order
        if not whole or missing > LOST_S * FPS + 1 or late:
            faults += 1
            print(f"{what}, life {number}: {len(mine)} of {len(life)}, in order: {whole}")
    print(
        f"{what}: {len(came)} results, {lost} lost in {len(lives) - 1} kills, {len(rest)} unknown"
    )
    return faults + len(rest)


if __name__ == "__main__":
    sys.exit(main())
