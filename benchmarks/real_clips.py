"""The bundled models on real clips: heads a frame, and yaw over time against what one sees.

    python benchmarks/real_clips.py CLIPS [--plot docs/headpose-clips.png]

CLIPS is a folder with the clips named below (sample-videos of the Intel IoT DevKit, CC BY 4.0,
and a road clip of Udacity's CarND course, MIT, among them); absent ones are skipped. Prints a
table; --plot needs matplotlib. The clips carry no labels: `SEEN` was estimated by eye.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgereg.core.result import FrameResult
from edgereg.pipeline.loading import LoadedTask, load_tasks
from edgereg.pipeline.sequential import run_sequential
from edgereg.plugins import load_plugins
from edgereg.sources.open import open_source

# Heads that are in every frame of a clip, and the share of frames that should say so.
EXPECTED = {
    "head-pose-face-detection-male.gif": (1, 0.95),
    "head-pose-face-detection-female.gif": (1, 0.95),
    "book.mkv": (1, 0.95),
    "walk.mkv": (1, 0.95),
    "yes.mkv": (1, 0.95),
    "face-demographics-walking.gif": (2, 0.80),
    "solidWhiteRight.mp4": (0, 0.99),
}
# Yaw in degrees by frame, as two people would agree on within some ten degrees.
SEEN = {
    "head-pose-face-detection-female.gif": {
        0: -45, 3: -50, 5: -40, 7: -20, 9: -3, 10: 8, 12: 25, 14: 32, 16: 25, 18: 8, 20: -7, 22: -25
    },
    "head-pose-face-detection-male.gif": {0: 0, 12: 0, 24: 0, 36: 0, 48: 0, 61: 0},
}  # fmt: skip


@dataclass
class Kept:
    """A sink that keeps what is counted and drawn: heads a frame, and the best head's pose."""

    heads: list[int]
    poses: list[npt.NDArray[np.float32] | None]

    def write(self, result: FrameResult) -> None:
        """Keep one frame."""
        self.heads.append(len(result.predictions["detection"]))
        found = result.predictions["headpose"]
        detected = result.predictions["detection"].scores
        self.poses.append(found.values[int(np.argmax(detected))] if len(found) else None)

    def close(self) -> None:
        """Nothing to close."""


def follow(clip: Path, tasks: list[LoadedTask]) -> Kept:
    """Run every frame of a clip."""
    kept = Kept([], [])
    source = open_source(str(clip))
    report = run_sequential(source, tasks, [kept])
    if report.error is not None:
        raise report.error
    return kept


def row(name: str, kept: Kept) -> str:
    """One line of the table."""
    wanted, share = EXPECTED[name]
    right = float(np.mean(np.asarray(kept.heads) == wanted))
    verdict = "yes" if right >= share else "no"
    return f"| {name} | {len(kept.heads)} | {wanted} | {right:.1%} | {share:.0%} | {verdict} |"


def agreement(name: str, kept: Kept) -> str:
    """How the yaw of the clip compares with what was estimated by eye."""
    pairs = [(yaw, kept.poses[frame]) for frame, yaw in SEEN[name].items()]
    both = [(yaw, float(pose[0])) for yaw, pose in pairs if pose is not None]
    seen, found = np.asarray(both).T
    text = f"{name}: yaw {np.abs(found - seen).mean():.1f} degrees from what was seen, on average"
    return text + (f"; correlation {np.corrcoef(seen, found)[0, 1]:.3f}" if seen.std() else "")


def plot(clips: dict[str, Kept], out: Path) -> None:
    """Yaw, pitch and roll over the frames of each clip, with what was seen."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.6), layout="constrained")
    axes = figure.subplots(1, len(clips), squeeze=False)[0]
    for axis, (name, kept) in zip(axes, clips.items(), strict=True):
        nothing = np.full(3, np.nan)
        poses = np.stack([nothing if pose is None else pose for pose in kept.poses])
        for column, label in enumerate(("yaw", "pitch", "roll")):
            axis.plot(poses[:, column], label=label, linewidth=2 if label == "yaw" else 1)
        frames, seen = list(SEEN[name]), list(SEEN[name].values())
        axis.errorbar(frames, seen, yerr=10, fmt="k.", capsize=2, label="yaw by eye, ±10")
        axis.set(title=name, xlabel="frame", ylabel="degrees", ylim=(-75, 75))
        axis.grid(alpha=0.3)
    axes[0].legend(loc="upper left", fontsize=8)
    figure.savefig(out, dpi=110)


def main() -> None:
    """Print the table and, if asked, draw the curves."""
    parser = argparse.ArgumentParser(description="The bundled models on real clips.")
    parser.add_argument("clips", type=Path)
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    tasks = load_tasks(load_plugins().tasks().values(), ["headpose"])
    done = {}
    print("| clip | frames | heads in it | frames with just so many | wanted | holds |")
    print("|---|---|---|---|---|---|")
    for name in EXPECTED:
        if (options.clips / name).is_file():
            done[name] = follow(options.clips / name, tasks)
            print(row(name, done[name]), flush=True)
    curves = {name: done[name] for name in SEEN if name in done}
    print("\n".join(agreement(name, kept) for name, kept in curves.items()))
    if options.plot is not None and curves:
        plot(curves, options.plot)


if __name__ == "__main__":
    main()
