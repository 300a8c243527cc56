"""FairFace (CC BY 4.0) as pictures with the box of the one head that each shows."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from edgereg.core.geometry import rotation_matrix
from edgereg_training.detection.photographs.head_boxes import fit_head_shape
from edgereg_training.detection.photographs.labels import LabelledPicture, write_labels

# Degrees of pitch that MediaPipe's canonical face reads of the MakeHuman mesh at rest.
CANONICAL_PITCH = 5.0
# Side of the photographs, pixels.
SIDE = 192


def prepare_fairface(source: Path, assets: Path, heads: Path, out: Path) -> None:
    """Write OUT/train.json and OUT/val.json, COCO labels of the photographs in `source`.

    assets, heads: the MakeHuman folder and shards of single rendered heads, which say how face
    points lie in a head's box. A photograph without face points (`mediapipe_pseudo.npz`) gets the
    median box of the others: all are cut in the same way round a face that another detector found.
    Boxes end at the photograph's border, as most heads in them do.
    """
    pseudo = np.load(source / "mediapipe_pseudo.npz")
    axes = pseudo["transform4x4"][:, :3, :3].astype(np.float64)
    canonical = axes / np.linalg.norm(axes, axis=1, keepdims=True)
    rotations = canonical @ rotation_matrix([0.0, -CANONICAL_PITCH, 0.0])
    boxes = fit_head_shape(assets, heads).boxes(pseudo["points68"], rotations)
    boxes = np.clip(boxes, 0, SIDE)
    known = dict(zip(pseudo["files"].tolist(), boxes, strict=True))
    usual = np.median(boxes, axis=0)
    with (source / "labels.csv").open(newline="", encoding="utf-8") as rows:
        files = [row["file"] for row in csv.DictReader(rows)]
    for split in ("train", "val"):
        pictures = [
            LabelledPicture(source / file, known.get(file, usual)[None], np.zeros(1, bool))
            for file in files
            if file.startswith(f"{split}/")
        ]
        write_labels(out / f"{split}.json", pictures)
