"""What a driving model achieves on drives: its errors, those of a constant, and its intervals."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgereg.models.folder import ModelFolder
from edgereg_training.driving.drives import Drive, load_drives
from edgereg_training.driving.frames import Band, examples_of
from edgereg_training.driving.split import split_by_time
from edgereg_training.loop.bootstrap import Figure, mean_figure
from edgereg_training.loop.errors import TrainingError
from edgereg_training.regression.evaluation import run

if TYPE_CHECKING:
    from edgereg_training.render.shards import Progress

# What training leaves out of every drive by default.
TEST_SHARE = 0.2


def measure(model: ModelFolder, data: Path, progress: Progress) -> list[Figure]:
    """On the last fifth, by time, of each drive, which training does not see: 'mae' refined where
    the model refines; 'mae_share' in per cent of the range; 'mae_constant' of always answering with
    the median of the rest of these drives, and the paired difference 'mae_change'; of the 90 %
    interval, where the model gives one, 'coverage90' and the mean 'width90'."""
    steering, seen = model.spec.targets[0], model.spec.input
    if seen.width is None or seen.width != seen.height:
        raise TrainingError(f"{model.path}: a driving model must have a fixed, square input")
    settings = model.spec.settings
    shown = Band(settings.get("top", 0.0), settings.get("bottom", 1.0), seen.width)
    drives = [in_unit(drive, steering.unit, steering.high) for drive in load_drives(data)]
    parts = [split_by_time(drive, 0.0, TEST_SHARE) for drive in drives]
    tested = [drive.take(part.test) for drive, part in zip(drives, parts, strict=True)]
    rest = [drive.take(part.train) for drive, part in zip(drives, parts, strict=True)]
    examples = examples_of(tested, shown, 0, steering.high)
    truth = examples.targets[:, 0]
    answers = run(model, examples.images, progress)
    errors = np.abs(answers.refined[:, 0] - truth)
    constant = np.median(np.concatenate([drive.steering for drive in rest]))
    without = np.abs(constant - truth).astype(np.float32)
    where = f"last {TEST_SHARE:.0%} by time; {len(truth)} pictures of {len(drives)} drives"
    unit = steering.unit or "of full lock"
    share = 100 * errors / (steering.high - steering.low)
    figures = [
        mean_figure("mae", errors, unit, f"mean absolute error, {where}"),
        mean_figure("mae_share", share, "%", "the same over the range"),
        mean_figure("mae_constant", without, unit, f"of always answering {constant:.3g}"),
        mean_figure("mae_change", errors - without, unit, "model minus constant"),
    ]
    if answers.intervals is None:
        return figures
    low, high = answers.intervals[:, 0, 0], answers.intervals[:, 0, 1]
    inside = ((low <= truth) & (truth <= high)).astype(np.float32)
    return [
        *figures,
        mean_figure("coverage90", inside, "", "share of truths within the 90 % interval"),
        mean_figure("width90", high - low, unit, "mean width of the 90 % interval"),
    ]


def in_unit(drive: Drive, unit: str, limit: float) -> Drive:
    """The drive with its steering in the model's unit; shares of full lock become degrees by the
    model's `limit`. TrainingError where a drive in degrees meets a model of shares."""
    if drive.unit == unit:
        return drive
    if drive.unit:
        raise TrainingError(
            f"{drive.name}: its steering is in degrees, the model's in shares of full lock"
        )
    return Drive(drive.name, drive.files, drive.steering * limit, unit, drive.moment, drive.side)
