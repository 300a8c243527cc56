"""What a crop shows of a picture: a square, turned and mirrored, and where points of it lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from edgereg.core.arrays import Image

Floats = npt.NDArray[np.floating]


@dataclass(frozen=True)
class Warp:
    """How N crops show N pictures: a point p lies at linear p + offset in the crop.

    linear: [N, 2, 2]; offset: [N, 2] px; turn: [N], degrees counter-clockwise; mirrored: bool [N].
    """

    linear: Floats
    offset: Floats
    turn: Floats
    mirrored: npt.NDArray[np.bool_]


def straight(origin: Floats, zoom: Floats) -> Warp:
    """The warp of crops = (picture - origin) * zoom, both [N, 2], neither turned nor mirrored."""
    linear = np.zeros((*zoom.shape, 2), zoom.dtype)
    linear[:, 0, 0], linear[:, 1, 1] = zoom[:, 0], zoom[:, 1]
    count = len(origin)
    return Warp(linear, -origin * zoom, np.zeros(count, np.float32), np.zeros(count, np.bool_))


def windows(corner: npt.NDArray[np.integer], mirrored: npt.NDArray[np.bool_], size: int) -> Warp:
    """The warp of windows of side `size` at `corner` [N, 2] of pictures, some left for right."""
    sign = np.where(mirrored, -1, 1).astype(np.float32)
    linear = np.stack([sign, np.ones_like(sign)], axis=1)[:, :, None] * np.eye(2, dtype=np.float32)
    across = np.where(mirrored, size + corner[:, 0], -corner[:, 0])
    offset = np.stack([across, -corner[:, 1]], axis=1).astype(np.float32)
    return Warp(linear, offset, np.zeros_like(sign), mirrored)


@dataclass(frozen=True)
class View:
    """A square of a picture with `side` px about `centre` (x, y), shown left for right where
    `mirrored`, and that turned counter-clockwise by `turn` degrees."""

    centre: Floats
    side: float
    turn: float = 0.0
    mirrored: bool = False

    def crop(self, image: Image, size: int) -> Image:
        """uint8 [size, size, 3] of uint8 [H, W, 3]; beyond the picture its border is repeated."""
        linear = self._linear(size)
        offset = self.centre - 0.5 - linear @ np.full(2, (size - 1) / 2)
        return np.asarray(
            cv2.warpAffine(
                image,
                np.column_stack([linear, offset]),
                (size, size),
                flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                borderMode=cv2.BORDER_REPLICATE,
            ),
            np.uint8,
        )

    def inverse(self, size: int) -> tuple[Floats, Floats]:
        """linear [2, 2] and offset [2]: from the picture to a crop of side `size`."""
        linear = np.linalg.inv(self._linear(size))
        return linear, size / 2 - linear @ self.centre

    def _linear(self, size: int) -> Floats:
        """[2, 2]: steps in the picture of one px in the crop."""
        step = self.side / size
        cosine, sine = np.cos(np.radians(self.turn)) * step, np.sin(np.radians(self.turn)) * step
        sign = -1.0 if self.mirrored else 1.0
        return np.array([[sign * cosine, -sign * sine], [sine, cosine]])


def warp_of(views: Sequence[View], size: int) -> Warp:
    """The warp of one crop of side `size` of each view."""
    linear, offset = zip(*(view.inverse(size) for view in views), strict=True)
    return Warp(
        np.stack(linear),
        np.stack(offset),
        np.array([view.turn for view in views]),
        np.array([view.mirrored for view in views]),
    )
