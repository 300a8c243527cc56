"""Smoothing by the prediction's own certainty: still at rest, quick in motion, raw values kept."""

from __future__ import annotations

import numpy as np
import pytest

from edgereg.core.frames import Frame
from edgereg.core.geometry import rotation_matrix
from edgereg.core.kinds import Angles, Boxes, Kinds
from edgereg.core.predictions import Predictions
from edgereg.core.rotation import angles_of
from edgereg.tracks.smooth import SMOOTH, SmoothState
from edgereg.tracks.smoothing import Smoothing

FPS = 25
IMAGE = np.zeros((4, 4, 3), np.uint8)
Array = np.ndarray


def measured(truth: Array, noise: float, std: float, every: int = 1) -> tuple[Array, Array]:
    """(raw, smoothed) of one value that is measured with noise, while its model says `std`."""
    draws = np.random.default_rng(0).normal(0, noise, len(truth))
    smoothing, raw, smooth = Smoothing(), truth + draws, []
    for index in range(0, len(truth), every):
        value = np.array([[raw[index]]])
        row = smoothing.update(index / FPS, np.array([7]), value, np.array([[std]]))
        smooth.append(row[0, 0])
    return raw[::every], np.array(smooth)


def one_euro(raw: Array, cutoff: float, slope: float) -> Array:
    """Casiez, Roussel and Vogel's filter (CHI 2012), with its usual cutoff of speed."""

    def weight(frequency: float) -> float:
        return 1 / (1 + FPS / (2 * np.pi * frequency))

    x, speed, out = raw[0], 0.0, [raw[0]]
    for value in raw[1:]:
        speed += weight(1.0) * ((value - x) * FPS - speed)
        x += weight(cutoff + slope * abs(speed)) * (value - x)
        out.append(x)
    return np.array(out)


def lag(truth: Array, values: Array) -> int:
    """Frames by which the values are best moved back to fit the truth."""
    errors = [np.mean((values[k:] - truth[: len(truth) - k]) ** 2) for k in range(8)]
    return int(np.argmin(errors))


TIME = np.arange(500) / FPS
MOTIONS = {
    "nods": 20 * np.sin(2 * np.pi * TIME / 4),
    "looks round": 40 * np.clip(2 * np.sin(2 * np.pi * TIME / 5), -1, 1),
    "fast": 40 * np.sin(2 * np.pi * TIME / 2),
}


@pytest.mark.parametrize(("noise", "std"), [(1.0, 1.0), (2.0, 2.0), (0.5, 3.0), (1.0, 3.0)])
def test_at_rest_a_third_of_the_jitter_is_left(noise: float, std: float) -> None:
    raw, smooth = measured(np.zeros(500), noise, std)
    assert np.diff(smooth[25:]).std() < np.diff(raw[25:]).std() / 3


@pytest.mark.parametrize("motion", MOTIONS)
@pytest.mark.parametrize(("noise", "std"), [(1.0, 1.0), (2.0, 2.0), (1.0, 3.0)])
def test_in_motion_no_worse_than_raw_and_at_most_a_frame_late(
    motion: str, noise: float, std: float
) -> None:
    truth = MOTIONS[motion]
    raw, smooth = measured(truth, noise, std)
    assert np.abs(smooth - truth).mean() <= np.abs(raw - truth).mean()
    assert lag(truth, smooth) <= 1


@pytest.mark.parametrize("motion", MOTIONS)
def test_better_than_one_euro_at_equal_lag(motion: str) -> None:
    """Of the one-euro filters that are at most a frame late, the best is no better."""
    truth = MOTIONS[motion]
    raw, smooth = measured(truth, 1.0, 1.0)
    rivals = [one_euro(raw, c, s) for c in (0.5, 1, 2, 4) for s in (0.01, 0.05, 0.2, 1.0)]
    errors = [np.abs(each - truth).mean() for each in rivals if lag(truth, each) <= 1]
    assert np.abs(smooth - truth).mean() < min(errors)


