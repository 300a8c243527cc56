"""Tiny sets of photographs in the layouts they are published in."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edgereg.core.geometry import rotation_matrix

AGES = ("0-2", "20-29", "70+")


@pytest.fixture
def fairface_folder(tmp_path: Path) -> Path:
    """Twelve photographs to train and six to test, every second with pseudo-labels."""
    folder = tmp_path / "fairface"
    rows, files = ["file,age,gender,race"], []
    for split, count in (("train", 12), ("val", 6)):
        (folder / split).mkdir(parents=True)
        for index in range(count):
            name = f"{split}/{index}.png"
            cv2.imwrite(str(folder / name), np.full((192, 192, 3), 10 * index, np.uint8))
            rows.append(f"{name},{AGES[index % 3]},Female,Indian")
            if index % 2 == 0:
                files.append(name)
    (folder / "labels.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    write_pseudo(folder, files)
    return folder


@pytest.fixture
def london_folder(tmp_path: Path) -> Path:
    """Six persons, three views of each, their fronts with points set by hand."""
    folder = tmp_path / "london"
    folder.mkdir()
    lines = ["face_id,face_age,face_gender,face_eth"]
    for person in range(1, 7):
        lines.append(f"{person:03d},{20 + person},female,white")
        for view in ("front", "left_profile", "right_3quarter"):
            place = folder / f"neutral_{view}"
            place.mkdir(exist_ok=True)
            file = place / f"{person:03d}_03.jpg"
            cv2.imwrite(str(file), np.full((384, 384, 3), 20 * person, np.uint8))
            if view == "front":
                points = [f"{k} {2 * k}" for k in range(189)]
                text = "\n".join(["189", *points, "1", "0"])
                file.with_suffix(".tem").write_text(text, encoding="utf-8")
    (folder / "london_faces_info.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    write_pseudo(folder, [f"neutral_right_3quarter/{p:03d}_03.jpg" for p in range(1, 7)])
    return folder


def write_pseudo(folder: Path, files: list[str]) -> None:
    """Pseudo-labels of heads of yaw 30 degrees, with points about the middle of the picture."""
    transforms = np.tile(np.eye(4, dtype=np.float32), (len(files), 1, 1))
    transforms[:, :3, :3] = 0.9 * rotation_matrix([30, 0, 0])
    points = np.random.default_rng(0).uniform(50, 140, (len(files), 68, 2)).astype(np.float32)
    np.savez(
        folder / "mediapipe_pseudo.npz",
        files=np.array(files),
        points68=points,
        transform4x4=transforms,
    )
