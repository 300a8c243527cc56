"""Where boxes go from one frame to the next, by the motion of the pixels inside them."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from edgereg.core.arrays import FloatArray, Image

LONG_SIDE = 480
GRID = 6
# A point that does not come back to its start, px of the small picture, was lost.
ROUND_TRIP = 1.0


class Flow:
    """Carries boxes by sparse optical flow (Lucas and Kanade, in pyramids)."""

    def __init__(self) -> None:
        self._before: npt.NDArray[np.uint8] | None = None
        self._scale = 1.0

    def show(self, image: Image) -> npt.NDArray[np.uint8] | None:
        """Take the next frame; returns the small grey picture of the one before, or None."""
        height, width = image.shape[:2]
        self._scale = min(1.0, LONG_SIDE / max(height, width))
        size = (max(1, round(width * self._scale)), max(1, round(height * self._scale)))
        small = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)
        before, self._before = self._before, np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY))
        fits = before is not None and before.shape == self._before.shape
        return before if fits else None

    def carry(
        self, before: npt.NDArray[np.uint8], boxes: FloatArray
    ) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
        """Boxes [N, 4] of the frame before in the present one, and which of them could be followed.

        Each moves by the median of its points and grows by the median change of their distances
        from the middle, as in Kalal's Median Flow (ICPR 2010).
        """
        moved, followed = boxes.copy(), np.zeros(len(boxes), bool)
        if not len(boxes) or self._before is None:
            return moved, followed
        share = (np.arange(GRID) + 0.5) / GRID
        grid = np.stack(np.meshgrid(share, share), axis=-1).reshape(-1, 2)
        corners, sides = boxes[:, None, :2], (boxes[:, 2:] - boxes[:, :2])[:, None]
        start = ((corners + grid * sides) * self._scale).astype(np.float32).reshape(-1, 1, 2)
        there, seen, _ = cv2.calcOpticalFlowPyrLK(before, self._before, start, start.copy())
        back, seen_back, _ = cv2.calcOpticalFlowPyrLK(self._before, before, there, start.copy())
        close = np.linalg.norm(back - start, axis=2).ravel() < ROUND_TRIP
        good = (seen.ravel() > 0) & (seen_back.ravel() > 0) & close
        points = [a.reshape(len(boxes), -1, 2) / self._scale for a in (start, there)]
        for row, keep in enumerate(good.reshape(len(boxes), -1)):
            if keep.sum() < GRID:
                continue
            old, new = points[0][row][keep], points[1][row][keep]
            shift = np.median(new - old, axis=0)
            spread = [np.linalg.norm(p - np.median(p, axis=0), axis=1) for p in (old, new)]
            growth = float(np.median(spread[1] / np.maximum(spread[0], 1e-3)))
            centre = (boxes[row, :2] + boxes[row, 2:]) / 2 + shift
            half = (boxes[row, 2:] - boxes[row, :2]) / 2 * np.clip(growth, 0.9, 1.1)
            moved[row] = np.concatenate([centre - half, centre + half])
            followed[row] = True
        return moved, followed
