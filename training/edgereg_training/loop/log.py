"""The training log: one JSON object per epoch and line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path


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
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text("".join(json.dumps(line) + "\n" for line in kept), encoding="utf-8")
    temporary.replace(path)
