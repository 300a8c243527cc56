"""Eight cameras for an hour: memory, descriptors, threads, shares, throughput, ages.

    python -m benchmarks.serve.soak [--minutes 60] [--out FOLDER]

The frames of the bundled clip, as eight sources of different kinds, through head detection and
head pose, more than the machine can do, so that the latest frame wins. Before and after them, for a
fifth of the time each, one source of the same frames at eight times the rate: what the machine can
do.

Ends with 1 where the last third needs more memory than the second by more than 5 % (and 16 MiB),
more descriptors or threads; where shares of the sources that never died differ by more than 10 %
from their mean; or where eight together make less than 0.95 of one.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psutil

from benchmarks.serve.cameras import Hls, Mjpeg, jpegs_of, remade
from benchmarks.serve.served import Served, serving, size_of, until
from benchmarks.soak import grew
from edgereg.demo.clip import CLIP

FPS = 25.0
EVERY_S = 5.0
DIES_EVERY_S, DEAD_S = 20.0, 2.0
FAIR, TOGETHER = 0.10, 0.95


def main() -> int:
    """Make the cameras, run, and judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--out", type=Path, help="keep the log and measures here")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.out or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        return _soak(folder, given.minutes * 60)


def _soak(folder: Path, seconds: float) -> int:
    fast = remade(CLIP, folder / "fast.mp4", 8 * FPS, "-c:v", "libx264", "-preset", "veryfast")
    one = {"sources": {"one": {"source": str(fast), "loop": True}}}
    alone = [_rate_alone(folder, one, seconds / 5)]
    hls = Hls(remade(CLIP, folder / "hls.mp4", FPS, "-g", "25"), folder / "hls")
    mortal = Mjpeg(jpegs_of(CLIP), FPS)
    threading.Thread(target=_dies_again_and_again, args=(mortal,), daemon=True).start()
    try:
        with serving(folder, {"sources": _eight(folder, hls, mortal)}) as served:
            bad, together = _watch(served, folder, seconds)
    finally:
        hls.close()
    alone.append(_rate_alone(folder, one, seconds / 5))
    ratio = together / statistics.mean(alone)
    print(f"results a second: one source {alone[0]:.2f} and {alone[1]:.2f}, eight {together:.2f}")
    print(f"eight / one: {ratio:.3f}")
    return int(bad or ratio < TOGETHER)


def _eight(folder: Path, hls: Hls, mortal: Mjpeg) -> dict[str, Any]:
    """Sources of different kinds, all of the same frames."""
    x264 = ("-c:v", "libx264", "-preset", "veryfast")
    files = {
        "mp4": remade(CLIP, folder / "a.mp4", FPS, *x264),
        "mkv": remade(CLIP, folder / "a.mkv", FPS, *x264),
        "mjpeg": remade(CLIP, folder / "a.avi", FPS, "-c:v", "mjpeg", "-q:v", "3"),
        "webm": remade(CLIP, folder / "a.webm", FPS, "-c:v", "libvpx", "-b:v", "1M"),
    }
    sources: dict[str, Any] = {
        name: {"source": str(path), "loop": True} for name, path in files.items()
    }
    for name in ("http1", "http2"):
        sources[name] = {"source": Mjpeg(jpegs_of(CLIP), FPS).address}
    sources["hls"] = {"source": hls.address}
    sources["mortal"] = {"source": mortal.address, "reconnect": 0}
    return sources


def _dies_again_and_again(camera: Mjpeg) -> None:
    while True:
        time.sleep(DIES_EVERY_S)
        camera.on.clear()
        time.sleep(DEAD_S)
        camera.on.set()


def _rate_alone(folder: Path, config: Mapping[str, Any], seconds: float) -> float:
    """Results a second of one source that has more frames than can be done."""
    with serving(folder, config) as served:
        until(lambda: served.states() == {"one": "running"}, 60, "one source")
        time.sleep(2)
        before, began = served.of_sources("edgereg_frames_total")["one"], time.monotonic()
        time.sleep(seconds)
        frames = served.of_sources("edgereg_frames_total")["one"] - before
        age = served.of_sources("edgereg_result_age_seconds", quantile="0.99")["one"]
        print(f"one source: p99 age {age:.2f} s", flush=True)
        return frames / (time.monotonic() - began)


def _watch(served: Served, folder: Path, seconds: float) -> tuple[bool, float]:
    """Whether something grew or was unfair, and the results a second of all together."""
    process, sizes = psutil.Process(served.process.pid), []
    until(lambda: set(served.states().values()) == {"running"}, 120, "eight sources")
    time.sleep(EVERY_S)
    before, began = served.of_sources("edgereg_frames_total"), time.monotonic()
    with (folder / "measures.jsonl").open("w", encoding="utf-8") as log:
        while time.monotonic() - began < seconds:
            time.sleep(EVERY_S)
            sizes.append(size_of(process))
            line = {"time_s": round(time.monotonic() - began, 1), **asdict(sizes[-1])}
            log.write(json.dumps(line) + "\n")
            log.flush()
    took = time.monotonic() - began
    after = served.of_sources("edgereg_frames_total")
    shares = {name: (after[name] - before[name]) / took for name in after}
    print("results a second by source:", {name: round(each, 2) for name, each in shares.items()})
    for what in ("dropped_total", "failures_total", "recoveries_total"):
        print(what, {k: int(v) for k, v in served.of_sources(f"edgereg_{what}").items()})
    ages = served.of_sources("edgereg_result_age_seconds", quantile="0.99")
    print("p99 age of a result, s:", {name: round(age, 2) for name, age in ages.items()})
    steady = {name: rate for name, rate in shares.items() if name != "mortal"}
    mean = statistics.mean(steady.values())
    uneven = max(abs(rate - mean) / mean for rate in steady.values())
    print(f"shares differ from their mean by {100 * uneven:.1f} % at most")
    print(f"health: {served.ask('health/live').decode().strip()}")
    return grew(sizes) or uneven > FAIR, sum(shares.values())


if __name__ == "__main__":
    sys.exit(main())
