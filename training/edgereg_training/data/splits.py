"""Splits of sets that come without lists, and the shots of ages."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from edgereg_training.data.dataset import Sample

# Of the benchmarks of imbalanced regression: an age with more training pictures than MANY is
# "many", with fewer than FEW "few".
MANY, FEW = 100, 20


def place_of(name: str) -> float:
    """A number in 0..1 that depends on the name alone: the same on every machine, and whatever
    else the set holds."""
    digest = hashlib.sha256(name.encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def drawn(samples: Sequence[Sample], split: str, validation: float, test: float) -> list[Sample]:
    """The samples of split 'train', 'val' or 'test' (or 'all') by the place of their person, or of
    their name where nobody is named: the shares hold on average."""
    if split == "all":
        return list(samples)
    found = []
    for sample in samples:
        place = place_of(sample.person or sample.name)
        own = "test" if place < test else "val" if place < test + validation else "train"
        if own == split:
            found.append(sample)
    return found


def with_shots(samples: Iterable[Sample], training_ages: Iterable[float]) -> list[Sample]:
    """The samples with the subset 'many', 'medium' or 'few', by how many training pictures have
    their age in whole years."""
    counts = Counter(round(age) for age in training_ages)
    found = []
    for sample in samples:
        count = counts[round(float(sample.labels["age"]))]
        shot = "many" if count > MANY else "few" if count < FEW else "medium"
        found.append(replace(sample, subsets=(*sample.subsets, shot)))
    return found
