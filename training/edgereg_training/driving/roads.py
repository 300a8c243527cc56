"""Rendered roads and tracks as a tub, so that they are read, mixed and split like any drive."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgereg_training.driving.tubs import begun, write_tub
from edgereg_training.render.shards import Progress

TEST_COUNT, TEST_SEED = 2000, 902


def write_roads(
    folder: Path, count: int, seed: int, height: int, width: int, progress: Progress
) -> Path:
    """`count` pictures of as many roads, tracks and cameras into a tub; one begun is completed.

    Picture i depends on the seed and i alone.
    """
    for done in write_tub(folder, count, _views(begun(folder), count, seed, height, width)):
        progress(done, count)
    return folder


def test_data(cache: Path, assets: Path | None, count: int | None, progress: Progress) -> Path:
    """Rendered roads that no recipe trains on, in a folder of `cache`; `assets` are not needed."""
    number = count or TEST_COUNT
    return write_roads(cache / f"roads-test-{number}", number, TEST_SEED, 120, 160, progress)


def _views(
    first: int, count: int, seed: int, height: int, width: int
) -> Iterator[tuple[npt.NDArray[np.uint8], float]]:
    from edgereg_training.render.tracks import draw_track

    for index in range(first, count):
        view = draw_track(np.random.default_rng([seed, index]), height, width)
        yield view.image, view.steering
