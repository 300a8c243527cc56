"""Identity splits."""

from __future__ import annotations

import numpy as np
import pytest
from edgereg_training.render.splits import split_identities


@pytest.mark.parametrize("count", [3, 10, 101])
def test_parts_are_disjoint_and_complete(count: int) -> None:
    parts = split_identities(count, 4)
    together = np.concatenate(list(parts.values()))
    assert np.array_equal(np.sort(together), np.arange(count))
    assert all(len(part) for part in parts.values())


def test_seed_decides() -> None:
    assert np.array_equal(split_identities(50, 1)["test"], split_identities(50, 1)["test"])
    assert not np.array_equal(split_identities(50, 1)["test"], split_identities(50, 2)["test"])


def test_too_few() -> None:
    with pytest.raises(ValueError, match="at least 3"):
        split_identities(2)
