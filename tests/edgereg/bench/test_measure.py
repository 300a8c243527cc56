"""Cases take turns; what fails is left out; ratios are of the same round."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from edgereg.bench import measure
from edgereg.bench.cases import Case
from edgereg.bench.energy import Reading
from edgereg.bench.measure import (
    measure_energy,
    nothing_yet,
    rows_of,
    time_in_turns,
    times_fp32,
)
from edgereg.core.errors import EngineError


def case(call: Callable[[], Any] = lambda: None, **fields: Any) -> Case:
    known: dict[str, Any] = {
        "model": "heads", "task": "detection", "precision": "fp32", "engine": "cpu",
        "graph": "predict", "title": "predict", "batch": 1, "rows": 1, "file_mb": 1.0,
        "threads": 2,
    }  # fmt: skip
    return Case(**{**known, **fields}, call=call)


def quiet(_: str) -> None:
    pass


def test_models_take_turns_within_every_round(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "ROUNDS", 3)
    order: list[str] = []
    made = [
        case(lambda name=name: order.append(name), precision=name, graph=graph, title=title)
        for name in ("fp32", "int8")
        for graph, title in (("predict", "predict"), ("refine", "refine (1 candidates)"))
    ]
    found = nothing_yet()
    time_in_turns(made, 7, found, quiet)
    assert [[len(turn) for turn in rounds] for rounds in found.times.values()] == [[2, 2, 3]] * 4
    first = order[: 2 * (measure.WARM_UP + 2)]
    assert first == ["fp32"] * (measure.WARM_UP + 2) + ["int8"] * (measure.WARM_UP + 2)
    assert [row.runs for row in rows_of(found).values()] == [7] * 4
    graphs = [row.graph.split()[0] for row in rows_of(found).values()]
    assert graphs == ["predict", "predict", "refine", "refine"]


def test_fewer_runs_than_rounds() -> None:
    found = nothing_yet()
    time_in_turns([case()], 2, found, quiet)
    assert [len(turn) for (rounds,) in [found.times.values()] for turn in rounds] == [1, 1]


def test_a_case_that_fails_is_left_out() -> None:
    left = {"runs": 8}

    def fails_late() -> None:
        left["runs"] -= 1
        if left["runs"] < 0:
            raise EngineError("out of memory")

    bad, good = case(fails_late, batch=16), case()
    found = nothing_yet()
    time_in_turns([bad, good], 50, found, quiet)
    assert str(found.failed[bad]) == "out of memory"
    assert list(rows_of(found)) == [good]


def test_what_was_measured_stays_when_interrupted() -> None:
    left = {"runs": measure.WARM_UP + 4}

    def interrupt() -> None:
        left["runs"] -= 1
        if left["runs"] < 0:
            raise KeyboardInterrupt

    first = case()
    second = case(interrupt, title="predict 2", precision="int8")
    third = case(title="predict 3")
    found = nothing_yet()
    with pytest.raises(KeyboardInterrupt):
        time_in_turns([first, second, third], 50, found, quiet)
    assert [(row.graph, row.runs) for row in rows_of(found).values()] == [
        ("predict", 10),
        ("predict 2", 4),
    ]


def test_interrupted_before_the_first_run_there_is_nothing() -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    full, low = case(), case(interrupt, precision="int8")
    found = nothing_yet()
    with pytest.raises(KeyboardInterrupt):
        time_in_turns([full, low], 5, found, quiet)
    assert list(rows_of(found)) == [full]
    assert times_fp32(low, found.times) is None


def test_the_ratio_to_fp32_is_of_the_same_round() -> None:
    # A machine that slows down by ten between two rounds: over all runs FP32 seems the faster one.
    full, low = case(), case(precision="int8", model="small")
    times = {full: [[2.0, 2.0, 2.0], [20.0]], low: [[1.0], [10.0, 10.0, 10.0]]}
    assert times_fp32(low, times) == 2.0
    assert times_fp32(full, times) is None
    assert times_fp32(low, {low: [[1.0]]}) is None
    other = case(batch=4)
    assert times_fp32(low, {low: [[1.0]], other: [[1.0]]}) is None


def test_of_several_fp32_models_the_one_of_the_same_name_counts() -> None:
    low, same, other = case(precision="fp16"), case(), case(model="other")
    times = {low: [[1.0]], same: [[3.0]], other: [[9.0]]}
    assert times_fp32(low, times) == 3.0
    assert times_fp32(case(precision="fp16", model="third"), times) is None


class FakeMeter:
    """A device of 5 W, or one that stops telling."""

    def __init__(self, running: bool, reading: Reading) -> None:
        self.running, self.watts = running, reading.watts

    def clear(self) -> None:
        pass


def test_energy_is_power_times_the_time_of_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = {"s": 0.0}
    monkeypatch.setattr(measure.time, "perf_counter", lambda: clock["s"])

    def quarter_second() -> None:
        clock["s"] += 0.25

    timed = case(quarter_second)
    for meter, known in (
        (FakeMeter(True, Reading(5.0, None)), True),
        (FakeMeter(True, Reading(None, None)), False),
        (FakeMeter(False, Reading(5.0, None)), False),
    ):
        found = nothing_yet()
        found.times[timed] = [[1.0]]
        measure_energy(found, meter, quiet)  # type: ignore[arg-type]
        # 5 W for a quarter of a second.
        assert found.energy == ({timed: 1250.0} if known else {})
