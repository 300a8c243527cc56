"""Further forms of the training log beside log.jsonl: a CSV table, or TensorBoard's events."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

from edgereg_training.loop.errors import TrainingError
from edgereg_training.loop.log import read_log

# Told every epoch's line after it was written to log.jsonl.
EpochLog = Callable[[Mapping[str, float]], None]
Form = Literal["csv", "tensorboard"]


def epoch_log(form: Form, out: Path) -> EpochLog:
    """A log of this form in the training folder; TrainingError where its library is missing."""
    return _csv_log(out) if form == "csv" else _tensorboard_log(out)


def _csv_log(out: Path) -> EpochLog:
    """OUT/log.csv, written anew from log.jsonl each epoch: resuming leaves no line twice."""

    def log(line: Mapping[str, float]) -> None:
        lines = read_log(out / "log.jsonl")
        columns = list(dict.fromkeys(name for line in lines for name in line))
        temporary = out / "log.csv.tmp"
        with temporary.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(lines)
        temporary.replace(out / "log.csv")

    return log


def _tensorboard_log(out: Path) -> EpochLog:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise TrainingError(
            "--log tensorboard needs the package tensorboard: pip install tensorboard"
        ) from error

    def log(line: Mapping[str, float]) -> None:
        epoch = int(line["epoch"])
        # purge_step: what an interrupted run wrote of this epoch and later ones does not count.
        with SummaryWriter(str(out / "tensorboard"), purge_step=epoch) as writer:
            for name, value in line.items():
                if name != "epoch":
                    writer.add_scalar(name, value, epoch)

    return log
