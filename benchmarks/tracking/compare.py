"""The tracker beside OpenCV's CSRT, KCF and MIL: how well they follow, how fast.

    python benchmarks/tracking/compare.py --opencv trackers/bin/python \
        --clips CLIPS --sequences SEQUENCES

CLIPS holds the real clips whose tracks lie in `marked/`, marked by looking, a box each fifth or
tenth frame; SEQUENCES is a folder that `edgereg evaluate tracking` takes, such as one of
`edgereg render tracking`. On each sequence the trackers run one after another, on one thread.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import cv2
import numpy as np
from edgereg_training.tracking.datasets import TrackingSequence, load_sequences, read_marked
from edgereg_training.tracking.evaluation import follow, mean_success, success_plot
from edgereg_training.tracking.measures import Measured, measure_boxes

OURS = "edgereg"
OTHERS = ("CSRT", "KCF", "MIL")
MARKED = Path(__file__).parent / "marked"


def marked_sequences(clips: Path, out: Path) -> list[TrackingSequence]:
    """The marked tracks, their frames written to `out` as PNG: every tracker sees the same."""
    found = []
    for file in sorted(MARKED.glob("*.txt")):
        numbers, boxes = read_marked(file)
        first, count = int(numbers[0]), int(numbers[-1] - numbers[0] + 1)
        folder = out / file.stem
        folder.mkdir()
        video = cv2.VideoCapture(str(clips / file.stem.split("--")[0]))
        frames = []
        for number in range(first + count):
            ok, image = video.read()
            if not ok:
                raise SystemExit(f"{file}: the clip ends before frame {number}")
            if number >= first:
                frames.append(folder / f"{number:06d}.png")
                cv2.imwrite(str(frames[-1]), image)
        truth, present = np.full((count, 4), np.nan, np.float32), np.zeros(count, bool)
        truth[numbers - first], present[numbers - first] = boxes, True
        found.append(TrackingSequence(file.stem, tuple(frames), truth, present))
    return found


def theirs(python: str, tracker: str, item: TrackingSequence) -> tuple[np.ndarray, float]:
    """Boxes and milliseconds a frame of one of OpenCV's trackers."""
    x1, y1, x2, y2 = item.boxes[0]
    script = Path(__file__).with_name("opencv_trackers.py")
    command = [python, str(script), tracker, f"{x1},{y1},{x2 - x1},{y2 - y1}"]
    run = subprocess.run(
        [*command, *map(str, item.frames)], capture_output=True, text=True, check=True
    )
    found = json.loads(run.stdout)
    return np.array(found["boxes"]), float(found["frame_ms"])


def compare(title: str, sequences: list[TrackingSequence], python: str, plot: Path | None) -> None:
    """Print a table: AUC of every sequence, means, frames a second and their ratio to CSRT's."""
    measured: dict[str, list[Measured]] = {name: [] for name in (OURS, *OTHERS)}
    speeds: dict[str, list[float]] = {name: [] for name in measured}
    print(f"\n{title}\n\n| sequence | {' | '.join(measured)} |\n|---|{'---|' * len(measured)}")
    for item in sequences:
        run = follow(item, threads=1)
        boxes = {OURS: (run.boxes, run.frame_ms)}
        boxes |= {name: theirs(python, name, item) for name in OTHERS}
        for name, (found, frame_ms) in boxes.items():
            measured[name].append(measure_boxes(item.name, found, item.boxes, item.present))
            speeds[name].append(1000 / frame_ms)
        row = " | ".join(f"{rows[-1].auc:.3f}" for rows in measured.values())
        print(f"| {item.name} | {row} |", flush=True)
    means = {name: float(np.mean([row.auc for row in rows])) for name, rows in measured.items()}
    print(f"| **mean AUC** | {' | '.join(f'**{mean:.3f}**' for mean in means.values())} |")
    pace = {name: float(np.median(values)) for name, values in speeds.items()}
    print(f"| frames a second | {' | '.join(f'{value:.0f}' for value in pace.values())} |")
    ratio = np.median(np.array(speeds[OURS]) / np.array(speeds["CSRT"]))
    print(f"\nMedian ratio of speeds to CSRT's, sequence by sequence: {ratio:.1f}")
    if plot is not None:
        success_plot({name: mean_success(rows) for name, rows in measured.items()}, plot)


def main() -> None:
    """Compare on what was given."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--opencv", required=True, help="python that has opencv-contrib")
    parser.add_argument("--clips", type=Path, help="folder of the real clips")
    parser.add_argument("--sequences", type=Path, help="folder of sequences")
    parser.add_argument("--plot", type=Path, help="success plot (PNG) of the last comparison")
    options = parser.parse_args()
    if options.clips:
        with tempfile.TemporaryDirectory() as folder:
            items = marked_sequences(options.clips, Path(folder))
            compare("Real clips, marked by looking", items, options.opencv, options.plot)
    if options.sequences:
        items = load_sequences(options.sequences)
        compare(f"Sequences of {options.sequences}", items, options.opencv, options.plot)


if __name__ == "__main__":
    main()
