"""Pictures to calibrate on, prepared as the runtime prepares them for `predict`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgereg.geometry import letterbox, square_crops
from edgereg.models.schema import InputSpec
from edgereg.sources.open import open_source
from edgereg_exporters.errors import ExportError

Image = npt.NDArray[np.uint8]
PICTURES = 256
BATCH = 32


def calibration_batches(place: Path, spec: InputSpec, limit: int = PICTURES) -> list[Image]:
    """Batches uint8 [B, H, W, 3] from a video, an image, a folder of images or rendered shards.

    At most `limit` pictures, of a video spread over its length. A model of regions takes the
    regions of shards; a frame of anything else is itself one region, its longer side the crop's.
    Raises ExportError or SourceError where there is no picture.
    """
    found = list(islice(_prepared(place, spec, limit), limit))
    if not found:
        raise ExportError(f"{place}: no picture to calibrate on")
    batches: list[list[Image]] = []
    for image in found:
        if not batches or len(batches[-1]) == BATCH or batches[-1][0].shape != image.shape:
            batches.append([])
        batches[-1].append(image)
    return [np.stack(batch) for batch in batches]


def _prepared(place: Path, spec: InputSpec, limit: int) -> Iterator[Image]:
    for frame, boxes in _pictures(place, limit):
        if spec.width is None:
            yield letterbox(frame, spec.long_side, spec.multiple)[0]
        else:
            yield from square_crops(frame, boxes, spec.width, spec.crop_scale)[0]


def _pictures(place: Path, limit: int) -> Iterator[tuple[Image, npt.NDArray[np.float32]]]:
    """Frames, and the boxes [N, 4] of their regions."""
    if (place / "manifest.json").is_file():
        from edgereg_training.detection.scenes import iter_scenes

        for scene in iter_scenes(place):
            yield scene.image, scene.boxes
        return
    source = open_source(place)
    try:
        every = max(1, (source.info.frame_count or 0) // limit)
        for frame in islice(source.frames(), 0, None, every):
            height, width = frame.image.shape[:2]
            yield frame.image, np.array([[0, 0, width, height]], np.float32)
    finally:
        source.close()
