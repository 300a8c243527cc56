"""Rendered activities: steps that end, pictures that change, speeds that differ."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from edgereg_training.render.activities.canvas import Canvas, random_look
from edgereg_training.render.activities.clip import FPS, random_clip
from edgereg_training.render.activities.kinds import KINDS


@pytest.mark.parametrize("index", range(len(KINDS)))
def test_every_moment_of_an_activity_can_be_drawn_and_shows_something_new(index: int) -> None:
    rng = np.random.default_rng(index)
    activity, look = KINDS[index](rng), random_look(rng, 48, 64)
    shown = []
    for done in np.linspace(0, activity.steps, 4 * activity.steps + 1):
        canvas = Canvas(look.table.copy())
        activity.draw(canvas, look, float(done))
        assert np.isfinite(canvas.picture).all()
        shown.append(canvas.picture)
    changes = [np.abs(a - b).max() for a, b in itertools.pairwise(shown)]
    assert min(changes) > 0.01


def test_the_seed_decides_a_clip() -> None:
    first, again, other = (
        next(random_clip(np.random.default_rng(seed), 24, 32).frames()) for seed in (1, 1, 2)
    )
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()


def test_clips_begin_at_nothing_and_end_when_all_is_done() -> None:
    clips = [random_clip(np.random.default_rng([3, i]), 8, 8) for i in range(40)]
    for clip in clips:
        assert (np.diff(clip.done) >= 0).all()
        assert clip.done[0] <= 1
        assert clip.done[-1] == clip.activity.steps
    seconds = np.array([len(clip.done) for clip in clips]) / FPS
    # A clock would tell little of them.
    assert seconds.max() > 3 * seconds.min()
    assert len({clip.activity.name for clip in clips}) == len(KINDS)
