"""How fast video files are decoded and converted to RGB, against OpenCV.

    python benchmarks/decode.py [--source CLIP] [--frames 300] [--turns 7]

Without `--source` a clip of H.264, 1920 x 1080, is made of the demo's. Each turn reads it with
OpenCV (BGR turned into RGB, as every program needs it) and with edgereg; the ratio is that of the
turn, so that other work on the machine falls out. Ends with 1 where the median ratio is below
0.95. `--source` with interlaced material shows what deinterlacing takes.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import av
import cv2
import numpy as np

from edgereg.demo.clip import CLIP
from edgereg.sources.file import VideoFile

WANTED = 0.95
SIZE = (1920, 1080)


def make_clip(path: Path, frames: int) -> None:
    """The demo's clip, enlarged, with a camera's noise, in H.264."""
    noise = np.random.default_rng(0).normal(0, 3, (64, SIZE[1], SIZE[0], 1)).astype(np.int16)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=30, options={"preset": "veryfast", "crf": "23"})
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        number = 0
        while number < frames:
            for frame in islice(VideoFile(CLIP).frames(), frames - number):
                image = cv2.resize(frame.image, SIZE).astype(np.int16) + noise[number % 64]
                picture = np.clip(image, 0, 255).astype(np.uint8)
                out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
                number += 1
        out.mux(stream.encode(None))


def with_opencv(path: Path, most: int) -> int:
    """Read with OpenCV; the number of frames."""
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    count = 0
    while count < most:
        read, image = capture.read()
        if not read:
            break
        cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
        count += 1
    capture.release()
    return count


def with_edgereg(path: Path, most: int) -> int:
    """Read with edgereg; the number of frames."""
    source = VideoFile(path)
    count = sum(1 for _ in islice(source.frames(), most))
    source.close()
    return count


def rate(read: Callable[[Path, int], int], path: Path, most: int) -> float:
    """Frames per second."""
    start = time.perf_counter()
    count = read(path, most)
    return count / (time.perf_counter() - start)


def main() -> int:
    """Measure, print, compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--source", type=Path)
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--turns", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        clip = options.source
        if clip is None:
            clip = Path(folder) / "hd.mp4"
            make_clip(clip, options.frames)
        ratios = []
        for turn in range(options.turns):
            # Who goes second finds the machine warmer: they take it in turns too.
            readers = [("opencv", with_opencv), ("edgereg", with_edgereg)]
            rates = {
                name: rate(read, clip, options.frames)
                for name, read in (readers if turn % 2 else readers[::-1])
            }
            ratios.append(rates["edgereg"] / rates["opencv"])
            print(
                f"turn {turn + 1}: opencv {rates['opencv']:6.1f} frames/s, "
                f"edgereg {rates['edgereg']:6.1f} frames/s, ratio {ratios[-1]:.2f}"
            )
    median = statistics.median(ratios)
    print(f"median ratio {median:.2f} ({min(ratios):.2f} to {max(ratios):.2f})")
    return int(median < WANTED)


if __name__ == "__main__":
    sys.exit(main())
