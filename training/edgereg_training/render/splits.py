"""Disjoint identities for training, validation and test."""

from __future__ import annotations

import numpy as np

from edgereg_training.render.geometry import Array

SPLITS = ("train", "val", "test")


def split_identities(count: int, seed: int = 0) -> dict[str, Array]:
    """Numbers 0..count-1 shuffled by `seed` into train (80 %), val (10 %) and test (10 %).

    Each part has at least one identity, so `count` must be 3 or more.
    """
    if count < len(SPLITS):
        raise ValueError(f"identities must be at least {len(SPLITS)}, not {count}")
    order = np.random.default_rng([0x5917, seed]).permutation(count)
    part = max(1, count // 10)
    return {
        "test": np.sort(order[:part]),
        "val": np.sort(order[part : 2 * part]),
        "train": np.sort(order[2 * part :]),
    }
