"""Training crops of sequences and the frozen backbone's maps of them, computed once and kept."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import torch

from edgereg_training.detection.photometric import distort
from edgereg_training.loop.errors import TrainingError
from edgereg_training.loop.recipe import Strict
from edgereg_training.tracking.crops import area_side, search_crop
from edgereg_training.tracking.datasets import TrackingSequence, load_sequences
from edgereg_training.tracking.network import NetworkSettings, frozen_maps

VERSION = 1
CHUNK = 16
# A crop whose object is smaller than this in the frame (root of its area, px) teaches nothing.
SMALLEST = 10.0


class CropSettings(Strict):
    """How training crops are cut.

    size: side in pixels; search: side of the region over the root of the box's area; offset: the
    object's centre lies within this share of half the region; scale: standard deviation of the log
    of the region's side; distorted: share of crops with photometric changes; frames: of each
    sequence, at most `gap` apart.
    """

    size: int = 256
    search: float = 4.5
    offset: float = 0.6
    scale: float = 0.2
    distorted: float = 0.3
    frames: int = 4
    gap: int = 60


@dataclass(frozen=True)
class FeatureSet:
    """near: float16 [N, C, S/8, S/8]; far: float16 [N, C, S/16, S/16]; boxes: float32 [N, 4] in
    crop pixels; clips: int64 [N], the sequence of each crop, in ascending order."""

    near: npt.NDArray[np.float16]
    far: npt.NDArray[np.float16]
    boxes: npt.NDArray[np.float32]
    clips: npt.NDArray[np.int64]


def feature_set(
    folders: tuple[Path, ...], crops: CropSettings, network: NetworkSettings, cache: Path, seed: int
) -> FeatureSet:
    """The maps of all crops, from `cache` where they were computed before for the same settings.

    Raises TrainingError without a sequence of two usable frames, BackboneError without weights.
    """
    sequences = [item for folder in folders for item in load_sequences(folder)]
    parts = [VERSION, seed, [item.name for item in sequences], [str(path) for path in folders]]
    settings = [crops.model_dump(mode="json"), network.backbone, str(network.weights)]
    key = hashlib.sha256(json.dumps([parts, settings]).encode()).hexdigest()[:12]
    home = cache / f"features-{key}"
    if not (home / "clips.npy").is_file():
        _compute(sequences, crops, network, home, seed)
    return FeatureSet(
        *(np.load(home / f"{name}.npy", mmap_mode="r") for name in ("near", "far")),
        *(np.load(home / f"{name}.npy") for name in ("boxes", "clips")),
    )


def _compute(
    sequences: list[TrackingSequence],
    crops: CropSettings,
    network: NetworkSettings,
    home: Path,
    seed: int,
) -> None:
    """Write the arrays; `clips.npy` comes last."""
    chosen = [
        (clip, frame)
        for clip, item in enumerate(sequences)
        for frame in _frames(item, crops, np.random.default_rng([seed, clip]))
    ]
    if not chosen:
        raise TrainingError("no sequence has two frames with a box of 10 pixels or more")
    home.mkdir(parents=True, exist_ok=True)
    maps = frozen_maps(network).to(memory_format=torch.channels_last)
    boxes = np.zeros((len(chosen), 4), np.float32)
    stores: list[Any] = []
    for start in range(0, len(chosen), CHUNK):
        images = []
        for row in range(start, min(start + CHUNK, len(chosen))):
            clip, frame = chosen[row]
            rng = np.random.default_rng([seed, clip, frame])
            image, boxes[row] = training_crop(sequences[clip], frame, crops, rng)
            images.append(image)
        with torch.inference_mode():
            found = maps(torch.from_numpy(np.stack(images)))
        if not stores:
            shapes = [(len(chosen), *item.shape[1:]) for item in found]
            stores = [
                np.lib.format.open_memmap(home / f"{name}.npy", "w+", np.float16, shape)
                for name, shape in zip(("near", "far"), shapes, strict=True)
            ]
        for store, item in zip(stores, found, strict=True):
            store[start : start + len(images)] = item.numpy()
    for store in stores:
        store.flush()
    np.save(home / "boxes.npy", boxes)
    np.save(home / "clips.npy", np.array([clip for clip, _ in chosen], np.int64))


def _frames(item: TrackingSequence, crops: CropSettings, rng: np.random.Generator) -> list[int]:
    """Frames of one sequence to cut crops from, close in time; none where only one would do."""
    sides = item.boxes[:, 2:] - item.boxes[:, :2]
    with np.errstate(invalid="ignore"):
        usable = np.flatnonzero(
            item.present
            & (sides.min(axis=1) > SMALLEST / 2)
            & (np.sqrt(np.prod(sides, axis=1)) > SMALLEST)
        )
    if len(usable) < 2:
        return []
    first = usable[int(rng.integers(len(usable)))]
    near = usable[np.abs(usable - first) <= crops.gap]
    taken = rng.choice(near, min(crops.frames, len(near)), replace=False)
    return sorted(int(frame) for frame in taken) if len(taken) > 1 else []


def training_crop(
    item: TrackingSequence, frame: int, crops: CropSettings, rng: np.random.Generator
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32]]:
    """A crop about a displaced place, and the box in it [4]."""
    image = cv2.imread(str(item.frames[frame]), cv2.IMREAD_COLOR)
    if image is None:
        raise TrainingError(f"{item.frames[frame]}: not a picture")
    box = item.boxes[frame]
    side = crops.search * area_side(box) * float(np.exp(rng.normal(0, crops.scale)))
    # A long thin box has to fit as well.
    side = max(side, 1.15 * float((box[2:] - box[:2]).max()))
    reach = np.maximum(0, np.minimum(crops.offset * side, side - (box[2:] - box[:2]))) / 2
    centre = (box[:2] + box[2:]) / 2 + rng.uniform(-reach, reach)
    rgb = np.ascontiguousarray(image[..., ::-1], np.uint8)
    crop, origin, zoom = search_crop(rgb, centre, side, crops.size)
    if rng.random() < crops.distorted:
        crop = distort(crop, rng)
    return crop, ((box - np.tile(origin, 2)) * zoom).astype(np.float32)
