"""Square crops of regions: the input of every model that looks at a head, a face, an object."""

from __future__ import annotations

import numpy as np

from edgereg.core.arrays import FloatArray
from edgereg.core.camera import Camera
from edgereg.core.frames import Frame
from edgereg.core.geometry import square_crops
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


def without_top(boxes: FloatArray, share: float) -> FloatArray:
    """Boxes [N, 4] without this share of their height, from the top."""
    cut = boxes.copy()
    cut[:, 1] += share * (boxes[:, 3] - boxes[:, 1])
    return cut
