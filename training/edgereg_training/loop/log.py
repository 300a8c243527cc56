"""The training log: one JSON object an epoch in log.jsonl, and its other forms on demand."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

from edgereg.core.files import replace_file
from edgereg_training.loop.errors import TrainingError

# Told every epoch's line after it was written to log.jsonl.
EpochLog = Callable[[Mapping[str, float]], None]
Form = Literal["csv", "tensorboard"]


def append_log(path: Path, line: Mapping[str, float]) -> None:
    """Append one epoch; numbers are rounded to six significant digits."""
    rounded = {k: float(f"{v:.6g}") if isinstance(v, float) else v for k, v in line.items()}
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(rounded) + "\n")


def read_log(path: Path) -> list[dict[str, float]]:
    """All epochs of a log; a line that was cut off by a crash is left out."""
    if not path.is_file():
        return []
    lines = []
    for text in path.read_text(encoding="utf-8").splitlines():
        try:
            lines.append(json.loads(text))
        except ValueError:
            continue
    return lines


def cut_log(path: Path, epochs: int) -> None:
    """Drop what is later than `epochs`, so that a resumed run does not log an epoch twice."""
    kept = [line for line in read_log(path) if line["epoch"] <= epochs]
    replace_file(path, "".join(json.dumps(line) + "\n" for line in kept).encode())


def epoch_log(form: Form, out: Path) -> EpochLog:
    """A log of another form in the training folder; TrainingError where its library is missing."""
    return csv_log(out) if form == "csv" else tensorboard_log(out)


def csv_log(out: Path) -> EpochLog:
    """OUT/log.csv, written anew from log.jsonl each epoch: resuming leaves no line twice."""

    def log(line: Mapping[str, float]) -> None:
        lines = read_log(out / "log.jsonl")
        text = io.StringIO()
        columns = dict.fromkeys(name for each in lines for name in each)
        writer = csv.DictWriter(text, list(columns), lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)
        replace_file(out / "log.csv", text.getvalue().encode())

    return log


def tensorboard_log(out: Path) -> EpochLog:
    """OUT/tensorboard, TensorBoard's event files."""
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
