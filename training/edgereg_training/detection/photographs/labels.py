"""Pictures with boxes of heads, as COCO's JSON, Pascal VOC's XML or a plain folder have them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from edgereg_training.data.voc import read_objects
from edgereg_training.detection.scene import Boxes, Scene
from edgereg_training.loop.errors import TrainingError

PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")


@dataclass(frozen=True)
class LabelledPicture:
    """boxes: float32 [N, 4] (x1, y1, x2, y2), which may reach beyond the picture. ignored: bool
    [N], COCO's iscrowd: what lies there is neither to be found nor background."""

    path: Path
    boxes: Boxes
    ignored: npt.NDArray[np.bool_]

    def read(self) -> Scene:
        """The picture itself, RGB or, where it has alpha, RGBA; as it is stored, since its labels
        are. Raises TrainingError where it can't be read."""
        pixels = cv2.imread(str(self.path), cv2.IMREAD_UNCHANGED)
        code = cv2.COLOR_BGRA2RGBA
        if pixels is None or pixels.shape[2:] != (4,) or pixels.dtype != np.uint8:
            flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
            pixels, code = cv2.imread(str(self.path), flags), cv2.COLOR_BGR2RGB
        if pixels is None:
            raise TrainingError(f"{self.path}: no picture that can be read")
        return Scene(np.asarray(cv2.cvtColor(pixels, code), np.uint8), self.boxes, self.ignored)


def read_pictures(path: Path, folder: Path | None = None) -> list[LabelledPicture]:
    """Labelled pictures from what `path` is.

    A COCO JSON file; a folder with Pascal VOC XML files (beside the pictures, or with them in the
    JPEGImages folder next to it); a folder of pictures alone, which then show no head. folder:
    where the pictures lie, if not there. Raises TrainingError where there are none.
    """
    if path.is_file():
        return read_labels(path, folder)
    sheets = sorted(path.rglob("*.xml"))
    if sheets:
        return [_from_voc(sheet, folder) for sheet in sheets]
    files = sorted(file for file in path.rglob("*") if file.suffix.lower() in PICTURES)
    if not files:
        raise TrainingError(f"{path}: no COCO JSON, no Pascal VOC XML and no pictures")
    nothing = np.zeros((0, 4), np.float32), np.zeros(0, bool)
    return [LabelledPicture(file, *nothing) for file in files]


def _from_voc(sheet: Path, folder: Path | None) -> LabelledPicture:
    """One XML file; the picture has its name, in `folder` or one of the usual places."""
    places = [folder] if folder else [sheet.parent, sheet.parent.parent / "JPEGImages"]
    beside = [place / f"{sheet.stem}{ending}" for place in places for ending in PICTURES]
    boxes = [box for _, *box in read_objects(sheet)]
    return LabelledPicture(
        next((path for path in beside if path.is_file()), beside[0]),
        np.array(boxes, np.float32).reshape(-1, 4),
        np.zeros(len(boxes), bool),
    )


def read_labels(path: Path, folder: Path | None = None) -> list[LabelledPicture]:
    """The pictures of a COCO JSON file, in its order.

    File names count from `folder`, or the file's own. Raises TrainingError for a file that is none.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        found: dict[int, list[tuple[list[float], bool]]] = {p["id"]: [] for p in content["images"]}
        for entry in content["annotations"]:
            x, y, w, h = entry["bbox"]
            found[entry["image_id"]].append(([x, y, x + w, y + h], bool(entry.get("iscrowd", 0))))
        return [
            LabelledPicture(
                (folder or path.parent) / picture["file_name"],
                np.array([box for box, _ in found[picture["id"]]], np.float32).reshape(-1, 4),
                np.array([crowd for _, crowd in found[picture["id"]]], bool),
            )
            for picture in content["images"]
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingError(f"{path}: no COCO labels: {error!r}") from error


def write_labels(path: Path, pictures: Sequence[LabelledPicture]) -> None:
    """The labels as COCO JSON; pictures outside the file's folder are named by their whole path."""
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number, picture in enumerate(pictures):
        name = picture.path.resolve()
        inside = name.is_relative_to(path.parent.resolve())
        shown = name.relative_to(path.parent.resolve()) if inside else name
        images.append({"id": number, "file_name": str(shown)})
        for box, ignored in zip(picture.boxes.tolist(), picture.ignored.tolist(), strict=True):
            x1, y1, x2, y2 = (round(v, 1) for v in box)
            bbox = [x1, y1, round(x2 - x1, 1), round(y2 - y1, 1)]
            annotations.append(
                {"id": len(annotations), "image_id": number, "category_id": 1, "bbox": bbox,
                 "area": round(bbox[2] * bbox[3], 1), "iscrowd": int(ignored)}
            )  # fmt: skip
    content = {
        "images": images,
        "annotations": annotations,
        "categories": [{"id": 1, "name": "head"}],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")
