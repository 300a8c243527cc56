"""Making what is in a box unrecognisable."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

import cv2
import numpy as np

from edgereg.core.arrays import FloatArray, Image

Look: TypeAlias = Literal["blur", "pixelate", "box"]
LOOKS: tuple[Look, ...] = get_args(Look)

# Of a face so few cells remain from side to side, however large it was. A Gaussian blur could be
# undone in part; means of cells can't.
CELLS = 6


def veiled(image: Image, boxes: FloatArray, look: Look) -> Image:
    """A copy of the picture uint8 [H, W, 3] with every box [N, 4] in it made unrecognisable.

    blur: six cells a side and smooth between them; pixelate: six plain cells a side; box: black.
    Pixels that a box touches in part are covered too.
    """
    height, width = image.shape[:2]
    picture = image.copy()
    for box in boxes[np.isfinite(boxes).all(axis=1)]:
        left, top = (int(at) for at in np.clip(np.floor(box[:2]), 0, (width, height)))
        right, bottom = (int(at) for at in np.clip(np.ceil(box[2:]), 0, (width, height)))
        if right > left and bottom > top:
            part = picture[top:bottom, left:right]
            part[:] = _hidden(part, look)
    return picture


def _hidden(part: Image, look: Look) -> Image:
    if look == "box":
        return np.zeros_like(part)
    height, width = part.shape[:2]
    cells = (min(CELLS, width), min(CELLS, height))
    few = cv2.resize(part, cells, interpolation=cv2.INTER_AREA)
    between = cv2.INTER_NEAREST if look == "pixelate" else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(few, (width, height), interpolation=between), np.uint8)
