"""Rendered heads as small crops in memory, for the studies that train networks on pictures."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgereg.core.geometry import square_crops
from edgereg.core.model_spec import Target
from edgereg_training.render.shards import iter_shards, read_manifest

Image = npt.NDArray[np.uint8]
FloatArray = npt.NDArray[np.float32]

POSE_TARGETS = (
    Target(name="yaw", unit="degree", low=-75.0, high=75.0),
    Target(name="pitch", unit="degree", low=-75.0, high=75.0),
    Target(name="roll", unit="degree", low=-75.0, high=75.0),
)
AGE_TARGETS = (Target(name="age", unit="year", low=0.0, high=100.0),)
SIZE = 40
# Stored crops are larger by this on each side; training takes a random window of them.
MARGIN = 2
CROP_SCALE = 1.2


@dataclass(frozen=True)
class ImageSet:
    """images uint8 [N, SIZE + 2 MARGIN, SIZE + 2 MARGIN, 3]; targets float32 [N, D] in units;
    identities int32 [N]."""

    images: Image
    targets: FloatArray
    identities: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.targets)

    def take(self, chosen: npt.NDArray[np.integer]) -> ImageSet:
        """The examples of these indices."""
        return ImageSet(self.images[chosen], self.targets[chosen], self.identities[chosen])

    def centres(self) -> Image:
        """The middle windows: uint8 [N, SIZE, SIZE, 3]."""
        return self.images[:, MARGIN : MARGIN + SIZE, MARGIN : MARGIN + SIZE]


def load_images(folder: Path, label: str) -> ImageSet:
    """The heads of a folder with `label` 'pose' (yaw, pitch, roll) or 'age' as targets."""
    path = folder / f"crops-{SIZE}-{MARGIN}.npz"
    if not path.is_file():
        _write_crops(folder, path)
    with np.load(path) as file:
        targets = file[label].astype(np.float32)
        identities = file["identity"]
        return ImageSet(file["images"], targets.reshape(len(targets), -1), identities)


def _write_crops(folder: Path, path: Path) -> None:
    side = SIZE + 2 * MARGIN
    scale = CROP_SCALE * side / SIZE
    images = np.empty((int(read_manifest(folder)["count"]), side, side, 3), np.uint8)
    labels: dict[str, list[npt.NDArray[np.generic]]] = {"pose": [], "age": [], "identity": []}
    start = 0
    for shard in iter_shards(folder):
        for image, box in zip(shard["images"], shard["box"], strict=True):
            images[start] = square_crops(image, box[None], side, scale)[0][0]
            start += 1
        for name, parts in labels.items():
            parts.append(shard[name])
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    with temporary.open("wb") as file:
        joined = {name: np.concatenate(parts) for name, parts in labels.items()}
        np.savez(file, images=images, **joined)  # type: ignore[arg-type]
    temporary.replace(path)
