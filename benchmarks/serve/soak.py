"""Eight cameras for an hour: memory, descriptors, threads, shares, ages.

    python -m benchmarks.serve.soak [--minutes 60] [--fps 25] [--out FOLDER]

The frames of the bundled clip, as eight sources of different kinds, through head detection and
head pose; at 25 a second each more than the machine can do, so that the latest frame wins. One of
them dies every 20 s. What they make together, against one source, is `together`'s.

Ends with 1 where the last third needs more memory than the second by more than 5 % (and 16 MiB),
more descriptors or threads; or where shares of the sources that never died differ by more than 10 %
from their mean.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import threading
import time
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
FAIR = 0.10


def main() -> int:
    """Make the cameras, run, and judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--fps", type=float, default=FPS, help="of each camera")
    parser.add_argument("--out", type=Path, help="keep the log and measures here")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.out or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        return _soak(folder, given.minutes * 60, given.fps)


def _soak(folder: Path, seconds: float, fps: float) -> int:
    hls = streamed(folder, fps)
    mortal = Mjpeg(jpegs_of(CLIP), fps)
    threading.Thread(target=_dies_again_and_again, args=(mortal,), daemon=True).start()
    try:
        with serving(folder, {"sources": eight(folder, hls, mortal, fps)}) as served:
            return int(_watch(served, folder, seconds))
    finally:
        hls.close()


def streamed(folder: Path, fps: float = FPS) -> Hls:
    """The clip as HLS, a picture that stands for itself every second."""
    return Hls(remade(CLIP, folder / "hls.mp4", fps, "-g", str(max(1, round(fps)))), folder / "hls")


def eight(folder: Path, hls: Hls, mortal: Mjpeg, fps: float = FPS) -> dict[str, Any]:
    """Sources of different kinds, all of the same frames."""
    x264 = ("-c:v", "libx264", "-preset", "veryfast")
    files = {
        "mp4": remade(CLIP, folder / "a.mp4", fps, *x264),
        "mkv": remade(CLIP, folder / "a.mkv", fps, *x264),
        "mjpeg": remade(CLIP, folder / "a.avi", fps, "-c:v", "mjpeg", "-q:v", "3"),
        "webm": remade(CLIP, folder / "a.webm", fps, "-c:v", "libvpx", "-b:v", "1M"),
    }
    sources: dict[str, Any] = {
        name: {"source": str(path), "loop": True} for name, path in files.items()
    }
    for name in ("http1", "http2"):
        sources[name] = {"source": Mjpeg(jpegs_of(CLIP), fps).address}
    sources["hls"] = {"source": hls.address}
    sources["mortal"] = {"source": mortal.address, "reconnect": 0}
    return sources


def _dies_again_and_again(camera: Mjpeg) -> None:
    while True:
        time.sleep(DIES_EVERY_S)
        camera.on.clear()
        time.sleep(DEAD_S)
        camera.on.set()


def _watch(served: Served, folder: Path, seconds: float) -> bool:
    """Whether something grew or was unfair."""
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
    return grew(sizes) or uneven > FAIR


if __name__ == "__main__":
    sys.exit(main())
