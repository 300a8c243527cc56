"""Rendered rooms in the layout of NYUD2-DIR, so that they are read and split as it is."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from edgereg.core.files import replace_file
from edgereg_training.data.nyud2 import LISTS
from edgereg_training.render.interiors.view import RoomView, draw_interior
from edgereg_training.render.shards import Progress

TEST_COUNT, TEST_SEED = 200, 903
# What is farther is not told by this data set.
FARTHEST = 10.0
QUALITY = (cv2.IMWRITE_JPEG_QUALITY, 92)


def write_rooms(
    folder: Path, train: int, test: int, seed: int, height: int, width: int, progress: Progress
) -> Path:
    """`train` and `test` pictures of as many rooms, with depth maps of 16 bits in mm, and the two
    lists; what was begun is completed. Picture i of a split depends on seed, split and i alone.
    """
    done = 0
    for number, (split, count) in enumerate((("train", train), ("test", test))):
        rows = []
        (folder / split).mkdir(parents=True, exist_ok=True)
        for index in range(count):
            image, depth = (f"{split}/{index:05d}.{ending}" for ending in ("jpg", "png"))
            if not (folder / image).is_file():
                rng = np.random.default_rng([seed, number, index])
                _write(draw_interior(rng, height, width), folder / image, folder / depth)
            rows.append(f"{image},{depth}\n")
            done += 1
            progress(done, train + test)
        if rows:
            replace_file(folder / LISTS[split], "".join(rows).encode())
    return folder


def _write(view: RoomView, image: Path, depth: Path) -> None:
    """The picture comes last: where it is, its depth is too."""
    millimetres = np.round(1000 * np.minimum(view.depth, FARTHEST)).astype(np.uint16)
    bgr = cv2.cvtColor(view.image, cv2.COLOR_RGB2BGR)
    replace_file(depth, cv2.imencode(".png", millimetres)[1].tobytes(), sync=False)
    replace_file(image, cv2.imencode(".jpg", bgr, QUALITY)[1].tobytes(), sync=False)


def test_data(cache: Path, assets: Path | None, count: int | None, progress: Progress) -> Path:
    """Rendered rooms that no recipe trains on, in a folder of `cache`; `assets` are not needed."""
    number = count or TEST_COUNT
    return write_rooms(cache / f"rooms-test-{number}", 0, number, TEST_SEED, 120, 160, progress)
