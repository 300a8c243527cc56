"""Heads found and false alarms of a head detector over its score threshold.

    python benchmarks/detection_threshold.py MODEL LABELS[@FOLDER] ... [--size NAME]

LABELS: as `edgereg evaluate --pictures` takes them. Prints a row for each threshold and two columns
for each set: the share of heads found, and false alarms in all pictures. A threshold is chosen on
pictures that are kept for that, not on those that the model card reports.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from pathlib import Path

import numpy as np
from edgereg_training.detection.photographs.labels import LabelledPicture, read_pictures
from edgereg_training.detection.pictures import judged

from edgereg.front_door import predict

LOWEST = 0.15
THRESHOLDS = np.arange(LOWEST, 0.86, 0.05)


def open_wide(model: Path, place: Path) -> Path:
    """A copy of the model folder that lets every candidate over `LOWEST` through."""
    copy = place / "model"
    shutil.copytree(model, copy)
    content = json.loads((copy / "model.json").read_text(encoding="utf-8"))
    content["settings"]["score_threshold"] = LOWEST
    (copy / "model.json").write_text(json.dumps(content), encoding="utf-8")
    return copy


def sweep(model: Path, pictures: list[LabelledPicture], size: str) -> tuple[np.ndarray, np.ndarray]:
    """Share found [T] (nan without heads) and false alarms [T] at each threshold."""
    found, false, heads = np.zeros(len(THRESHOLDS)), np.zeros(len(THRESHOLDS)), 0
    for picture in pictures:
        image = picture.read().image
        seen = predict(image, "detection", models=model, threads=1, size=size)
        height, width = image.shape[:2]
        truth = np.clip(picture.boxes, 0, [width, height] * 2)
        heads += int((~picture.ignored).sum())
        for row, threshold in enumerate(THRESHOLDS):
            kept = seen.scores >= threshold
            result = judged(
                seen.values[kept], seen.scores[kept], truth, picture.ignored, max(height, width)
            )
            found[row] += result.found.sum()
            false[row] += len(result.false)
    return found / heads if heads else np.full(len(THRESHOLDS), np.nan), false


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="A head detector over its score threshold.")
    parser.add_argument("model", type=Path)
    parser.add_argument("sets", nargs="+")
    parser.add_argument("--size", default="default")
    options = parser.parse_args()
    columns = []
    with tempfile.TemporaryDirectory() as place:
        model = open_wide(options.model, Path(place))
        for text in options.sets:
            labels, _, folder = text.partition("@")
            pictures = read_pictures(Path(labels), Path(folder) if folder else None)
            columns.append(sweep(model, pictures, options.size))
    print("threshold  " + "  ".join(Path(text.partition("@")[0]).name for text in options.sets))
    for row, threshold in enumerate(THRESHOLDS):
        cells = "   ".join(f"{found[row]:6.1%} {false[row]:4.0f}" for found, false in columns)
        print(f"{threshold:.2f}       {cells}")


if __name__ == "__main__":
    main()
