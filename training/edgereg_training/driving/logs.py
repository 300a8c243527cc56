"""Drives as lists of pictures and angles: CSV files, with or without a header, and `data.txt`.

Udacity's simulator writes `driving_log.csv` without a header: files of the centre, left and right
camera (with the recording computer's own paths), steering -1..1, throttle, brake, speed.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edgereg_training.driving.drives import Drive, middle_drive
from edgereg_training.loop.errors import TrainingError

CAMERAS = ("center", "left", "right")
SIMULATOR = (*CAMERAS, "steering", "throttle", "brake", "speed")
# What other recorders call these columns, in lower case.
FILES = ("center", "centre", "filename", "file", "image", "image_path", "img", "path", "frame",
         "center_image")  # fmt: skip
ANGLES = ("steering", "steering_angle", "steer", "angle", "steering_angle_deg", "steeringangle",
          "steering_wheel_angle", "wheel_angle")  # fmt: skip
# Shares of full lock may exceed 1 a little by noise; an angle in degrees seldom stays so small.
LARGEST_SHARE = 1.5
FOLDERS = ("", "IMG", "images", "data", "frames", "img")


def read_csv(path: Path) -> Drive:
    """A CSV of pictures and angles; TrainingError where a column or a picture is missing.

    Names of columns are taken from the first line; without any it is Udacity's simulator's. Angles
    beyond LARGEST_SHARE anywhere are degrees, and otherwise shares of full lock.
    """
    rows = _rows(path)
    names, rows = _header(rows)
    column = {name: index for index, name in reversed(list(enumerate(names)))}
    angle_at, file_at = (next((column[n] for n in known if n in column), None)
                         for known in (ANGLES, FILES))  # fmt: skip
    if angle_at is None or file_at is None:
        raise TrainingError(
            f"{path}: needs a column of pictures ({', '.join(FILES[:6])} ...) and one of angles "
            f"({', '.join(ANGLES[:4])} ...); it has {', '.join(names)}"
        )
    places = [file_at, *(column[name] for name in CAMERAS[1:] if name in column)]
    files: list[Path] = []
    steering, moment, side = [], [], []
    for number, row in enumerate(rows):
        angle = _number(row, angle_at, path, number)
        for camera, place in zip((0, -1, 1), places, strict=False):
            if place < len(row) and row[place].strip():
                files.append(find_picture(path.parent, row[place]))
                steering.append(angle)
                moment.append(number)
                side.append(camera)
    if not files:
        raise TrainingError(f"{path}: holds no picture with a steering angle")
    return Drive(str(path), tuple(files), np.array(steering), _unit(names[angle_at], steering),
                 np.array(moment), np.array(side))  # fmt: skip


def _unit(column: str, steering: Sequence[float]) -> str:
    degrees = column.endswith("_deg") or max(map(abs, steering)) > LARGEST_SHARE
    return "degree" if degrees else ""


def read_data_txt(path: Path) -> Drive:
    """SullyChen's list: lines '0.jpg 1.84' or '0.jpg 1.84,2018-07-01 17:09:44:912', in degrees."""
    files, steering = [], []
    for number, line in enumerate(_text(path).splitlines(), 1):
        if not line.strip():
            continue
        found = re.match(r"\s*(\S+)\s+([-+\d.eE]+)", line)
        if found is None:
            raise TrainingError(f"{path}: line {number} is no picture with an angle: '{line[:60]}'")
        files.append(find_picture(path.parent, found[1]))
        steering.append(float(found[2]))
    return middle_drive(str(path), files, steering, "degree")


def find_picture(folder: Path, text: str) -> Path:
    """The picture that a list names: relative to the list, in one of the usual folders beside it,
    or, of a path of the computer that recorded it, by its last part. Where there is none, the
    first place it should be at."""
    named = text.strip().replace("\\", "/")
    wanted = [folder / named, *(folder / inner / named.split("/")[-1] for inner in FOLDERS)]
    return next((place for place in wanted if place.is_file()), wanted[0])


def _rows(path: Path) -> list[list[str]]:
    text = _text(path)
    first = text.split("\n", 1)[0]
    # Semicolons come with decimal commas.
    mark = ";" if first.count(";") > first.count(",") else ","
    return [row for row in csv.reader(text.splitlines(), delimiter=mark) if any(row)]


def _header(rows: list[list[str]]) -> tuple[list[str], list[list[str]]]:
    if not rows:
        return [], []
    names = [name.strip().lower() for name in rows[0]]
    if any(name in ANGLES for name in names):
        return names, rows[1:]
    return list(SIMULATOR[: len(names)]), rows


def _number(row: list[str], place: int, path: Path, number: int) -> float:
    text = row[place].strip() if place < len(row) else ""
    try:
        return float(text.replace(",", "."))
    except ValueError as error:
        raise TrainingError(
            f"{path}: row {number + 1} has '{text}' where an angle should be"
        ) from error


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TrainingError(f"{path}: can't read this recording ({error})") from error
