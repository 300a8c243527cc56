"""Pictures of faces with whatever is known of each, as the training draws from them.

An unknown label is NaN. Pose and age are intervals [low, high], so that "a person of 20 to 29" and
"a profile" say what they know and no more; an exact value has low = high.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgereg.core import crops
from edgereg.core.arrays import FloatArray, Image
from edgereg_training.faces.zero import MESH_PITCH
from edgereg_training.regression.data import load_pictures
from edgereg_training.regression.target import target_of
from edgereg_training.render.shards import iter_shards, read_manifest

POINTS = 68
# Of a rendered point that hair, a hand or the head itself hides.
HIDDEN = 0.5


@dataclass(frozen=True)
class Labels:
    """Of N faces: pose [N, 3, 2] in degrees and age [N, 2] in years as intervals; points [N, 68, 2]
    in px of the picture; weights of the pose [N] and of each point [N, 68]."""

    pose: FloatArray
    points: FloatArray
    age: FloatArray
    pose_weight: FloatArray
    point_weight: FloatArray

    @classmethod
    def unknown(cls, count: int) -> Labels:
        """Nothing is known of any face yet."""
        return cls(
            pose=np.full((count, 3, 2), np.nan, np.float32),
            points=np.full((count, POINTS, 2), np.nan, np.float32),
            age=np.full((count, 2), np.nan, np.float32),
            pose_weight=np.ones(count, np.float32),
            point_weight=np.ones((count, POINTS), np.float32),
        )

    def take(self, chosen: npt.NDArray[np.integer]) -> Labels:
        """The labels of these indices."""
        return Labels(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class FaceSet:
    """images uint8 [N, s, s, 3]; boxes float32 [N, 4] of the heads in px; what is known of each.

    found: [N, 4], the boxes that a detector finds, which end at the picture's border; None where it
    was not asked. groups: words [N] by which errors may be told apart, such as race or view, by
    name. files: [N] relative to the set's folder, where they are photographs.
    """

    name: str
    images: Image
    boxes: FloatArray
    labels: Labels
    groups: Mapping[str, npt.NDArray[np.str_]] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    found: FloatArray | None = None

    def __len__(self) -> int:
        return len(self.images)

    def take(self, chosen: npt.NDArray[np.integer]) -> FaceSet:
        """The faces of these indices."""
        return FaceSet(
            self.name,
            self.images[chosen],
            self.boxes[chosen],
            self.labels.take(chosen),
            {name: words[chosen] for name, words in self.groups.items()},
            tuple(self.files[index] for index in chosen) if self.files else (),
            None if self.found is None else self.found[chosen],
        )

    def framed(self, by_detector: npt.NDArray[np.bool_] | bool = True) -> FaceSet:
        """The same about the boxes found, of all faces or those told by bool [N]."""
        if self.found is None:
            return self
        chosen = np.broadcast_to(by_detector, len(self))[:, None]
        return replace(self, boxes=np.where(chosen, self.found, self.boxes))


def rendered_faces(folders: Sequence[Path]) -> FaceSet:
    """Rendered heads, whose pose, points and boxes are exact; their ages are not used, because a
    morph's age is no person's."""
    for folder in folders:
        # Says what is wrong with a folder that holds no shards.
        read_manifest(folder)
    pictures = load_pictures(folders, target_of("landmarks", 1))
    labels = Labels.unknown(len(pictures.images))
    shards = [shard for folder in folders for shard in iter_shards(folder)]
    pose = np.concatenate([shard["pose"] for shard in shards])
    visible = np.concatenate([shard["visible"] for shard in shards])
    labels.pose[:] = (pose + np.array([0, MESH_PITCH, 0], np.float32))[..., None]
    labels.points[:] = pictures.targets.reshape(-1, POINTS, 2)
    labels.point_weight[:] = np.where(visible, 1, HIDDEN)
    return FaceSet("rendered", pictures.images, pictures.boxes, labels)


def without_top(faces: FaceSet, top: float) -> FaceSet:
    """The same with boxes that leave out the upper share `top` of each head's, which is hair."""
    found = None if faces.found is None else crops.without_top(faces.found, top)
    return replace(faces, boxes=crops.without_top(faces.boxes, top), found=found)
