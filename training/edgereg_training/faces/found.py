"""The boxes that the bundled detector finds in photographs of one face each.

A box made of a face's own points says where the face looks: its back is longer where the head is
turned. A detector's doesn't, and it ends at the picture's border. A network that has only seen the
first kind reads yaw from the frame, and errs by twice as much in use.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from edgereg.core.arrays import FloatArray, Image
from edgereg.core.geometry import box_iou
from edgereg.front_door import predict
from edgereg_training.faces.sets import FaceSet
from edgereg_training.loop.errors import TrainingError

# A head that overlaps less with the face's own box is somebody else.
SAME = 0.3


def with_found_boxes(faces: FaceSet, kept: Path | None = None) -> FaceSet:
    """The faces with `found`; where nothing is found, the own box within the picture.

    kept: an npz that holds what was found before and takes what is new, by file. Raises
    TrainingError where it is none.
    """
    before = _read(kept) if kept is not None and kept.is_file() else {}
    found = dict(before)
    for file, image, box in zip(faces.files, faces.images, faces.boxes, strict=True):
        if file not in found:
            found[file] = found_box(image, box)
    if kept is not None and len(found) > len(before):
        kept.parent.mkdir(parents=True, exist_ok=True)
        np.savez(kept, files=np.array(list(found)), boxes=np.stack(list(found.values())))
    return replace(faces, found=np.stack([found[file] for file in faces.files]))


def found_box(image: Image, own: FloatArray) -> FloatArray:
    """The detector's box float32 [4] that overlaps most with a head's own, in uint8 [H, W, 3]."""
    height, width = image.shape[:2]
    inside = np.clip(own, 0, np.array([width, height, width, height], np.float32))
    boxes = predict(image, "detection", threads=1).values[:, :4]
    overlap = box_iou(inside[None], boxes)[0]
    if not len(boxes) or overlap.max() < SAME:
        return inside
    return np.asarray(boxes[overlap.argmax()], np.float32)


def _read(path: Path) -> dict[str, FloatArray]:
    try:
        with np.load(path) as kept:
            return dict(zip(kept["files"].tolist(), kept["boxes"], strict=True))
    except (OSError, ValueError, KeyError) as error:
        raise TrainingError(f"{path}: holds no boxes that were found ({error})") from error
