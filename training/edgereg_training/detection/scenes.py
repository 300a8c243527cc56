"""Rendered shards as scenes, kept in memory as they were rendered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgereg_training.detection.scene import Scene, scene_of
from edgereg_training.loop.errors import TrainingError
from edgereg_training.render.shards import iter_shards


@dataclass(frozen=True)
class Judged:
    """Which heads are to be found; a detection of any other is neither right nor wrong.

    visible: least share of the head's pixels that is seen. side: least shorter side in pixels.
    """

    visible: float = 0.3
    side: float = 0.0


DEFAULT = Judged()


@dataclass(frozen=True)
class SceneSet:
    """N scenes; those of one shard are of one size."""

    scenes: Sequence[Scene]

    def __len__(self) -> int:
        return len(self.scenes)

    def __getitem__(self, index: int) -> Scene:
        return self.scenes[index]


def load_scenes(folders: Sequence[Path], judged: Judged = DEFAULT) -> SceneSet:
    """All pictures of shard folders, of scenes or of single heads.

    Raises ShardError for a damaged folder and TrainingError where there is no picture at all.
    """
    scenes = [scene for folder in folders for scene in iter_scenes(folder, judged)]
    if not scenes:
        raise TrainingError("no rendered pictures: name at least one folder of shards")
    return SceneSet(scenes)


def iter_scenes(folder: Path, judged: Judged = DEFAULT) -> Iterator[Scene]:
    """The scenes of one shard folder, in order; heads that are not judged are marked as ignored."""
    for shard in iter_shards(folder):
        images = shard["images"]
        if "start" not in shard:
            yield from (
                scene_of(image, box) for image, box in zip(images, shard["box"], strict=True)
            )
            continue
        for image, low, high in zip(images, shard["start"], shard["start"][1:], strict=False):
            boxes, seen = shard["boxes"][low:high], shard["visible"][low:high]
            sides = (boxes[:, 2:] - boxes[:, :2]).min(axis=1, initial=np.inf)
            yield Scene(image, boxes, (seen < judged.visible) | (sides < judged.side))
