"""What a crop shows of a picture: a square, turned and mirrored, and where points of it lie."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class View:
    """A square of a picture with `side` px about `centre` (x, y), shown left for right where
    `mirrored`, and that turned counter-clockwise by `turn` degrees."""

    centre: npt.NDArray[np.floating]
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

    def points(self, points: npt.NDArray[np.floating], size: int) -> Floats:
        """Points [..., 2] of the picture in px of a crop of side `size`."""
        inverse = np.linalg.inv(self._linear(size))
        return np.asarray((points - self.centre) @ inverse.T + size / 2, np.float64)

    def _linear(self, size: int) -> Floats:
        """[2, 2]: steps in the picture of one px in the crop."""
        step = self.side / size
        cosine, sine = np.cos(np.radians(self.turn)) * step, np.sin(np.radians(self.turn)) * step
        sign = -1.0 if self.mirrored else 1.0
        return np.array([[sign * cosine, -sign * sine], [sine, cosine]])
