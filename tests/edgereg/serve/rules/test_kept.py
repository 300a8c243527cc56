"""Rules that go on after a restart as if nothing had been."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("starlette")

from edgereg.serve.counters import Counters
from edgereg.serve.memory import Memory
from edgereg.serve.rules.following import Following
from tests.edgereg.serve.rules.test_rules import SIZE, STEP_S, record, rule

RULES = {
    "region": rule(when="region", roi=[0, 0, 100, 100], margin=5, dwell=1.0),
    "line": rule(when="line", start=[50, 0], end=[50, 400], margin=5),
    "yaw": rule(when="threshold", values={"yaw": [-15, 15]}, release=5, seconds=0.5),
    "turn": rule(when="change", of="yaw", by=20),
    "count": rule(when="change", of="count"),
    "slow": rule(when="results", every=0.7),
    "seldom": rule(when="region", roi=[0, 0, 100, 100], every=1.5),
}


def told(following: Following, frames: Sequence[Sequence[dict[str, Any]]], first: int) -> list[Any]:
    return [
        (first + index, event.rule, event.what, event.track, event.records)
        for index, records in enumerate(frames)
        for event in following.events((first + index) * STEP_S, SIZE, {"headpose": records})
    ]


def after_a_restart(following: Following, path: Path, rules: Any = None) -> Following:
    Memory(path).close(Counters(), following.kept())
    return Following(rules or RULES, Memory(path).rules)


heads = st.builds(
    record, st.integers(1, 3), st.floats(0, 200), st.just(50.0), yaw=st.floats(-60, 60)
)
scenes = st.lists(
    st.lists(heads, max_size=3, unique_by=lambda each: each["track"]), min_size=2, max_size=30
)


@settings(max_examples=30, deadline=None)
@given(scenes, st.data())
def test_what_is_told_is_the_same_with_a_restart_and_without(
    tmp_path_factory: pytest.TempPathFactory, frames: Any, data: st.DataObject
) -> None:
    cut = data.draw(st.integers(1, len(frames) - 1))
    whole = Following(RULES)
    first = Following(RULES)
    before = told(first, frames[:cut], 0)
    second = after_a_restart(first, tmp_path_factory.mktemp("state") / "door.json")
    assert before + told(second, frames[cut:], cut) == told(whole, frames, 0)
    assert second.counts == whole.counts


def test_somebody_inside_has_dwelt_after_a_restart_and_leaves_once(tmp_path: Path) -> None:
    one = {"region": RULES["region"]}
    inside = [[record(1, 50, 50)]]
    following = Following(one)
    assert [each[2] for each in told(following, inside * 8, 0)] == ["enter"]
    again = after_a_restart(following, tmp_path / "door.json", one)
    # The source's own time begins anew; what the process was away is not counted.
    assert [each[2] for each in told(again, inside * 5, 0)] == ["dwell"]
    gone = after_a_restart(again, tmp_path / "door.json", one)
    (left,) = told(gone, [[]] * 15, 0)
    assert left[2:] == ("leave", 1, inside[0])


def test_a_rule_that_says_something_else_begins_anew_and_no_other(tmp_path: Path) -> None:
    following = Following(RULES)
    told(following, [[record(1, 50, 50)]], 0)
    changed = {**RULES, "region": rule(when="region", roi=[0, 0, 110, 100], dwell=1.0)}
    again = after_a_restart(following, tmp_path / "door.json", changed)
    assert [each[1] for each in told(again, [[record(1, 50, 50)]], 1)] == ["region"]
    assert (again.counts["region"], again.counts["seldom"]) == (1, 1)


def test_what_another_version_kept_in_its_way_is_given_up(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    following = Following({"line": RULES["line"]})
    told(following, [[record(1, 10, 50)]], 0)
    path = tmp_path / "door.json"
    Memory(path).close(Counters(), following.kept())
    kept = path.read_text()
    assert '"side": "right"' in kept
    path.write_text(kept.replace('"side": "right"', '"side": {}'))
    again = Following({"line": RULES["line"]}, Memory(path).rules)
    assert told(again, [[record(1, 90, 50)]], 1) == []
    assert "rule 'line': begins anew" in caplog.text
