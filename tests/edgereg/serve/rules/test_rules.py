"""What rules say, track by track, of results made up by hypothesis."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from edgereg.core.errors import EdgeregError
from edgereg.core.kinds import Angles, Boxes
from edgereg.serve.rules.config import RuleConfig
from edgereg.serve.rules.following import Following, check_values, rules_for

SIZE = (640, 480)
STEP_S = 0.1


def rule(**fields: Any) -> Any:
    return TypeAdapter(RuleConfig).validate_python({"task": "headpose", **fields})


def record(track: int | None, x: float = 0, y: float = 0, **more: Any) -> dict[str, Any]:
    """A head of 20 x 20 pixels about (x, y), with a yaw."""
    yaw = more.pop("yaw", 0.0)
    spread = more.pop("spread", None)
    return {
        "task": "headpose",
        "track": track,
        "region": [x - 10, y - 10, x + 10, y + 10],
        "values": {"yaw": yaw},
        "smoothed": None,
        "units": {"yaw": "degree"},
        "interval": None if spread is None else {"yaw": [yaw - spread, yaw + spread]},
        "label": None,
        "state": None,
        **more,
    }


def told(
    one: Any, frames: Sequence[Sequence[dict[str, Any]]]
) -> list[tuple[float, str, int | None]]:
    """(time, event, track) of everything that a rule says of frames STEP_S apart."""
    following = Following({"r": one})
    return [
        (round(index * STEP_S, 3), event.what, event.track)
        for index, records in enumerate(frames)
        for event in following.events(index * STEP_S, SIZE, {"headpose": records})
    ]


def whats(one: Any, frames: Sequence[Sequence[dict[str, Any]]]) -> list[str]:
    return [what for _, what, _ in told(one, frames)]


yaws = st.lists(st.floats(-90, 90), max_size=60)


@given(yaws, st.floats(0, 40))
def test_hysteresis_never_begins_twice_without_an_end(values: list[float], release: float) -> None:
    one = rule(when="threshold", values={"yaw": [-15, 15]}, release=release)
    events = told(one, [[record(1, yaw=yaw)] for yaw in values])
    assert [what for _, what, _ in events] == ["begin", "end"] * (len(events) // 2) + ["begin"] * (
        len(events) % 2
    )
    for at, what, _ in events:
        yaw = values[round(at / STEP_S)]
        assert abs(yaw) <= 15 if what == "begin" else abs(yaw) > 15 + release


@given(yaws, st.floats(0.05, 2))
def test_it_must_hold_for_so_long_before_it_is_told(values: list[float], seconds: float) -> None:
    one = rule(when="threshold", values={"yaw": [-15, 15]}, seconds=seconds)
    for at, what, _ in told(one, [[record(1, yaw=yaw)] for yaw in values]):
        if what == "begin":
            last = round(at / STEP_S)
            held = values[max(0, last - int(seconds / STEP_S)) : last + 1]
            assert all(abs(yaw) <= 15 for yaw in held)
            assert at >= seconds - 1e-9


def test_looks_there_for_two_seconds_by_the_density() -> None:
    one = rule(
        when="threshold",
        values={"yaw": [-20, 20]},
        probability=0.8,
        release_probability=0.5,
        seconds=2,
    )
    sure = [[record(1, yaw=5, spread=10)]] * 25
    unsure = [[record(1, yaw=5, spread=60)]] * 5
    away = [[record(1, yaw=40, spread=10)]] * 5
    assert told(one, sure + away) == [(2.0, "begin", 1), (2.5, "end", 1)]
    assert told(one, unsure + sure)[0] == (2.5, "begin", 1)
    edge = [[record(1, yaw=15, spread=10)]] * 40  # 0.79: enough to stay, not to begin
    assert told(one, edge) == []
    assert told(one, sure + edge) == [(2.0, "begin", 1)]


@given(st.lists(st.floats(0, 200), max_size=60), st.floats(0, 30))
def test_a_line_is_crossed_once_a_crossing(ys: list[float], margin: float) -> None:
    one = rule(when="line", start=[0, 100], end=[640, 100], margin=margin)
    events = whats(one, [[record(1, 320, y)] for y in ys])
    sides = ["right" if y > 100 else "left" for y in ys if abs(y - 100) > margin]
    expected = [after for before, after in itertools.pairwise(sides) if before != after]
    assert events == expected


def test_a_line_has_ends_and_directions() -> None:
    one = rule(when="line", start=[100, 0], end=[100, 50], direction="left")
    through = [[record(1, x, 25)] for x in (80, 120)]
    assert whats(one, through) == ["left"]  # who looks down the picture has its right on the left
    assert whats(one, through[::-1]) == []
    assert whats(one, [[record(1, x, 80)] for x in (80, 120)]) == []
    fast = [[record(1, 10, 10)], [record(1, 300, 40)]]
    assert whats(one, fast) == ["left"]


@given(st.lists(st.one_of(st.none(), st.floats(0, 640)), max_size=60), st.floats(0, 50))
def test_who_enters_leaves_before_entering_again(xs: list[float | None], margin: float) -> None:
    one = rule(when="region", roi=[100, 0, 200, 480], margin=margin, gone=0.25)
    frames = [[] if x is None else [record(1, x, 200)] for x in xs]
    events = whats(one, frames + [[]] * 5)
    assert events == ["enter", "leave"] * (len(events) // 2)


def test_dwelling_is_told_once_a_visit() -> None:
    one = rule(when="region", zone=[[100, 0], [300, 0], [300, 480], [100, 480]], dwell=0.5)
    inside, outside = [[record(7, 200, 100)]] * 12, [[record(7, 400, 100)]] * 3
    assert told(one, inside + outside + inside) == [
        (0.0, "enter", 7),
        (0.5, "dwell", 7),
        (1.2, "leave", 7),
        (1.5, "enter", 7),
        (2.0, "dwell", 7),
    ]


def test_feet_and_shares() -> None:
    one = rule(when="region", roi=[0, 0.5, 1, 0.5], units="shares", of="foot")
    assert whats(one, [[record(1, 300, 229)], [record(1, 300, 231)]]) == ["enter"]


@given(st.lists(st.integers(0, 3), max_size=60))
def test_tracks_do_not_disturb_each_other(order: list[int]) -> None:
    one = rule(when="region", roi=[0, 0, 100, 100], gone=1000)
    frames = [[record(track, 50, 50)] for track in order]
    assert sorted(track for _, _, track in told(one, frames)) == sorted(set(order))


@given(st.lists(st.floats(0, 640), max_size=80), st.floats(0.1, 3))
def test_at_most_every_so_many_seconds_and_never_an_end_alone(
    xs: list[float], every: float
) -> None:
    one = rule(when="region", roi=[0, 0, 320, 480], every=every)
    events = told(one, [[record(1, x, 100)] for x in xs])
    begun = [at for at, what, _ in events if what == "enter"]
    assert all(b - a >= every - 1e-9 for a, b in itertools.pairwise(begun))
    names = [what for _, what, _ in events]
    assert names == ["enter", "leave"] * (len(names) // 2) + ["enter"] * (len(names) % 2)


def test_every_result_but_few_of_them() -> None:
    one = rule(when="results", every=1)
    frames = [[record(1), record(2)]] * 31
    assert [at for at, _, _ in told(one, frames)] == [0.0, 1.0, 2.0, 3.0]


def test_changes() -> None:
    frames = [[record(1)], [record(1), record(2)], [record(1), record(2)], []]
    assert whats(rule(when="change", of="count"), frames) == ["change", "change"]
    states = [[record(1, state=state)] for state in ("found", "found", "lost", "found")]
    assert whats(rule(when="change", of="state"), states) == ["change", "change"]
    turning = [[record(1, yaw=float(yaw))] for yaw in (0, 4, 8, 12, 16, 12, 8)]
    assert told(rule(when="change", of="yaw", by=10), turning) == [(0.3, "change", 1)]


def test_a_clock_that_begins_again_goes_on() -> None:
    following = Following({"r": rule(when="region", roi=[0, 0, 100, 100], dwell=1)})
    found = []
    for time_s in (0.0, 0.6, 0.0, 0.5):  # another run begins
        events = following.events(time_s, SIZE, {"headpose": [record(1, 50, 50)]})
        found.append([event.what for event in events])
    assert found == [["enter"], [], [], ["dwell"]]


def test_what_nobody_follows_is_nobody_s_and_a_task_that_failed_says_nothing() -> None:
    one = rule(when="region", roi=[0, 0, 100, 100])
    assert told(one, [[record(None, 50, 50)]]) == []
    following = Following({"r": one})
    following.events(0, SIZE, {"headpose": [record(1, 50, 50)]})
    assert following.events(5, SIZE, {}) == []


def test_only_the_events_that_are_wanted() -> None:
    one = rule(when="region", roi=[0, 0, 100, 100], events=["leave"])
    assert whats(one, [[record(1, 50, 50)], [record(1, 300, 50)]]) == ["leave"]


def test_memory_is_that_of_the_tracks_in_sight() -> None:
    following = Following({"r": rule(when="threshold", values={"yaw": [0, None]})})
    for number in range(500):
        following.events(number, SIZE, {"headpose": [record(number)]})
    assert len(following._tracks["r"]) <= 2


def test_rules_are_those_of_the_source_and_its_tasks() -> None:
    rules = {
        "r": rule(when="results", every=1),
        "s": rule(when="results", every=1, sources=["door"]),
    }
    assert list(rules_for(rules, "yard", ["detection", "headpose"])) == ["r"]
    assert list(rules_for(rules, "yard", ["detection"])) == []
    with pytest.raises(EdgeregError, match=r"rules\.s: source 'door' does not run 'headpose'"):
        rules_for(rules, "door", ["detection"])


@pytest.mark.parametrize(
    "fields",
    [{"when": "threshold", "values": {"yav": [0, 1]}}, {"when": "change", "of": "yav"}],
)
def test_a_value_that_the_task_does_not_give_is_told(fields: dict[str, Any]) -> None:
    with pytest.raises(EdgeregError, match=r"rules\.r: 'headpose' gives no number 'yav'"):
        check_values({"r": rule(**fields)}, {"headpose": (Angles(),), "detection": (Boxes(),)})
