"""Boxes, crops and rotations: the geometry that the runtime, the plugins and the training share.

Frame coordinates are continuous pixels: x right, y down, edges at integers, so the centre of the
first pixel is (0.5, 0.5) and a frame covers [0, width] x [0, height]. Boxes are (x1, y1, x2, y2).
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from edgereg.core.arrays import FloatArray, Image

# A letterbox is filled with this grey, so that the padding is neither black nor white.
PADDING = 114


def box_areas(boxes: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Areas [N] of boxes [N, 4]; an inverted box has area 0."""
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 0).astype(np.float64)
    return np.asarray(sides[:, 0] * sides[:, 1])


def box_iou(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Intersection over union [N, M] in [0, 1] of boxes a [N, 4] and b [M, 4]."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    shared = np.prod(np.maximum(high - low, 0).astype(np.float64), axis=2)
    union = box_areas(a)[:, None] + box_areas(b)[None] - shared
    return np.asarray(np.divide(shared, union, out=np.zeros_like(shared), where=union > 0))


def nms(boxes: npt.NDArray[Any], scores: npt.NDArray[Any], iou: float) -> npt.NDArray[np.int64]:
    """Indices [M] of the kept boxes, best score first (greedy non-maximum suppression).

    A box goes when its IoU with a better kept one exceeds `iou`. Equal scores: lower index first.
    """
    order = np.argsort(-scores, kind="stable")
    overlaps = box_iou(boxes, boxes) > iou
    kept: list[int] = []
    alive = np.ones(len(boxes), bool)
    for index in order:
        if alive[index]:
            kept.append(int(index))
            alive &= ~overlaps[index]
    return np.asarray(kept, np.int64)


def clip_boxes(boxes: npt.NDArray[Any], width: float, height: float) -> FloatArray:
    """Boxes float32 [N, 4] moved inside [0, width] x [0, height]."""
    limit = np.array([width, height, width, height], np.float32)
    return np.clip(boxes.astype(np.float32), 0, limit)


def square_crops(
    frame: Image, boxes: npt.NDArray[Any], size: int, scale: float
) -> tuple[Image, FloatArray, FloatArray]:
    """Square crops round the centres of boxes.

    frame: uint8 [H, W, 3]; boxes: finite [N, 4] in frame pixels; size: side of a crop in pixels;
    scale: side of the square in the frame / longer side of the box (at least one frame pixel).

    Returns images uint8 [N, size, size, 3], origin float32 [N, 2] and scale float32 [N, 2]. The
    mapping is exact, fractions of a pixel included: image = (frame - origin) * scale, both in
    continuous pixels. Outside the frame its border is replicated. A crop that shrinks is averaged
    over areas (no aliasing), one that enlarges is interpolated linearly.
    Raises ValueError for a box that is not finite or a frame without pixels.
    """
    boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
    if not np.isfinite(boxes).all():
        raise ValueError("a box is not finite")
    if 0 in frame.shape:
        raise ValueError("a frame without pixels can't be cropped")
    sides = np.maximum(scale * (boxes[:, 2:] - boxes[:, :2]).max(axis=1, initial=0), 1.0)
    origins = (boxes[:, :2] + boxes[:, 2:]) / 2 - sides[:, None] / 2
    images = np.empty((len(boxes), size, size, 3), np.uint8)
    for image, origin, side in zip(images, origins, sides, strict=True):
        image[:] = _square(frame, origin, float(side), size)
    zoom = np.repeat(size / sides[:, None], 2, axis=1)
    return images, origins.astype(np.float32), zoom.astype(np.float32)


def _square(frame: Image, origin: npt.NDArray[np.float64], side: float, size: int) -> Image:
    """One crop: sampled at a whole multiple of `size` that loses nothing, then averaged down."""
    factor = max(1, int(np.ceil(side / size - 1e-6)))
    step = side / (size * factor)
    # Pixel centres: crop pixel i is at i + 0.5 in continuous pixels, hence the halves.
    matrix = np.array(
        [[step, 0, origin[0] + step / 2 - 0.5], [0, step, origin[1] + step / 2 - 0.5]]
    )
    fine = cv2.warpAffine(
        frame,
        matrix,
        (size * factor, size * factor),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    if factor > 1:
        fine = cv2.resize(fine, (size, size), interpolation=cv2.INTER_AREA)
    return np.asarray(fine, np.uint8)


def letterbox(
    frame: Image, long_side: int | None, multiple: int = 1
) -> tuple[Image, tuple[float, float]]:
    """Scale a frame down to a longer side of at most `long_side` and pad it to whole multiples.

    frame: uint8 [H, W, 3]. The picture lies in the upper left corner of the result, padded right
    and below with grey. Never enlarges. Returns the image uint8 [h, w, 3] (h and w multiples of
    `multiple`) and (scale_x, scale_y), image pixels per frame pixel: image = frame * scale.
    Raises ValueError for a frame without pixels.
    """
    height, width = frame.shape[:2]
    if not height or not width:
        raise ValueError("a frame without pixels can't be scaled")
    ratio = min(1.0, (long_side or max(width, height)) / max(width, height))
    w, h = max(1, round(width * ratio)), max(1, round(height * ratio))
    image = np.full((-h % multiple + h, -w % multiple + w, 3), PADDING, np.uint8)
    if (w, h) == (width, height):
        image[:h, :w] = frame
    else:
        image[:h, :w] = cv2.resize(frame, (w, h), interpolation=cv2.INTER_AREA)
    return image, (w / width, h / height)


def band(
    frame: Image, shares: tuple[float, float], size: tuple[int, int]
) -> tuple[Image, int, int]:
    """The rows of a frame uint8 [H, W, 3] between two shares of its height, scaled to `size`.

    size: (width, height) in pixels; the sides are scaled each on its own, averaging over areas
    where they shrink. Returns the picture and its first row and the row after its last, in the
    frame. Raises ValueError where no row is left.
    """
    rows = frame.shape[0]
    top, bottom = (round(share * rows) for share in shares)
    if not 0 <= top < bottom <= rows:
        raise ValueError(f"no band of a frame lies between the shares {shares[0]} and {shares[1]}")
    shown = frame[top:bottom]
    shrinks = shown.shape[1] >= size[0] and shown.shape[0] >= size[1]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(shown, size, interpolation=how), np.uint8), top, bottom


def rotation_matrix(angles: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Rotations [N, 3, 3] of (yaw, pitch, roll) [N, 3] in degrees: R = Rz(roll) Ry(yaw) Rx(pitch).

    Axes: x to image right, y up, z towards the camera. +yaw turns the nose to image right, +pitch
    lowers it, +roll tilts the crown to image left. One triple [3] gives [3, 3].
    """
    radians = np.radians(np.asarray(angles, np.float64))
    (cy, cp, cr), (sy, sp, sr) = np.moveaxis(np.stack([np.cos(radians), np.sin(radians)]), -1, 1)
    rows = [
        *(cr * cy, cr * sy * sp - sr * cp, cr * sy * cp + sr * sp),
        *(sr * cy, sr * sy * sp + cr * cp, sr * sy * cp - cr * sp),
        *(-sy, cy * sp, cy * cp),
    ]
    return np.stack(rows, axis=-1).reshape(*radians.shape[:-1], 3, 3)


def axis_tips(angles: npt.ArrayLike, origins: npt.ArrayLike, length: npt.ArrayLike) -> FloatArray:
    """Projected ends of a head's three axes, for an AxesMark.

    angles: (yaw, pitch, roll) [N, 3] in degrees; origins: [N, 2] frame pixels; length: [N] or one
    number, pixels. Returns float32 [N, 3, 2]: the tips of the axis to image right of an unturned
    head (its left), of the one down, and of the one that looks at the camera, under orthographic
    projection (image y points down).
    """
    columns = rotation_matrix(np.asarray(angles, np.float64).reshape(-1, 3))
    right, up, forward = columns[..., 0], columns[..., 1], columns[..., 2]
    axes = np.stack([right, -up, forward], axis=1)[..., :2] * np.array([1.0, -1.0])
    reach = np.broadcast_to(np.asarray(length, np.float64), axes.shape[:1])
    tips = np.asarray(origins, np.float64).reshape(-1, 1, 2) + axes * reach[:, None, None]
    return np.asarray(tips, np.float32)
