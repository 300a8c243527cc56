"""What holds for every filter: it hands on the same kinds, and can forget."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pytest

from edgereg.core.filters import Filter
from edgereg.core.frames import Frame
from edgereg.core.kinds import Angles, Boxes, Kinds, Points, scalar, specs_of
from edgereg.core.predictions import Predictions
from edgereg.testing.installed import installed

KINDS: Mapping[str, Kinds] = {
    "angles": (Angles(),),
    "points": (Points(("left", "right")),),
    "boxes": (Boxes(),),
    "scalars": (scalar("age", "year", 0.0, 100.0),),
}
FRAMES = 12
# Of each clip the frames on which nothing was found.
EMPTY = (0, 5)


class FilterContract:
    """What holds for every filter: inherit it, and name one as `--filter` takes it.

    class TestContract(FilterContract):
        filter = "steady"
    """

    filter: ClassVar[str]

    @pytest.fixture
    def opened(self) -> Filter:
        """The filter as edgereg finds it."""
        return installed().filters()[self.filter]

    def answers(self, filter_: Filter, clip: list[Predictions]) -> list[Predictions]:
        """A clip through a new state."""
        state = filter_.open(clip[0].kinds)
        return [state.apply(_frame(n), found) for n, found in enumerate(clip)]

    def test_it_takes_some_kind(self, opened: Filter) -> None:
        """Otherwise the other tests try nothing."""
        assert any(opened.takes(kinds) for kinds in KINDS.values())

    @pytest.mark.parametrize("name", KINDS)
    def test_predictions_are_handed_on(self, opened: Filter, name: str) -> None:
        """One for each, of the same kinds, finite; what came in is not written into."""
        clip = clip_for(opened, name)
        before = [found.values.copy() for found in clip]
        for given, held, found in zip(clip, before, self.answers(opened, clip), strict=True):
            assert found.kinds == given.kinds
            assert len(found) == len(given)
            assert np.isfinite(found.values).all()
            assert found.smoothed is None or np.isfinite(found.smoothed).all()
            np.testing.assert_array_equal(given.values, held)
            assert len(pickle.loads(pickle.dumps(replace(found, features={})))) == len(given)  # noqa: S301

    @pytest.mark.parametrize("name", KINDS)
    @pytest.mark.parametrize("why", ["seek", "clip", "cut"])
    def test_a_memory_is_forgotten(self, opened: Filter, name: str, why: str) -> None:
        """After `reset` it answers as a new one."""
        clip = clip_for(opened, name)
        state = opened.open(clip[0].kinds)
        for n, found in enumerate(clip):
            state.apply(_frame(n), found)
        state.reset(why)
        again = [state.apply(_frame(n), found) for n, found in enumerate(clip)]
        for one, other in zip(self.answers(opened, clip), again, strict=True):
            np.testing.assert_array_equal(_shown(one), _shown(other))


def clip_for(opened: Filter, name: str) -> list[Predictions]:
    """What a task of these kinds gives over some frames: two tracks, now and then nothing. Skips
    the test where the filter does not take them."""
    if not opened.takes(KINDS[name]):
        pytest.skip(f"it takes no {name}")
    return _clip(KINDS[name])


def _frame(index: int) -> Frame:
    return Frame(index, index / 25, np.zeros((48, 64, 3), np.uint8))


def _shown(found: Predictions) -> npt.NDArray[Any]:
    return found.values if found.smoothed is None else found.smoothed


def _clip(kinds: Kinds) -> list[Predictions]:
    rng = np.random.default_rng(1)
    width = sum(spec.size for spec in specs_of(kinds))
    start = rng.uniform(10, 30, (2, width)).astype(np.float32)
    nothing = Predictions.none("filtered", "clip", kinds)
    clip = []
    for index in range(FRAMES):
        values = start + index + rng.normal(0, 1, start.shape).astype(np.float32)
        std = np.ones_like(values)
        regions = np.array([[2, 2, 20, 30], [30, 4, 60, 44]], np.float32)
        some = Predictions(
            "filtered",
            "clip",
            kinds,
            values.astype(np.float32),
            np.full(2, 0.9, np.float32),
            regions,
            std,
            tracks=np.array([1, 2], np.int64),
        )
        clip.append(nothing if index in EMPTY else some)
    return clip
