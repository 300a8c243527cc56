"""Who is who, through jumps: two coloured squares that cross."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

pytest.importorskip("PySide6")

from edgereg.app.player.people import People
from edgereg.core.frames import Frame
from edgereg.core.kinds import Boxes
from edgereg.core.predictions import Predictions
from edgereg.pipeline.following import Follower

RED, BLUE, GREEN = (220, 40, 30), (30, 60, 230), (40, 200, 60)
SIZE, SIDE = (320, 180), 40


def _left(colour: tuple[int, int, int], index: int) -> float:
    """Red goes right, blue left, and green stays."""
    return {RED: 20 + 2.0 * index, BLUE: 250 - 2.0 * index, GREEN: 140}[colour]


class Stage:
    """Frames with squares, looked at by a tracker and a memory of people."""

    def __init__(self) -> None:
        self.people = People()
        self.people.begin_run(returns=True)
        self._generation = 0
        self._follower = Follower("detection", "m", (Boxes(),), carries=False)

    def jump(self) -> None:
        """What comes next follows nothing."""
        self._generation += 1

    def look(
        self, index: int, colours: Iterable[tuple[int, int, int]]
    ) -> dict[tuple[int, int, int], int]:
        """The numbers of the squares of some colours in a frame."""
        image = np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)
        boxes, kept = [], [*colours]
        for colour in kept:
            x, y = round(_left(colour, index)), 120 if colour == GREEN else 40
            image[y : y + SIDE, x : x + SIDE] = colour
            boxes.append([x, y, x + SIDE, y + SIDE])
        count = len(kept)
        found = Predictions(
            "detection",
            "m",
            (Boxes(),),
            np.array(boxes, np.float32).reshape(count, 4),
            np.full(count, 0.9, np.float32),
        )
        frame, place = Frame(index, index / 25, image), (self._generation, 0, 0)
        tracked = self._follower.found(frame, place, found)
        numbers = self.people.recognise("detection", frame, place, tracked).tracks
        return dict(zip(kept, (numbers if numbers is not None else []), strict=True))


@pytest.fixture
def stage() -> Stage:
    return Stage()


def _apart(index: int) -> list[tuple[int, int, int]]:
    """Red and blue, one of them while they cross."""
    return [RED] if 48 <= index <= 67 else [RED, BLUE] if index % 2 else [BLUE, RED]


def test_within_a_stretch_numbers_are_the_tracker_s(stage: Stage) -> None:
    first = stage.look(0, [RED, BLUE])
    assert sorted(first.values()) == [1, 2]
    for index in range(1, 40):
        assert stage.look(index, _apart(index)) == first


def test_a_crossing_changes_nobody(stage: Stage) -> None:
    first = stage.look(0, [RED, BLUE])
    for index in range(1, 110):
        for colour, number in stage.look(index, _apart(index)).items():
            assert number == first[colour]


@pytest.mark.parametrize("to", [3, 20, 100])
def test_after_a_jump_everybody_is_known(stage: Stage, to: int) -> None:
    """Back to frames that were seen, and on to frames that were not."""
    first = stage.look(0, [RED, BLUE])
    for index in range(1, 40):
        stage.look(index, _apart(index))
    stage.jump()
    assert stage.look(to, [BLUE, RED]) == first
    assert len(stage.people.everybody()) == 2


def test_after_a_jump_a_stranger_is_new(stage: Stage) -> None:
    for index in range(10):
        stage.look(index, [RED, BLUE])
    stage.jump()
    assert stage.look(100, [GREEN])[GREEN] == 3


def test_who_comes_back_later_is_the_same(stage: Stage) -> None:
    first = stage.look(0, [RED, BLUE])
    for index in range(1, 100):
        stage.look(index, [BLUE])
    assert stage.look(100, [BLUE, RED]) == first


def test_where_two_stretches_meet_one_person_stays(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is known by colours here: where the second stretch was seen, and then the first goes
    on into its frames, the two red squares are one."""
    for name in ("ALIKE", "ALIKE_IN_PLACE"):
        monkeypatch.setattr(f"edgereg.app.player.people.{name}", 2.0)
    red = stage.look(0, [RED])[RED]
    stage.jump()
    for index in range(30, 36):
        assert stage.look(index, [RED])[RED] == 2
    stage.jump()
    for index in range(1, 36):
        red = stage.look(index, [RED])[RED]
    assert red == 1
    assert stage.people.resolve("detection", 2) == 1
    assert stage.people.take_merges() == [("detection", 2, 1)]
    assert [one.number for one in stage.people.everybody()] == [1]


def test_two_alike_are_not_taken_for_one_another(stage: Stage) -> None:
    """Colours can't tell; then nobody is claimed to be known, unless the time tells."""
    first = stage.look(0, [RED, BLUE])
    known = stage.people._detectors["detection"].known
    known[first[BLUE]].views = known[first[RED]].views
    stage.jump()
    assert stage.look(100, [RED])[RED] == 3
    stage.jump()
    assert stage.look(1, [RED])[RED] == first[RED]


def test_another_run_and_another_source(stage: Stage) -> None:
    first = stage.look(0, [RED, BLUE])
    stage.people.begin_run(returns=True)
    stage._follower = Follower("detection", "m", (Boxes(),), carries=False)
    assert stage.look(0, [BLUE, RED]) == first
    stage.people.forget()
    assert stage.people.everybody() == []


def test_a_thumbnail_shows_the_person(stage: Stage) -> None:
    numbers = stage.look(5, [RED, BLUE])
    pictures = {one.number: one.thumbnail for one in stage.people.everybody()}
    for colour in (RED, BLUE):
        middle = pictures[numbers[colour]][24, 24].astype(int)
        assert abs(middle - colour).max() < 12
