"""Donkeycar's tubs: folders of pictures with `user/angle` in -1..1, positive to the right.

First kind: `record_N.json` beside the pictures. Second kind: `manifest.json`, whose last line names
catalogues (JSON lines) and deleted records; pictures in `images/`.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from edgereg_training.driving.drives import Drive, middle_drive
from edgereg_training.loop.errors import TrainingError

IMAGE, ANGLE = "cam/image_array", "user/angle"
CATALOGUE_SIZE = 1000


def read_tub(folder: Path) -> Drive:
    """A tub of the second kind without its deleted records, in the order of their numbers.

    Raises TrainingError naming the file and line that can't be read.
    """
    manifest = folder / "manifest.json"
    lines = [line for line in _text(manifest).splitlines() if line.strip()]
    summary = _parsed(lines[-1] if lines else "", f"{manifest}: last line")
    deleted = set(summary.get("deleted_indexes", []))
    records: dict[int, dict[str, Any]] = {}
    for name in summary.get("paths", []):
        for number, line in enumerate(_text(folder / str(name)).splitlines(), 1):
            if line.strip():
                record = _parsed(line, f"{folder / str(name)}: line {number}")
                records[int(record.get("_index", len(records)))] = record
    kept = [records[index] for index in sorted(records) if index not in deleted]
    return _drive(folder, folder / "images", kept)


def read_first_tub(folder: Path) -> Drive:
    """A tub of the first kind, in the order of the records' numbers."""
    numbered = []
    for path in folder.glob("record_*.json"):
        found = re.fullmatch(r"record_(\d+)\.json", path.name)
        if found is not None:
            numbered.append((int(found[1]), path))
    records = [_parsed(_text(path), str(path)) for _, path in sorted(numbered)]
    return _drive(folder, folder, records)


def _drive(folder: Path, images: Path, records: list[dict[str, Any]]) -> Drive:
    files, steering = [], []
    for record in records:
        # A recording that was cut off may lack the last pictures, or their angle.
        if isinstance(record.get(IMAGE), str) and isinstance(record.get(ANGLE), int | float):
            files.append(images / record[IMAGE])
            steering.append(float(record[ANGLE]))
    return middle_drive(str(folder), files, steering)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TrainingError(f"{path}: can't read this part of the tub ({error})") from error


def _parsed(text: str, where: str) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except ValueError as error:
        raise TrainingError(f"{where}: is no JSON ({error})") from error
    if not isinstance(content, dict):
        raise TrainingError(f"{where}: should be a JSON object")
    return content


def write_tub(
    folder: Path, count: int, views: Iterable[tuple[npt.NDArray[np.uint8], float]]
) -> Iterator[int]:
    """Write `count` pictures (uint8 RGB) with their angles as a tub of the second kind.

    views: made lazily, one after another, from picture `begun(folder)` on. Yields how many there
    are after each. A tub that was begun is completed: whole catalogues are kept.
    """
    images = folder / "images"
    images.mkdir(parents=True, exist_ok=True)
    done = begun(folder)
    lines: list[str] = []
    for index, (image, angle) in enumerate(views, done):
        name = f"{index}_cam_image_array_.jpg"
        cv2.imwrite(str(images / name), cv2.cvtColor(image, cv2.COLOR_RGB2BGR),
                    [cv2.IMWRITE_JPEG_QUALITY, 92])  # fmt: skip
        lines.append(json.dumps({
            "_index": index, "_session_id": "rendered", "_timestamp_ms": 50 * index, IMAGE: name,
            ANGLE: angle, "user/mode": "user", "user/throttle": 0.0,
        }))  # fmt: skip
        if len(lines) == CATALOGUE_SIZE or index + 1 == count:
            _write_catalogue(folder, index // CATALOGUE_SIZE, lines)
            lines = []
        yield index + 1
    _write_manifest(folder, count)


def begun(folder: Path) -> int:
    """How many pictures the whole catalogues of a tub hold."""
    done = 0
    while (path := folder / f"catalog_{done // CATALOGUE_SIZE}.catalog").is_file():
        found = len(path.read_text(encoding="utf-8").splitlines())
        done += found
        if found < CATALOGUE_SIZE:
            break
    return done


def _write_catalogue(folder: Path, number: int, lines: list[str]) -> None:
    path = folder / f"catalog_{number}.catalog"
    temporary = path.with_name(path.name + ".part")
    temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")
    # What donkeycar needs to find its way in the catalogue.
    about = {"created_at": time.time(), "line_lengths": [len(line) + 1 for line in lines],
             "path": path.name, "start_index": number * CATALOGUE_SIZE}  # fmt: skip
    path.with_name(path.name + "_manifest").write_text(json.dumps(about) + "\n", encoding="utf-8")
    temporary.replace(path)


def _write_manifest(folder: Path, count: int) -> None:
    inputs = [IMAGE, ANGLE, "user/throttle", "user/mode"]
    types = ["image_array", "float", "float", "str"]
    parts = -(-count // CATALOGUE_SIZE)
    summary = {"paths": [f"catalog_{k}.catalog" for k in range(parts)], "current_index": count,
               "max_len": CATALOGUE_SIZE, "deleted_indexes": []}  # fmt: skip
    created = {"created_at": time.time(), "sessions": {"all_full_ids": ["rendered"]}}
    text = "\n".join(json.dumps(part) for part in (inputs, types, {}, created, summary)) + "\n"
    temporary = folder / "manifest.json.part"
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(folder / "manifest.json")
