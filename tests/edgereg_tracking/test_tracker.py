"""The loop: follow, lose, find again, several at once."""

from __future__ import annotations

import numpy as np
import pytest
from edgereg_tracking.networks import Networks
from edgereg_tracking.tracker import advance, begin

from .colours import ColourModel, picture

RED, BLUE = (220, 30, 30), (30, 40, 220)


def box(x: float, y: float, side: float = 24) -> list[float]:
    return [x - side / 2, y - side / 2, x + side / 2, y + side / 2]


def test_a_moving_object_is_followed(networks: Networks) -> None:
    thing = begin(networks, picture((60, 60, RED)), box(60, 60))
    for step in range(1, 25):
        x, y = 60 + 3 * step, 60 + 2 * step
        (seen,) = advance(networks, picture((x, y, RED), (180, 20, BLUE)), [thing])
        assert seen.state != "lost"
        np.testing.assert_allclose((seen.box[:2] + seen.box[2:]) / 2, [x, y], atol=6)


def test_what_is_gone_is_lost_and_found_again_elsewhere(networks: Networks) -> None:
    thing = begin(networks, picture((50, 50, RED)), box(50, 50))
    for _ in range(5):
        (seen,) = advance(networks, picture((50, 50, RED)), [thing])
    for _ in range(3):
        (seen,) = advance(networks, picture(), [thing])
        assert seen.state == "lost"
        assert seen.score < 0.5
        assert seen.trajectory is None
        np.testing.assert_allclose(seen.box, box(50, 50), atol=8)
    states = []
    for _ in range(8):
        (seen,) = advance(networks, picture((160, 120, RED)), [thing])
        states.append(seen.state)
    assert "uncertain" in states
    assert states[-1] == "found"
    np.testing.assert_allclose((seen.box[:2] + seen.box[2:]) / 2, [160, 120], atol=8)


def test_objects_share_one_pass(networks: Networks, model: ColourModel) -> None:
    first = picture((60, 60, RED), (140, 100, BLUE))
    things = [begin(networks, first, box(60, 60)), begin(networks, first, box(140, 100))]
    model.calls.clear()
    model.batches.clear()
    seen = advance(networks, picture((64, 60, RED), (136, 100, BLUE)), things)
    assert model.calls == {"predict": 1, "condition": 1, "refine": 1}
    assert model.batches == [2]
    for sighting, x in zip(seen, (64, 136), strict=True):
        assert sighting.box[[0, 2]].mean() == pytest.approx(x, abs=6)


def test_nothing_to_follow_runs_nothing(networks: Networks, model: ColourModel) -> None:
    assert advance(networks, picture(), []) == []
    assert model.calls == {}


def test_the_path_ends_at_the_box_in_frame_pixels(networks: Networks) -> None:
    thing = begin(networks, picture((100, 80, RED)), box(100, 80))
    (seen,) = advance(networks, picture((104, 80, RED)), [thing], steps=2)
    assert seen.trajectory is not None
    assert seen.trajectory.shape == (3, 4)
    np.testing.assert_allclose(seen.trajectory[-1], seen.box)
    np.testing.assert_allclose(seen.trajectory[0], seen.box, atol=8)


@pytest.mark.parametrize("bad", [[10, 10, 10, 30], [30, 30, 10, 10], [0, 0, np.nan, 5]])
def test_a_box_without_area_is_refused(networks: Networks, bad: list[float]) -> None:
    with pytest.raises(ValueError, match="sides of at least a pixel"):
        begin(networks, picture(), bad)


def test_the_same_frames_give_the_same_boxes(networks: Networks) -> None:
    def run() -> np.ndarray:
        thing = begin(networks, picture((60, 60, RED)), box(60, 60))
        frames = (picture((60 + step, 60, RED)) for step in range(12))
        return np.stack([advance(networks, frame, [thing])[0].box for frame in frames])

    np.testing.assert_array_equal(run(), run())
