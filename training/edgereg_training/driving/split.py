"""Drives cut by time: neighbouring pictures are nearly the same, so that a random split would ask
for what was trained on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgereg_training.driving.drives import Drive
from edgereg_training.loop.errors import TrainingError

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Parts:
    """Masks [N] of the pictures of one drive; what is in none lies in a gap between two parts."""

    train: Mask
    validation: Mask
    test: Mask


def split_by_time(
    drive: Drive, validation: float, test: float, blocks: int = 3, gap: int = 10
) -> Parts:
    """The last `test` of the moments are for the test; of what is before, `blocks` stretches, each
    the end of an equal part, hold `validation` of all moments.

    gap: moments left out between parts, half a second at 20 Hz. Of the test and the validation
    only the middle camera counts. Raises TrainingError where a drive is too short.
    """
    last = int(drive.moment.max()) + 1
    first_test = last - round(test * last)
    kind = np.zeros(last, np.int8)
    kind[first_test:] = 2
    edges = np.linspace(0, first_test, blocks + 1).round().astype(int)
    length = round(validation * last / blocks)
    for end in edges[1:]:
        kind[end - length : end] = 1
    kind = _with_gaps(kind, gap)
    parts = [kind[drive.moment] == which for which in range(3)]
    middle = drive.side == 0
    found = Parts(parts[0], parts[1] & middle, parts[2] & middle)
    wanted = {"train": True, "validation": validation > 0, "test": test > 0}
    for name, needed in wanted.items():
        if needed and not getattr(found, name).any():
            raise TrainingError(
                f"{drive.name}: {last} moments are too few to keep apart training, validation "
                "and test pictures by time"
            )
    return found


def _with_gaps(kind: npt.NDArray[np.int8], gap: int) -> npt.NDArray[np.int8]:
    """-1 on the side of the training, or else of the earlier part, of every border."""
    out = kind.copy()
    for border in np.flatnonzero(np.diff(kind)) + 1:
        if kind[border - 1] == 0 or kind[border] != 0:
            out[max(0, border - gap) : border] = -1
        else:
            out[border : border + gap] = -1
    return out