def test_unsure_values_move_little() -> None:
    smoothing, tracks = Smoothing(), np.array([1])
    for index in range(30):
        smoothing.update(index / FPS, tracks, np.array([[0.0]]), np.array([[1.0]]))
    moved = smoothing.update(30 / FPS, tracks, np.array([[10.0]]), np.array([[30.0]]))
    assert abs(moved[0, 0]) < 1.5


def test_dropped_frames_and_pauses() -> None:
    truth = MOTIONS["nods"]
    raw, smooth = measured(truth, 1.0, 1.0, every=3)
    assert np.abs(smooth - truth[::3]).mean() <= np.abs(raw - truth[::3]).mean()
    smoothing, tracks = Smoothing(), np.array([1])
    smoothing.update(0.0, tracks, np.array([[0.0]]), np.array([[1.0]]))
    after = smoothing.update(5.0, tracks, np.array([[50.0]]), np.array([[1.0]]))
    assert after[0, 0] == 50, "after a long absence nothing of before counts"


def found(kinds: Kinds, values: Array, tracks: list[int] | None) -> Predictions:
    n = len(values)
    boxes = np.tile(np.array([0, 0, 50, 50], np.float32), (n, 1))
    numbers = None if tracks is None else np.array(tracks)
    return Predictions(
        "t", "m", kinds, values.astype(np.float32), np.ones(n, np.float32), boxes, tracks=numbers
    )


def test_raw_values_stay_and_two_tracks_do_not_mix() -> None:
    state = SMOOTH.open((Angles(),))
    for index in range(20):
        order = [1, 2] if index % 2 else [2, 1]
        values = np.array([[10.0 * track, 0, 0] for track in order])
        p = state.apply(Frame(index, index / FPS, IMAGE), found((Angles(),), values, order))
        assert np.allclose(p.values, values)
        assert p.smoothed is not None
        assert np.allclose(p.smoothed, values, atol=1e-3)
        assert p[0].smoothed("yaw") == pytest.approx(10.0 * order[0], abs=1e-3)


def test_without_tracks_nothing_is_smoothed() -> None:
    p = SMOOTH.open((Angles(),)).apply(
        Frame(0, 0.0, IMAGE), found((Angles(),), np.zeros((1, 3)), None)
    )
    assert p.smoothed is None
    assert p[0].smoothed("yaw") == 0


def test_a_turn_through_the_profile_has_no_jump() -> None:
    """Beyond 90 degrees of yaw the three angles leap; the rotation does not."""
    state = SmoothState((Angles(),))
    turning = rotation_matrix(np.stack([np.linspace(60, 120, 60), *np.full((2, 60), 20.0)], axis=1))
    shown = []
    for index, angles in enumerate(angles_of(turning)):
        p = state.apply(Frame(index, index / FPS, IMAGE), found((Angles(),), angles[None], [1]))
        assert p.smoothed is not None
        shown.append(rotation_matrix(p.smoothed[0]))
    errors = [
        np.degrees(np.arccos(np.clip((np.trace(a.T @ b) - 1) / 2, -1, 1)))
        for a, b in zip(shown, turning, strict=True)
    ]
    assert max(errors) < 3


def test_a_pose_beyond_90_degrees_keeps_its_own_angles() -> None:
    state = SmoothState((Angles(),))
    pose = np.array([[110.0, 10.0, -170.0]])
    for index in range(5):
        p = state.apply(Frame(index, index / FPS, IMAGE), found((Angles(),), pose, [1]))
    assert p.smoothed is not None
    assert np.allclose(p.smoothed, pose, atol=0.1)


def test_boxes_are_smoothed_by_their_size() -> None:
    state, noise = SmoothState((Boxes(),)), np.random.default_rng(0)
    raw, smooth = [], []
    for index in range(200):
        box = np.array([[100, 100, 200, 220]]) + noise.normal(0, 1, (1, 4))
        p = state.apply(Frame(index, index / FPS, IMAGE), found((Boxes(),), box, [1]))
        assert p.smoothed is not None
        raw.append(box[0])
        smooth.append(p.smoothed[0])
    assert np.diff(smooth[25:], axis=0).std() < np.diff(raw[25:], axis=0).std() / 3
