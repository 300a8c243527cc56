"""Numbers that last: misses, crossings, occlusions, leaving for a moment, dropped frames."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from edgereg.tracks.identities import Identities
from edgereg.tracks.motion import Motion, from_centres, to_centres

SIZE = (240, 320)
Way = Callable[[float], tuple[float, float]]
RED, BLUE, GREEN = (220, 40, 40), (40, 60, 220), (40, 200, 60)


def scene(people: list[tuple[Way, tuple[int, int, int]]], time_s: float) -> tuple[Any, Any]:
    """A picture of people as coloured boxes 40 px high, and their boxes [N, 4]."""
    image = np.full((*SIZE, 3), 120, np.uint8)
    boxes = []
    for path, colour in people:
        x, y = path(time_s)
        boxes.append([x - 15, y - 20, x + 15, y + 20])
        left, top, right, bottom = (int(np.clip(v, 0, 319)) for v in boxes[-1])
        image[top:bottom, left:right] = colour
        image[top : (top + bottom) // 2, left:right] //= 2
    return image, np.asarray(boxes, np.float32).reshape(-1, 4)


def follow(
    people: list[tuple[Way, tuple[int, int, int]]],
    seen: Callable[[int, int], bool] = lambda frame, person: True,
    frames: int = 60,
    skip: Callable[[int], bool] = lambda frame: False,
) -> dict[int, list[int]]:
    """The numbers that each person got at 25 frames a second, in order, each change once."""
    identities = Identities()
    given: dict[int, list[int]] = {person: [] for person in range(len(people))}
    noise = np.random.default_rng(0)
    for frame in range(frames):
        if skip(frame):
            continue
        there = [person for person in range(len(people)) if seen(frame, person)]
        image, boxes = scene([people[person] for person in there], frame / 25)
        found = boxes + noise.normal(0, 1.0, (len(there), 4)).astype(np.float32)
        order = noise.permutation(len(there))
        scores = np.full(len(there), 0.9, np.float32)
        tracks = identities.update(image, frame / 25, found[order], scores)
        for position, track in zip(order, tracks, strict=True):
            mine = given[there[position]]
            if not mine or mine[-1] != track:
                mine.append(int(track))
    return given


def across(start: float, speed: float, y: float = 120) -> Way:
    return lambda time_s: (start + speed * time_s, y)


CROSSING = [(across(60, 90), RED), (across(270, -90, 124), BLUE)]


def lasting(given: dict[int, list[int]]) -> bool:
    return sorted(given.values()) == [[number + 1] for number in range(len(given))]


def test_each_person_keeps_one_number() -> None:
    assert lasting(follow(CROSSING))


def test_misses_now_and_then() -> None:
    assert lasting(follow(CROSSING, lambda frame, person: (frame + 3 * person) % 5 > 0))


def test_one_hides_the_other_in_a_crossing() -> None:
    assert lasting(follow(CROSSING, lambda frame, person: person == 0 or not 24 <= frame <= 34))


def test_two_turn_round_where_they_meet() -> None:
    """Motion alone would swap them; their colours tell."""

    def bounce(start: float, speed: float) -> Way:
        return lambda t: (start + speed * min(t, 2.4 - t), 120)

    people = [(bounce(60, 85), RED), (bounce(270, -85), BLUE)]
    assert lasting(follow(people, lambda frame, person: person == 0 or not 26 <= frame <= 34))


def test_leaving_the_picture_for_a_moment() -> None:
    assert lasting(follow(CROSSING[:1], lambda frame, person: not 20 <= frame <= 45))


def test_gone_for_long_is_somebody_else() -> None:
    given = follow([(across(100, 0), RED)], lambda frame, person: not 10 <= frame <= 110, 130)
    assert given == {0: [1, 2]}


def test_another_person_at_the_place_of_one_who_left() -> None:
    people = [(across(100, 0), RED), (across(110, 0), GREEN)]
    given = follow(people, lambda frame, person: frame < 20 if person == 0 else frame >= 45)
    assert set(given[0]).isdisjoint(given[1])


@pytest.mark.parametrize("every", [2, 3])
def test_dropped_frames_do_no_harm(every: int) -> None:
    assert lasting(follow(CROSSING, skip=lambda frame: frame % every > 0))


def test_unsure_boxes_keep_tracks_alive_and_begin_none() -> None:
    identities = Identities()
    image, boxes = scene(CROSSING, 0.0)
    sure, unsure = np.array([0.9, 0.9], np.float32), np.array([0.2, 0.2], np.float32)
    assert identities.update(image, 0.0, boxes, sure).tolist() == [1, 2]
    assert identities.update(image, 0.04, boxes, unsure).tolist() == [1, 2]
    elsewhere = boxes + np.array([0, 90, 0, 90], np.float32)
    assert identities.update(image, 0.08, elsewhere, unsure).tolist() == [-1, -1]


def test_nobody_there() -> None:
    identities = Identities()
    nothing, none = np.zeros((0, 4), np.float32), np.zeros(0, np.float32)
    image, boxes = scene(CROSSING, 0.0)
    assert len(identities.update(image, 0.0, nothing, none)) == 0
    assert len(identities.carry(0.04)[0]) == 0
    identities.update(image, 0.08, boxes, np.array([0.9, 0.9], np.float32))
    identities.update(image, 0.12, nothing, none)
    assert len(identities.carry(0.16)[0]) == 0, "what the last detection missed is not carried"


def test_carried_boxes_go_on_as_they_went() -> None:
    identities = Identities()
    for frame in range(20):
        image, boxes = scene(CROSSING, frame / 25)
        identities.update(image, frame / 25, boxes, np.array([0.9, 0.9], np.float32))
    boxes, scores, tracks = identities.carry(20 / 25)
    _, truth = scene(CROSSING, 20 / 25)
    assert tracks.tolist() == [1, 2]
    assert np.abs(boxes - truth).max() < 1.5
    assert scores.tolist() == pytest.approx([0.9, 0.9])


def test_boxes_and_centres() -> None:
    boxes = np.array([[1, 2, 5, 12], [-3, 0, 3, 1]], np.float32)
    assert np.array_equal(from_centres(to_centres(boxes)), boxes)


def test_the_filter_is_the_textbook_s() -> None:
    """One coordinate of one track against the Kalman filter written out in matrices."""
    motion = Motion.none()
    motion.add(np.array([[0, 0, 10, 20]], np.float32))
    x, P = motion.mean[0, 0].copy(), motion.covariance[0, 0].copy()
    H, R = np.array([[1.0, 0.0]]), (0.04 * 20) ** 2
    for step, measured in enumerate([8.0, 10.0, 13.0]):
        dt = 0.04 * (step + 1)
        height = motion.mean[0, 3, 0]
        motion.predict(dt)
        F = np.array([[1, dt], [0, 1]])
        Q = (6 * height) ** 2 * np.array([[dt**3 / 3, dt**2 / 2], [dt**2 / 2, dt]])
        x, P = F @ x, F @ P @ F.T + Q
        motion.correct(np.array([0]), np.array([[measured - 5, 0, measured + 5, 20]], np.float32))
        K = P @ H.T / (H @ P @ H.T + R)
        x, P = x + (K * (measured - H @ x)).ravel(), P - K @ H @ P
    assert np.allclose(motion.mean[0, 0], x)
    assert np.allclose(motion.covariance[0, 0], P)
