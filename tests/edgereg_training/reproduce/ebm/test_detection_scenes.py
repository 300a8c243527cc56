"""The rendered scenes of the detection comparison: annotated, three classes, exact boxes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from edgereg_training.detection.backdrops import random_backdrop
from edgereg_training.detection.objects.annotations import SPLITS, load_annotated
from edgereg_training.detection.scene import scene_of
from edgereg_training.reproduce.cells import Cells
from edgereg_training.reproduce.context import Context
from edgereg_training.reproduce.ebm.detection.scenes import (
    CLASSES,
    HEIGHT,
    MOST_COVERED,
    WIDTH,
    Counts,
    rendered_scenes,
    with_things,
)
from edgereg_training.tracking.sprites import Material


def test_scenes_are_read_as_annotated_pictures(tmp_path: Path) -> None:
    context = Context(True, Cells(tmp_path / "cells"), tmp_path)
    folder = rendered_scenes(context, Counts(8, 4, 4))
    seen = set()
    for split in SPLITS:
        annotated = load_annotated(folder, split)
        assert annotated.names == CLASSES
        for sample in annotated.samples:
            assert sample.read().shape == (HEIGHT, WIDTH, 3)
            boxes = sample.labels["boxes"]
            assert (boxes >= 0).all()
            assert (boxes[:, 2:] <= (WIDTH, HEIGHT)).all()
            assert (boxes[:, 2:] > boxes[:, :2]).all()
            seen.update(sample.labels["classes"].tolist())
    assert seen == set(range(len(CLASSES)))


def test_things_are_where_their_boxes_are_and_hide_no_head() -> None:
    plain = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    head = np.array([[100, 60, 180, 160]], np.float32)
    material = Material([random_backdrop(WIDTH, HEIGHT, np.random.default_rng(0))])
    things = 0
    for seed in range(20):
        found = with_things(scene_of(plain, head), material, np.random.default_rng(seed))
        changed = np.abs(found.image.astype(int) - plain).max(axis=2) > 40
        outside = changed.copy()
        for x1, y1, x2, y2 in found.boxes[1:].astype(int):
            # A soft edge reaches a little beyond what is solid.
            outside[max(0, y1 - 3) : y2 + 3, max(0, x1 - 3) : x2 + 3] = False
            assert changed[y1:y2, x1:x2].any()
            covered = np.clip(np.minimum(head[0, 2:], (x2, y2))
                              - np.maximum(head[0, :2], (x1, y1)), 0, None).prod()  # fmt: skip
            assert covered <= MOST_COVERED * 80 * 100
            things += 1
        assert not outside.any()
        assert found.classes[0] == CLASSES.index("head") not in found.classes[1:]
    assert things > 20
