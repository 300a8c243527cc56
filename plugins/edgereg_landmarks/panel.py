"""What the task shows in the window of the face looked at: a part of it, near, and how it moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from edgereg.api import FloatArray, FrameResult, PanelChoice, PanelItem, PanelNumber, PanelPicture
from edgereg_landmarks.openness import NUMBERS

# Points of each part, and how much of their size is shown round them.
PARTS: Mapping[str, tuple[int, int]] = {
    "face": (0, 68),
    "right eye": (36, 42),
    "left eye": (42, 48),
    "mouth": (48, 68),
}
MARGIN = 0.35


def face_panel(
    task: str, result: FrameResult, row: int | None, chosen: Mapping[str, str]
) -> Sequence[PanelItem]:
    """A choice of the part, the picture of it, and the openings; nothing where no face is."""
    found = result.predictions.get(task)
    if found is None or row is None:
        return ()
    face = found[row]
    first, end = PARTS.get(chosen.get("part", ""), PARTS["face"])
    return (
        PanelChoice("part", tuple(PARTS)),
        PanelPicture("near", around(result.image, face["points"][first:end])),
        *(PanelNumber(number.name.replace("_", " "), face[number.name]) for number in NUMBERS),
    )


def around(image: npt.NDArray[np.uint8], points: FloatArray) -> npt.NDArray[np.uint8]:
    """The part of a picture [H, W, 3] round points [P, 2], as far as it is in the picture."""
    height, width = image.shape[:2]
    low, high = points.min(0), points.max(0)
    margin = MARGIN * float((high - low).max()) + 2
    x1, y1 = np.clip(np.floor(low - margin), 0, (width, height)).astype(int)
    x2, y2 = np.clip(np.ceil(high + margin), 0, (width, height)).astype(int)
    return image[y1:y2, x1:x2]
