"""How fast cases run: in turns, so that what else the machine does strikes them all alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, TypeAlias

import numpy as np

from edgereg.bench.cases import GRAPHS, Case
from edgereg.bench.energy import Meter
from edgereg.bench.record import Row
from edgereg.core.errors import EngineError

ROUNDS = 5
# Runs before a case is timed for the first time, and before each later turn.
WARM_UP = 3
AGAIN = 1
# Seconds that a case runs so that the device's power settles, and that it is then read for.
SETTLE_S = 1.0
READ_S = 2.0

# As they follow each other in the table.
PRECISIONS = ("fp32", "fp16", "int8")

# Milliseconds of each run, a list for each round.
Rounds: TypeAlias = list[list[float]]
Say: TypeAlias = Callable[[str], None]


@dataclass
class Measured:
    """What is known so far, filled while the measuring goes on; failed: why, by case."""

    times: dict[Case, Rounds]
    energy: dict[Case, float]
    failed: dict[Case, EngineError]


def nothing_yet() -> Measured:
    """Before the first round."""
    return Measured({}, {}, {})


def time_in_turns(cases: Sequence[Case], runs: int, found: Measured, say: Say) -> None:
    """Run each case `runs` times, in rounds of all cases; cases of the same work follow each other.

    A case that fails is left out from then on. `found` has every run at once, so that what was
    measured stays when the measuring is interrupted.
    """
    ordered = sorted(cases, key=lambda case: (case.task, GRAPHS.index(case.graph), case.work))
    turns = np.diff(np.linspace(0, runs, min(ROUNDS, runs) + 1).astype(int))
    for number, count in enumerate(turns, start=1):
        for case in ordered:
            if case in found.failed:
                continue
            say(f"round {number} of {len(turns)}: {case.model} {case.precision} on {case.engine}, "
                f"{case.title}, {case.batch} at once")  # fmt: skip
            taken: list[float] = []
            found.times.setdefault(case, []).append(taken)
            try:
                _time(case.call, WARM_UP if number == 1 else AGAIN, int(count), taken)
            except EngineError as error:
                found.failed[case] = error
                del found.times[case]


def _time(call: Callable[[], Any], warm_up: int, runs: int, taken: list[float]) -> None:
    """Append the milliseconds of each run."""
    for _ in range(warm_up):
        call()
    for _ in range(runs):
        start = time.perf_counter()
        call()
        taken.append(1000 * (time.perf_counter() - start))


def measure_energy(found: Measured, meter: Meter, say: Say) -> None:
    """Millijoules of a run, from the device's power while the case runs again and again.

    It is the whole device's power, at rest included. Nothing where the device reports none.
    """
    for case in found.times if meter.running else ():
        say(f"energy: {case.model} {case.precision}, {case.title}, {case.batch} at once")
        _repeat(case.call, SETTLE_S)
        meter.clear()
        runs, seconds = _repeat(case.call, READ_S)
        watts = meter.watts
        if watts is None:
            return
        found.energy[case] = round(1000 * watts * seconds / runs, 3)


def _repeat(call: Callable[[], Any], seconds: float) -> tuple[int, float]:
    """Run for so long at least: how often, and how long it took."""
    start, runs, taken = time.perf_counter(), 0, 0.0
    while taken < seconds:
        call()
        runs += 1
        taken = time.perf_counter() - start
    return runs, taken


def rows_of(found: Measured) -> dict[Case, Row]:
    """A row for each case that was timed, in the order of the table."""
    rows = {}
    for case, rounds in found.times.items():
        taken = [time_ms for turn in rounds for time_ms in turn]
        if not taken:
            continue
        p50, p95, p99 = (round(float(p), 4) for p in np.percentile(taken, [50, 95, 99]))
        rows[case] = Row(
            case.model,
            case.precision,
            case.engine,
            case.title,
            case.batch,
            case.file_mb,
            len(taken),
            case.threads,
            p50,
            p95,
            p99,
            per_s=round(1000 * case.rows / p50, 2),
            times_fp32=times_fp32(case, found.times),
            energy_mj=found.energy.get(case),
        )
    return {case: rows[case] for case in sorted(rows, key=_place)}


def _place(case: Case) -> tuple[str, str, int, int, int]:
    """Where a case stands in the table."""
    graph, precision = GRAPHS.index(case.graph), PRECISIONS.index(case.precision)
    return case.task, case.engine, case.batch, graph, precision


def times_fp32(case: Case, times: Mapping[Case, Rounds]) -> float | None:
    """How many times as fast as the same work in FP32: the median of the rounds' ratios.

    None for FP32 itself, and where no single FP32 model did the same work.
    """
    if case.precision == "fp32":
        return None
    same = [other for other in times if other.precision == "fp32" and other.work == case.work]
    if len(same) > 1:
        same = [other for other in same if other.model == case.model]
    if len(same) != 1:
        return None
    pairs = zip(times[same[0]], times[case], strict=False)
    ratios = [median(full) / median(low) for full, low in pairs if full and low]
    return round(median(ratios), 3) if ratios else None
