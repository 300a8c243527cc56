"""Pictures to calibrate on, prepared as the runtime prepares them for `predict`.

Of frames (a video, images) a model of regions gets the crops that `edgereg run` would give it: the
task that its own stands on finds the regions, with its bundled model.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from edgereg.core.arrays import Image
from edgereg.core.frames import Frame
from edgereg.core.geometry import letterbox, square_crops
from edgereg.core.model_spec import InputSpec, ModelSpec
from edgereg.core.predictions import regions_of
from edgereg.core.settings import Settings
from edgereg.core.tasks import Task
from edgereg.pipeline.guard import Guard
from edgereg.pipeline.loading import Loading, load_tasks
from edgereg.pipeline.steps import Work, plan
from edgereg.plugins import load_plugins
from edgereg.sources.open import open_source
from edgereg_exporters.errors import ExportError

PICTURES = 256
BATCH = 32
# Finds the regions for a model whose task no installed plugin has.
REGIONS = "detection"


def calibration_batches(place: Path, spec: ModelSpec, limit: int = PICTURES) -> list[Image]:
    """Batches uint8 [B, H, W, 3] from a video, an image, a folder of images or rendered shards.

    At most `limit` pictures, of a video spread over its length. An image that has the size of a
    model's crops is one already. Raises ExportError where there is no picture, or no region in
    any; SourceError where `place` can't be read.
    """
    rendered = (place / "manifest.json").is_file()
    found = of_shards(place, spec.input) if rendered else of_frames(place, spec, limit)
    pictures = list(islice(found, limit))
    if not pictures:
        raise ExportError(f"{place}: no picture to calibrate on")
    batches: list[list[Image]] = []
    for image in pictures:
        if not batches or len(batches[-1]) == BATCH or batches[-1][0].shape != image.shape:
            batches.append([])
        batches[-1].append(image)
    return [np.stack(batch) for batch in batches]


def of_shards(place: Path, size: InputSpec) -> Iterator[Image]:
    """Rendered pictures, or the true regions in them."""
    from edgereg_training.detection.scenes import iter_scenes

    for scene in iter_scenes(place):
        if size.width is None:
            yield letterbox(scene.image, size.long_side, size.multiple)[0]
        else:
            yield from square_crops(scene.image, scene.boxes, size.width, size.crop_scale)[0]


def of_frames(place: Path, spec: ModelSpec, limit: int) -> Iterator[Image]:
    """The pictures of a video or of images."""
    size = spec.input
    crops: _Crops | None = None
    count = 0
    for frame in spread(place, limit):
        if size.width is None:
            yield letterbox(frame.image, size.long_side, size.multiple)[0]
        elif frame.image.shape[:2] == (size.height, size.width):
            yield frame.image
        else:
            crops = crops or _Crops(spec, size.width)
            found = crops.of(frame)
            count += len(found)
            yield from found
    if crops is not None and not count:
        raise ExportError(
            f"{place}: '{crops.task.name}' found no region to calibrate on in any of its frames; "
            "name frames that show some, or rendered shards"
        )


def spread(place: Path, limit: int) -> Iterator[Frame]:
    """Frames in even steps, `limit` or more."""
    source = open_source(place)
    try:
        every = max(1, (source.info.frame_count or 0) // limit)
        yield from islice(source.frames(), 0, None, every)
    finally:
        source.close()


class _Crops:
    """The crops of a frame's regions, by the steps that `edgereg run` takes.

    task: the one that finds the regions.
    """

    def __init__(self, spec: ModelSpec, side: int) -> None:
        tasks = load_plugins().tasks()
        own = tasks.get(spec.task)
        name = REGIONS if own is None or own.upstream is None else own.upstream
        loaded = load_tasks(tasks.values(), [name], Loading(engine="cpu"))
        self.task: Task = loaded[-1].task
        self._side, self._crop_scale = side, spec.input.crop_scale
        self._steps = plan(loaded, Settings(), Guard(), None)

    def of(self, frame: Frame) -> Image:
        """uint8 [N, size, size, 3]; ExportError where a step fails."""
        work = Work(frame)
        for step in self._steps:
            step.run(work)
        if self.task.name not in work.predictions:
            told = [f"{fault.task} failed: {fault.reason}" for fault in work.faults[:1]]
            raise ExportError(f"frame {frame.index}: {(told or ['nothing was looked for'])[0]}")
        regions = regions_of(work.predictions[self.task.name]).boxes
        return square_crops(frame.image, regions, self._side, self._crop_scale)[0]
