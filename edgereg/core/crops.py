"""What models look at: square crops of regions, of heads or faces say, or a band of the frame."""

from __future__ import annotations

import numpy as np

from edgereg.core.arrays import FloatArray
from edgereg.core.camera import Camera
from edgereg.core.frames import Frame
from edgereg.core.geometry import band, square_crops
from edgereg.core.model_spec import ModelSpec
from edgereg.core.regions import Regions
from edgereg.core.tasks import Prepared


def region_crops(
    frame: Frame, regions: Regions | None, spec: ModelSpec, camera: Camera | None = None
) -> Prepared:
    """A crop uint8 [size, size, 3] of each region, as `spec.input` says; without regions the whole
    frame is one. Raises ValueError where the model takes no square images of a fixed size.

    camera: of a known field of view: crops are then those of it turned to each region.
    """
    size = spec.input.width
    if size is None or spec.input.height != size:
        raise ValueError(f"model '{spec.name}' must take square images of a fixed size")
    boxes = np.array([[0, 0, *frame.size]], np.float32) if regions is None else regions.boxes
    # A whole frame has no hair to leave out.
    shown = boxes if regions is None else without_top(boxes, spec.input.crop_top)
    images, origin, scale = square_crops(frame.image, shown, size, spec.input.crop_scale)
    if camera is None:
        return Prepared(images, origin, scale, boxes, frame.size)
    turns = camera.turns((shown[:, :2] + shown[:, 2:]) / 2)
    sides = spec.input.crop_scale * camera.straightened(shown, turns).max(1, initial=1.0)
    straight = camera.crops(frame.image, turns, sides, size)
    return Prepared(straight, origin, scale, boxes, frame.size, turns.astype(np.float32))


def frame_band(frame: Frame, spec: ModelSpec, shares: tuple[float, float] = (0.0, 1.0)) -> Prepared:
    """The frame between two shares of its height, the upper one first, as one image of the size
    that the model takes. Raises ValueError where that is not fixed."""
    wide, high = spec.input.width, spec.input.height
    if wide is None or high is None:
        raise ValueError(f"model '{spec.name}' must take images of a fixed size")
    image, top, bottom = band(frame.image, shares, (wide, high))
    return Prepared(
        images=image[None],
        origin=np.array([[0, top]], np.float32),
        scale=np.array([[wide / frame.size[0], high / (bottom - top)]], np.float32),
        regions=None,
        frame_size=frame.size,
    )


def without_top(boxes: FloatArray, share: float) -> FloatArray:
    """Boxes [N, 4] without this share of their height, from the top."""
    cut = boxes.copy()
    cut[:, 1] += share * (boxes[:, 3] - boxes[:, 1])
    return cut
