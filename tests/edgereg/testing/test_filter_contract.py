"""The contract of filters holds for the bundled one, and fails for careless ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from edgereg.core.filters import Filter
from edgereg.core.kinds import Angles, Kinds
from edgereg.testing import FilterContract


class TestSmooth(FilterContract):
    filter = "smooth"


class Mean:
    """The mean of all that came; `forgets` and `copies` are what a careless one leaves out."""

    def __init__(self, forgets: bool, copies: bool) -> None:
        self._forgets, self._copies = forgets, copies
        self._seen: list[Any] = []

    def apply(self, frame: Any, predictions: Any) -> Any:
        if not len(predictions):
            return predictions
        self._seen.append(predictions.values.copy())
        mean = np.mean(self._seen, 0, dtype=np.float32)
        if not self._copies:
            predictions.values[:] = mean
            return predictions
        return replace(predictions, smoothed=mean)

    def reset(self, why: str) -> None:
        if self._forgets:
            self._seen.clear()


def only_angles(kinds: Kinds) -> bool:
    return kinds == (Angles(),)


def mean(forgets: bool = True, copies: bool = True) -> Filter:
    return Filter("mean", "the mean", only_angles, lambda _: Mean(forgets, copies))


def test_an_honest_filter_keeps_it() -> None:
    FilterContract().test_it_takes_some_kind(mean())
    FilterContract().test_predictions_are_handed_on(mean(), "angles")
    FilterContract().test_a_memory_is_forgotten(mean(), "angles", "seek")
    with pytest.raises(pytest.skip.Exception, match="takes no boxes"):
        FilterContract().test_predictions_are_handed_on(mean(), "boxes")


def test_a_filter_that_remembers_breaks_it() -> None:
    with pytest.raises(AssertionError):
        FilterContract().test_a_memory_is_forgotten(mean(forgets=False), "angles", "seek")


def test_a_filter_that_writes_into_what_it_is_given_breaks_it() -> None:
    with pytest.raises((AssertionError, ValueError)):
        FilterContract().test_predictions_are_handed_on(mean(copies=False), "angles")
