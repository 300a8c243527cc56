"""Curves of the last minutes, and densities on demand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("onnxruntime")
pytest.importorskip("prometheus_client")
pytest.importorskip("starlette")
pytest.importorskip("uvicorn")
pytest.importorskip("yaml")

from edgereg.core.records import records
from edgereg.core.result import FrameResult
from edgereg.serve import history
from edgereg.serve.history import History
from edgereg.serve.server import Service
from tests.edgereg.serve.client import running, send, until


def test_single_numbers_are_kept_by_task_and_track(result: Callable[..., FrameResult]) -> None:
    kept = History()
    kept.add(records(result(count=2)))
    (sample,) = kept.since(0)
    assert sample[0] == 1
    assert [row[:2] for row in sample[2]] == [("colour", 0), ("colour", 1)]  # points are a list
    assert sample[2][0][2] == {"red": 10.1, "green": 20.0, "blue": 30.0}
    kept.add(records(result()))
    assert len(kept.since(0)) == 1  # too soon


def test_it_does_not_grow(
    result: Callable[..., FrameResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "EVERY_S", 0.5)
    monkeypatch.setattr(history, "KEPT_S", 5.0)
    times = iter(range(100))
    monkeypatch.setattr(history.time, "monotonic", lambda: float(next(times)))
    kept = History()
    for _ in range(50):
        kept.add(records(result(count=100)))
    assert [each[0] for each in kept.since(0)] == list(range(41, 51))
    assert len(kept.since(0)[0][2]) == history.MOST_ROWS
    assert len(kept.since(48)) == 2


def test_history_and_density_are_told(
    serve: Callable[..., Service], clip: Callable[..., Path]
) -> None:
    service = serve({"door": {"source": str(clip()), "loop": True}})
    until(running(service, "door"))

    def told(what: str) -> tuple[int, Any]:
        return send(service, "GET", f"/sources/door/{what}")

    until(lambda: len(told("history")[1]) >= 3)
    _, samples = told("history?since=2")
    assert samples[0][0] == 3
    assert {row[0] for row in samples[0][2]} == {"spots", "colour"}
    assert told("history?since=x")[0] == 400
    status, density = told("density?task=colour")
    assert status == 200
    assert [each["name"] for each in density["curves"]] == ["red", "green", "blue"]
    red = density["curves"][0]
    step = (red["x"][1] - red["x"][0]) / (len(red["density"]) - 1)
    assert sum(red["density"]) * step == pytest.approx(1, abs=0.02)
    assert red["initial"] == 0
    assert told("density?task=colour&track=99999") == (200, None)
    assert told("density?task=spots")[0] == 422
    assert told("density?task=colour&track=-1")[0] == 400


def test_who_asks_at_once_gets_what_was_computed(
    serve: Callable[..., Service], clip: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgereg.serve import densities

    asked: list[object] = []
    curves = densities.density_curves
    monkeypatch.setattr(
        densities, "density_curves", lambda *a, **k: asked.append(1) or curves(*a, **k)
    )
    monkeypatch.setattr(densities, "EVERY_S", 60.0)
    service = serve({"door": {"source": str(clip()), "loop": True}})
    until(running(service, "door"))
    first, second = (send(service, "GET", "/sources/door/density?task=colour") for _ in range(2))
    assert first == second
    assert len(asked) == 1
