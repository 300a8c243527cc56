"""Engines that several sources use: in turns, and not waited for where one hangs."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest

pytest.importorskip("starlette")

from edgereg.assembly import Choice
from edgereg.core.errors import EngineError
from edgereg.engines.providers import CPU
from edgereg.serve import shared
from edgereg.serve.shared import InTurns, SharedTasks


class Gate:
    """An engine that works until it is let go, and notes whose turn it was."""

    def __init__(self, provider: str = CPU) -> None:
        self.provider = provider
        self.inputs, self.outputs = ("images",), ("values",)
        self.open = threading.Event()
        self.served: list[int] = []

    def run(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        self.open.wait(20)
        self.served.append(int(inputs["images"]))
        return {"values": np.zeros(1)}


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.open.set()


def begun(engine: InTurns, number: int, waiting: int) -> threading.Thread:
    """A thread that runs the engine, once it stands in the queue."""
    thread = threading.Thread(target=engine.run, args=({"images": number},), daemon=True)
    thread.start()
    end = time.monotonic() + 10
    while len(engine._waiting) < waiting:
        assert time.monotonic() < end
        time.sleep(0.001)
    return thread


def test_who_comes_first_is_served_first(gate: Gate) -> None:
    engine = InTurns(gate, "a", 60)
    threads = [begun(engine, number, number + 1) for number in range(6)]
    gate.open.set()
    for thread in threads:
        thread.join(10)
    assert gate.served == list(range(6))


def test_behind_a_run_that_hangs_nobody_waits(gate: Gate) -> None:
    engine = InTurns(gate, "heads.predict", 0.05)
    first = begun(engine, 0, 1)
    started = time.monotonic()
    with pytest.raises(EngineError, match=r"engine heads\.predict hangs"):
        engine.run({"images": 1})
    assert time.monotonic() - started < 5
    assert engine.pulse.late() is not None
    gate.open.set()
    first.join(10)
    assert engine.run({"images": 2}) == {"values": np.zeros(1)}
    assert gate.served == [0, 2]
    assert engine.pulse.late() is None


def test_the_first_run_on_an_accelerator_may_compile() -> None:
    gate = Gate("CUDAExecutionProvider")
    engine = InTurns(gate, "a", 0.01)
    thread = begun(engine, 0, 1)
    time.sleep(0.05)
    assert engine.pulse.late() is None
    gate.open.set()
    thread.join(10)
    gate.open.clear()
    thread = begun(engine, 1, 1)
    time.sleep(0.05)
    assert engine.pulse.late() is not None
    gate.open.set()
    thread.join(10)


def test_a_model_that_takes_long_to_load_keeps_no_other_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slow = threading.Event()
    monkeypatch.setattr(
        shared, "load", lambda _plugins, choice: slow.wait(20) and [] if choice.fov else []
    )
    tasks = SharedTasks(None, 60)  # type: ignore[arg-type]
    thread = threading.Thread(target=tasks.get, args=(Choice(fov=60.0),), daemon=True)
    thread.start()
    assert list(tasks.get(Choice())) == []
    slow.set()
    thread.join(10)
