"""The tracking task: prompts in, predictions of every frame out."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from edgereg_tracking.networks import Networks
from edgereg_tracking.task import Tracking, TrackingState

from edgereg.api import (
    BoxMark,
    EdgeregError,
    Frame,
    HeatmapMark,
    ModelFolderError,
    Predictions,
    Prompt,
    Regions,
    Settings,
    TextMark,
)

from .colours import picture

RED, BLUE = (220, 30, 30), (30, 40, 220)
NOTHING = Regions.of_boxes([])
FIRST = Prompt((48, 48, 72, 72))
SECOND = Prompt((128, 88, 152, 112), 2)


def frame(index: int, *squares: Any) -> Frame:
    return Frame(index, index / 25, picture(*squares))


@pytest.fixture
def settings() -> Settings:
    return Settings()


@pytest.fixture
def state(networks: Networks, settings: Settings) -> TrackingState:
    return TrackingState("colours", networks, settings)


def both(index: int) -> Frame:
    return frame(index, (60 + 2 * index, 60, RED), (140 - 2 * index, 100, BLUE))


def follow(state: TrackingState, frames: range) -> list[Predictions]:
    prompts = {0: [FIRST], 2: [SECOND]}
    return [state.step(both(index), NOTHING, prompts.get(index, [])) for index in frames]


def test_objects_keep_their_numbers(state: TrackingState) -> None:
    found = follow(state, range(8))
    assert [len(each) for each in found] == [1, 1, 2, 2, 2, 2, 2, 2]
    last = found[-1]
    assert last.tracks is not None
    assert last.tracks.tolist() == [1, 2]
    assert last.states == ("found", "found")
    np.testing.assert_allclose(last.values[:, [0, 2]].mean(axis=1), [74, 126], atol=6)
    assert ((last.scores >= 0) & (last.scores <= 1)).all()


def test_a_frame_without_objects_is_an_empty_result(state: TrackingState) -> None:
    found = state.step(frame(0), NOTHING, [])
    assert len(found) == 0
    assert [spec.name for spec in found.specs] == ["x1", "y1", "x2", "y2"]


def test_the_first_frame_gives_back_the_box(state: TrackingState) -> None:
    found = state.step(both(0), NOTHING, [FIRST])
    np.testing.assert_array_equal(found.values[0], FIRST.box)
    assert found.scores[0] == 1.0


def test_a_box_over_the_edge_is_cut_and_one_outside_is_refused(state: TrackingState) -> None:
    found = state.step(both(0), NOTHING, [Prompt((150, 100, 260, 300))])
    np.testing.assert_array_equal(found.values[0], [150, 100, 200, 160])
    with pytest.raises(EdgeregError, match="outside the picture of 200 x 160"):
        state.step(both(1), NOTHING, [Prompt((300, 300, 340, 340))])
    assert len(state.step(both(2), NOTHING, [])) == 1


def test_a_corrected_box_goes_on_under_its_number(state: TrackingState) -> None:
    follow(state, range(4))
    corrected = Prompt((130, 90, 150, 110), 4, track=1)
    found = state.step(both(4), NOTHING, [corrected])
    assert found.tracks is not None
    assert found.tracks.tolist() == [1, 2]
    np.testing.assert_array_equal(found.values[0], corrected.box)
    third = state.step(both(5), NOTHING, [Prompt((48, 48, 72, 72), 5)])
    assert third.tracks is not None
    assert third.tracks.tolist() == [1, 2, 3]


def test_what_is_taken_back_is_followed_no_further(
    state: TrackingState, settings: Settings
) -> None:
    settings.prompts = (FIRST, SECOND)
    assert len(follow(state, range(4))[-1]) == 2
    settings.prompts = (SECOND,)
    found = state.step(both(4), NOTHING, [])
    assert found.tracks is not None
    assert found.tracks.tolist() == [2]


def test_another_clip_begins_with_nothing(state: TrackingState) -> None:
    follow(state, range(3))
    state.reset("clip")
    assert len(state.step(both(0), NOTHING, [])) == 0


def test_after_a_jump_the_object_is_looked_for(state: TrackingState) -> None:
    state.step(frame(0, (50, 50, RED)), NOTHING, [Prompt((38, 38, 62, 62))])
    for index in range(1, 4):
        state.step(frame(index, (50, 50, RED)), NOTHING, [])
    state.reset("seek")
    found = [state.step(frame(90 + k, (160, 120, RED)), NOTHING, []) for k in range(10)][-1]
    assert found.states == ("found",)
    np.testing.assert_allclose(found.values[0], [148, 108, 172, 132], atol=8)


def test_the_same_prompt_again_starts_the_same_object_anew(state: TrackingState) -> None:
    follow(state, range(6))
    state.reset("seek")
    again = follow(state, range(6))[-1]
    assert again.tracks is not None
    assert again.tracks.tolist() == [1, 2]


def test_runs_are_alike_and_apart(networks: Networks, settings: Settings) -> None:
    first, second = (TrackingState("colours", networks, settings) for _ in range(2))
    for a, b in zip(follow(first, range(8)), follow(second, range(8)), strict=True):
        np.testing.assert_array_equal(a.values, b.values)
    assert len(second.step(both(8), NOTHING, [])) == 2


def test_refinement_follows_the_settings(state: TrackingState, settings: Settings) -> None:
    found = follow(state, range(4))[-1]
    assert found.refinement is not None
    assert found.refinement.trajectory.shape == (2, 4, 4)
    np.testing.assert_allclose(found.refinement.final, found.values)
    settings.steps = 1
    found = state.step(both(4), NOTHING, [])
    assert found.refinement is not None
    assert found.refinement.trajectory.shape[1] == 2
    settings.refine = False
    assert state.step(both(5), NOTHING, []).refinement is None


def test_to_graph_leads_from_the_frame_to_the_crop(state: TrackingState) -> None:
    found = follow(state, range(4))[-1]
    assert found.to_graph is not None
    scale, offset = found.to_graph
    crop = found.values * scale + offset
    # The object lies about the middle of its own crop of 96 pixels.
    assert ((crop[:, :2] + crop[:, 2:]) / 2 > 24).all()
    assert ((crop[:, :2] + crop[:, 2:]) / 2 < 72).all()


def test_what_is_drawn(state: TrackingState) -> None:
    found = follow(state, range(4))[-1]
    marks = Tracking().marks(found, (200, 160))
    heat = [mark for mark in marks if isinstance(mark, HeatmapMark)]
    assert len(heat) == 2
    assert heat[0].values.max() == pytest.approx(1.0)
    corner = (heat[0].box[:2] + heat[0].box[2:]) / 2
    np.testing.assert_allclose(corner, found.values[0, :2], atol=1e-3)
    assert {mark.colour for mark in marks if isinstance(mark, BoxMark)} == {1, 2}


def test_a_lost_object_is_drawn_as_a_guess_and_said(state: TrackingState) -> None:
    follow(state, range(4))
    found = state.step(frame(4), NOTHING, [])
    assert found.states == ("lost", "lost")
    assert len(found) == 2
    marks = Tracking().marks(found, (200, 160))
    assert not [mark for mark in marks if isinstance(mark, HeatmapMark)]
    assert {mark.role for mark in marks if isinstance(mark, BoxMark)} == {"initial"}
    assert all("lost" in mark.text for mark in marks if isinstance(mark, TextMark))


def test_a_model_of_another_kind_is_refused() -> None:
    spec = SimpleNamespace(refinement=None, input=SimpleNamespace(width=None))
    with pytest.raises(ModelFolderError, match="fixed size"):
        Tracking().open(SimpleNamespace(spec=spec), Settings())  # type: ignore[arg-type]
