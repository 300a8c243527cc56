"""Runs that are killed: nothing but the last second may be lost, in any output.

    python benchmarks/kills.py [--kills 60] [--out FOLDER]

A run in real time into every kind of output is ended at a random moment, by SIGKILL, SIGTERM and
SIGINT in turns. After SIGKILL `edgereg recover` makes files of what was left. Each output must
then reach to within a second of where the run was, or lack no more than its last two frames, where
a busy machine takes them further apart; after the other signals the run must also have ended within
five seconds, and left its outputs in their places. Ends with 1 where one does not.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import av

from edgereg.demo.clip import CLIP

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
NAMES = ("o.mp4", "o.mkv", "o.webm", "o.jsonl", "o.csv", "o.parquet", "o.json", "o.txt")
PICTURES = "o-%06d.jpg"
BEGUN_S, LOST_S, LOST_FRAMES, ENDING_S = 0.2, 1.0, 2, 5.0
FPS = 25.0


@dataclass(frozen=True)
class Kill:
    """How one run ended: its signal, where it was, what is wrong."""

    number: str
    reached_s: float
    faults: tuple[str, ...]


def main() -> int:
    """Kill, recover, compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    # In the background a shell lets its jobs ignore SIGINT, and so would every run.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    dice, bad = random.Random(given.seed), 0  # noqa: S311 - no secret
    for turn in range(given.kills):
        with tempfile.TemporaryDirectory() as folder:
            kill = one(Path(folder), SIGNALS[turn % len(SIGNALS)], dice.uniform(0.3, 6.0))
        bad += bool(kill.faults)
        what = "; ".join(kill.faults) or "nothing lost but the last second"
        print(f"{turn + 1:3} {kill.number} at {kill.reached_s:.2f} s: {what}", flush=True)
    print(f"{given.kills} kills, {bad} with a fault")
    return int(bad > 0)


def one(folder: Path, number: signal.Signals, wait_s: float) -> Kill:
    """One run that is ended `wait_s` after its first records."""
    paths = [folder / name for name in (*NAMES, PICTURES)]
    command = [sys.executable, "-m", "edgereg", "run", str(CLIP), *map(str, paths), "--realtime"]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    table = folder / "o.jsonl"
    while run.poll() is None and times_of(table)[-1] < BEGUN_S:
        time.sleep(0.02)
    time.sleep(wait_s)
    times = times_of(table)
    reached = times[-1]
    run.send_signal(number)
    began = time.monotonic()
    faults = []
    try:
        _, said = run.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        run.kill()
        _, said = run.communicate()
    took = time.monotonic() - began
    if number == signal.SIGKILL:
        recover = [sys.executable, "-m", "edgereg", "recover", str(folder)]
        done = subprocess.run(recover, capture_output=True, text=True, check=False)
        if done.returncode:
            faults.append(f"recover: {done.stderr.strip()}")
    elif run.returncode not in (0, 1, -number) or took > ENDING_S:
        faults.append(f"ended with {run.returncode} after {took:.1f} s: {said.strip()[-200:]}")
    for name, read in LAST.items():
        faults += _lost(folder / name, read, times)
    return Kill(number.name, reached, tuple(faults))


def _lost(path: Path, read: Callable[[Path], float], times: list[float]) -> list[str]:
    try:
        last = read(path)
    except FileNotFoundError:
        return [f"{path.name} is missing ({len(times)} frames)"] * (len(times) > LOST_FRAMES)
    except Exception as error:  # whatever a reader says of a torn file
        return [f"{path.name} can't be read: {type(error).__name__}: {error}"]
    lost = [time_s for time_s in times if time_s > last + 1 / FPS]
    if times[-1] - last <= LOST_S or len(lost) <= LOST_FRAMES:
        return []
    return [f"{path.name} ends at {last:.2f} s and lacks {len(lost)} frames"]


def times_of(table: Path) -> list[float]:
    """Times of the frames with records so far; the last line may be one that is being written."""
    lines = table.read_bytes().split(b"\n")[:-1] if table.exists() else []
    return sorted({float(json.loads(line)["time_s"]) for line in lines}) or [0.0]


def _jsonl(path: Path) -> float:
    records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return float(records[-1]["time_s"])


def _csv(path: Path) -> float:
    with path.open(encoding="utf-8", newline="") as file:
        return max(float(row["time_s"]) for row in csv.DictReader(file))


def _parquet(path: Path) -> float:
    import pyarrow.parquet as pq

    return float(pq.read_table(path)["time_s"].to_pylist()[-1])


def _coco(path: Path) -> float:
    return float(json.loads(path.read_text(encoding="utf-8"))["images"][-1]["time_s"])


def _mot(path: Path) -> float:
    last = path.read_text(encoding="utf-8").splitlines()[-1].split(",")
    return (int(last[0]) - 1) / FPS


def _video(path: Path) -> float:
    with av.open(str(path)) as video:
        return max(float(frame.time or 0.0) for frame in video.decode(video=0))


def _pictures(path: Path) -> float:
    import cv2

    found = sorted(path.parent.glob("o-*.jpg"))
    if cv2.imread(str(found[-1])) is None:
        raise ValueError(f"{found[-1].name} is torn")
    return int(found[-1].stem.removeprefix("o-")) / FPS


LAST: Mapping[str, Callable[[Path], float]] = {
    "o.jsonl": _jsonl,
    "o.csv": _csv,
    "o.parquet": _parquet,
    "o.json": _coco,
    "o.txt": _mot,
    "o.mp4": _video,
    "o.mkv": _video,
    "o.webm": _video,
    PICTURES: _pictures,
}

if __name__ == "__main__":
    sys.exit(main())
