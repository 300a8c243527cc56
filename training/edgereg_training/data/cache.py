"""What networks look at, cut out of a data set's pictures once and kept as shards.

The shards are those of rendered heads (`render.shards`), so everything that reads one reads the
other. A folder of the cache belongs to one set, split, size and list of labels: where any of them
changes another folder is made. Work that was broken off goes on where it ended.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from edgereg.core.geometry import square_crops
from edgereg_training.data.dataset import DataSet, DataSetError, Sample, samples_of
from edgereg_training.render.geometry import Array
from edgereg_training.render.shards import (
    Progress,
    keep_manifest,
    save_shard,
    shard_path,
)

SHARD = 1000
# Of what a crop shows, so that augmentation can move, zoom and turn it.
MARGIN = 1.5


@dataclass(frozen=True)
class Cut:
    """label: key of the labels to keep. size: px of a network's crop; crop_scale: its side over the
    longer side of the box. Pictures of the cache show MARGIN times as much, as finely."""

    label: str
    size: int
    crop_scale: float


def cached(
    dataset: DataSet,
    folder: Path,
    split: str,
    cut: Cut,
    cache: Path,
    progress: Progress,
    limit: int | None = None,
) -> Path:
    """The shards of a split, made where they are not there yet; limit: so many samples at most,
    evenly spread.

    Arrays: images, box, the label, names, reference (NaN where the set has none), and a flag
    `subset_NAME` of each subset. Raises DataSetError where the folder is not this set, a picture
    is missing or can't be read, or no sample has the label.
    """
    samples = labelled(dataset, folder, split, cut.label)
    if limit is not None and limit < len(samples):
        chosen = np.linspace(0, len(samples) - 1, limit).astype(int)
        samples = [samples[index] for index in chosen]
    out = cache / f"{dataset.name}-{split}-{_fingerprint(samples, cut)}"
    subsets = sorted({name for sample in samples for name in sample.subsets})
    shards = -(-len(samples) // SHARD)
    side = round(MARGIN * cut.size)
    out.mkdir(parents=True, exist_ok=True)
    keep_manifest(
        out,
        {
            "kind": "pictures",
            "set": dataset.name,
            "split": split,
            "count": len(samples),
            "shards": shards,
            "subsets": subsets,
            "options": {**asdict(cut), "size": side},
        },
    )
    for shard in range(shards):
        part = samples[shard * SHARD : (shard + 1) * SHARD]
        if not shard_path(out, shard).is_file():
            save_shard(shard_path(out, shard), _arrays(part, cut, side, subsets))
        progress(min((shard + 1) * SHARD, len(samples)), len(samples))
    return out


def labelled(dataset: DataSet, folder: Path, split: str, label: str) -> list[Sample]:
    """The samples of a split that have a label; DataSetError where none has, or pictures are
    missing."""
    found = samples_of(dataset, folder, split)
    samples = [sample for sample in found if label in sample.labels]
    if not samples:
        known = ", ".join(sorted({key for sample in found for key in sample.labels})) or "none"
        raise DataSetError(f"{folder}: {dataset.name} has no label '{label}' (it has {known})")
    missing = [sample.file for sample in samples if not sample.file.is_file()]
    if missing:
        raise DataSetError(
            f"{folder}: {len(missing)} of {len(samples)} pictures are missing, the first is "
            f"{missing[0]}"
        )
    return samples


def _fingerprint(samples: Sequence[Sample], cut: Cut) -> str:
    digest = hashlib.sha256(json.dumps(asdict(cut)).encode())
    for sample in samples:
        digest.update(repr((sample.name, sample.box, sample.subsets)).encode())
        digest.update(np.ascontiguousarray(sample.labels[cut.label]).tobytes())
    return digest.hexdigest()[:12]


def _arrays(
    samples: Sequence[Sample], cut: Cut, side: int, subsets: Sequence[str]
) -> dict[str, Array]:
    count = len(samples)
    images = np.empty((count, side, side, 3), np.uint8)
    boxes = np.empty((count, 4), np.float32)
    reference = np.full(count, np.nan, np.float32)
    labels = []
    for k, sample in enumerate(samples):
        picture = sample.read()
        height, width = picture.shape[:2]
        box = np.array(sample.box or (0, 0, width, height), np.float64)
        cropped, origin, zoom = square_crops(picture, box[None], side, MARGIN * cut.crop_scale)
        images[k] = cropped[0]
        boxes[k] = (box - np.tile(origin[0], 2)) * np.tile(zoom[0], 2)
        label = np.asarray(sample.labels[cut.label], np.float32)
        labels.append((label - origin[0]) * zoom[0] if cut.label == "landmarks" else label)
        if sample.reference is not None:
            reference[k] = sample.reference * zoom[0, 0]
    flags = {f"subset_{name}": np.array([name in s.subsets for s in samples]) for name in subsets}
    return {
        "images": images,
        "box": boxes,
        cut.label: np.stack(labels).astype(np.float32),
        "reference": reference,
        "names": np.array([sample.name for sample in samples]),
        **flags,
    }
