"""Splits by time: nothing of a part is a neighbour of another part's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from edgereg_training.driving.drives import Drive, middle_drive
from edgereg_training.driving.split import split_by_time
from edgereg_training.loop.errors import TrainingError
from hypothesis import given
from hypothesis import strategies as st


def drive_of(count: int) -> Drive:
    return middle_drive("drive", [Path(f"{i}.jpg") for i in range(count)], [0.0] * count)


@given(
    st.integers(300, 3000), st.floats(0.05, 0.2), st.floats(0.05, 0.3), st.integers(1, 6),
    st.integers(0, 10),
)  # fmt: skip
def test_parts_are_apart_by_the_gap(
    count: int, validation: float, test: float, blocks: int, gap: int
) -> None:
    parts = split_by_time(drive_of(count), validation, test, blocks, gap)
    kinds = np.stack([parts.train, parts.validation, parts.test])
    assert (kinds.sum(0) <= 1).all()
    owner = np.where(kinds.any(0), kinds.argmax(0), -1)
    places = np.flatnonzero(owner >= 0)
    borders = np.flatnonzero(np.diff(owner[places]))
    assert all(np.diff(places)[borders] > gap)
    # The test is the end of the drive.
    assert parts.test[-1]
    assert parts.test[np.flatnonzero(parts.test)[0] :].all()


def test_side_cameras_are_for_training_only() -> None:
    moments = np.repeat(np.arange(400), 3)
    sides = np.tile([0, -1, 1], 400)
    files = tuple(Path(f"{i}.jpg") for i in range(1200))
    drive = Drive("three", files, np.zeros(1200), "", moments, sides)
    parts = split_by_time(drive, 0.15, 0.2)
    assert set(sides[parts.train]) == {-1, 0, 1}
    assert set(sides[parts.validation]) == set(sides[parts.test]) == {0}
    assert parts.test.sum() == pytest.approx(80, abs=10)


def test_a_drive_of_a_few_moments_is_refused() -> None:
    with pytest.raises(TrainingError, match="12 moments are too few"):
        split_by_time(drive_of(12), 0.15, 0.2)
