"""A service in which something hangs: it is said, counted, and unhealthy; the rest goes on."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from edgereg.core.errors import EdgeregError
from edgereg.hookspecs import hookimpl
from edgereg.plugins import load_plugins

pytest.importorskip("onnxruntime")
pytest.importorskip("prometheus_client")
pytest.importorskip("starlette")
pytest.importorskip("uvicorn")
pytest.importorskip("yaml")

from edgereg.serve import worker as worker_file
from edgereg.serve.config import ServeConfig
from edgereg.serve.server import Service
from edgereg.serve.watch import Watch

from .client import ask, until

Make = Callable[..., Service]


@pytest.fixture
def make(spot_task: Any, colour_task: Any) -> Iterator[Make]:
    """make(sources, **settings): a service, not yet started, which is stopped after the test."""
    plugin = SimpleNamespace(edgereg_tasks=hookimpl(lambda: [spot_task, colour_task]))
    entry = SimpleNamespace(name="p", value="p", load=lambda: plugin)
    plugins = load_plugins(disabled=(), entries=[entry])
    made: list[Service] = []

    def service(sources: dict[str, Any], **settings: Any) -> Service:
        config = ServeConfig.model_validate({"sources": sources, "port": 0, **settings})
        made.append(Service(config, plugins))
        return made[-1]

    yield service
    for each in made:
        each.stop()


def hanging_engine(service: Service, task: str, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Let the engine of a task hang from now on, until the event is set."""
    released = threading.Event()
    loaded = [each for tasks in service._shared._loaded.values() for each in tasks]
    for engine in next(each for each in loaded if each.name == task).engines:
        inner = engine._engine  # type: ignore[attr-defined]
        run = inner.run
        monkeypatch.setattr(
            inner, "run", lambda inputs, run=run: (released.wait(30), run(inputs))[1]
        )
    return released


def test_a_hung_engine_is_unhealthy_and_the_sources_of_other_models_go_on(
    make: Make, clip: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(clip())
    source = {"source": path, "loop": True, "stalled": 30}
    service = make(
        {
            "left": {**source, "tasks": ["colour"]},
            "right": {**source, "tasks": ["colour"]},
            "other": {**source, "tasks": ["spots"]},
        },
        hung=0.5,
    )
    service.start()
    until(lambda: all(each.state == "running" for each in service.workers.values()))
    assert service.watch.faults() == []
    released = hanging_engine(service, "colour", monkeypatch)
    until(lambda: service.watch.faults())
    assert "engine colour.predict has been in one run" in service.watch.faults()[0]
    until(lambda: service.watch.hangs == 1)
    assert service.watch.hanging()["engine colour.predict"]
    health = ask(service, "/health/live")
    assert (health.status, b"engine colour.predict" in health.read()) == (500, True)
    assert ask(service, "/health/ready").status == 503
    metrics = ask(service, "/metrics").read().decode()
    assert 'edgereg_hanging{what="engine colour.predict"} 1.0' in metrics
    assert "edgereg_hangs_total 1.0" in metrics
    until(lambda: all(service.workers[name].state == "waiting" for name in ("left", "right")))
    assert "colour.predict" in str(service.workers["left"].error)
    before = service.workers["other"].live.count
    until(lambda: service.workers["other"].live.count > before + 5)
    assert service.workers["other"].counters().failures == 0
    threads = threading.active_count()
    failures = service.workers["left"].counters().failures
    until(lambda: service.workers["left"].counters().failures > failures)
    assert threading.active_count() <= threads  # no thread more for each attempt
    released.set()
    until(lambda: not service.watch.faults())
    assert ask(service, "/health/live").status == 200
    until(lambda: all(each.state == "running" for each in service.workers.values()))
    assert service.workers["left"].counters().recoveries == 1


def test_runs_that_hang_in_a_library_do_not_pile_up(
    make: Make, clip: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgereg.paint import opencv  # noqa: F401 - loaded before it is counted
    from edgereg.sources.paced import PacedSource

    released = threading.Event()

    def stuck(self: Any) -> Iterator[Any]:
        released.wait(30)
        yield from ()

    monkeypatch.setattr(PacedSource, "frames", stuck)
    monkeypatch.setattr(worker_file, "FIRST_PAUSE_S", 0.05)
    monkeypatch.setattr(worker_file, "LONGEST_PAUSE_S", 0.05)
    source = {"source": str(clip()), "loop": True, "stalled": 0.1, "tasks": ["spots"]}
    service = make({"door": source}, hung=0.5)
    service.start()
    until(lambda: service.watch.faults())
    assert "source door has been waiting for runs that hang" in service.watch.faults()[0]
    assert service.workers["door"].counters().failures == worker_file.MOST_LEFT
    released.set()
    until(lambda: not service.watch.faults())


def test_four_hanging_webhooks_end_in_time(make: Make, clip: Callable[..., Path]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections, answers nobody
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        service = make(
            {"door": {"source": str(clip()), "loop": True, "tasks": ["spots"]}},
            deliver={f"hook{n}": {"to": "webhook", "url": url, "timeout": 30} for n in range(4)},
            state=str(clip().parent / "state"),
        )
        service.start()
        until(lambda: all(each.progress.waiting > 3 for each in service.deliveries))
        began = time.monotonic()
        service.stop()
        assert time.monotonic() - began < 4.5


def test_a_folder_of_state_is_one_process_s_own(
    make: Make, clip: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgereg.serve import server

    sources = {"door": {"source": str(clip()), "tasks": ["spots"]}}
    first = make(sources, state=str(tmp_path / "state"))
    first.start()
    monkeypatch.setattr(server, "HANDOVER_S", 0.1)
    with pytest.raises(EdgeregError, match="another process keeps its state there"):
        make(sources, state=str(tmp_path / "state"))
    monkeypatch.setattr(server, "HANDOVER_S", 10.0)
    threading.Timer(0.3, first.stop).start()
    make(sources, state=str(tmp_path / "state")).start()  # it has waited for the other's end


def test_a_process_may_leave_where_something_hangs() -> None:
    from edgereg.cli.serve import _wait

    watch: Any = SimpleNamespace(faults=lambda: ["engine a has been in one run for 99 s"])
    service: Any = SimpleNamespace(answering=True, leaves_on_hang=True, watch=watch)
    assert _wait(service) == "engine a has been in one run for 99 s; it ends, to be started again"


@pytest.mark.parametrize("hangs", [False, True])
def test_systemd_hears_nothing_more_once_something_hangs(
    hangs: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgereg.serve import watch as watch_file
    from edgereg.serve.pulse import Pulse

    monkeypatch.setattr(watch_file, "LOOK_S", 0.02)
    pulse = Pulse("engine a")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(10)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        watch = Watch(lambda: [pulse], lambda: [])
        with pulse.doing("has been in one run", 0.0 if hangs else 60.0):
            watch.start()
            if hangs:
                until(lambda: watch.hangs == 1)
                systemd.settimeout(0.2)
                with pytest.raises(TimeoutError):
                    systemd.recv(100)
            else:
                assert systemd.recv(100) == b"WATCHDOG=1"
        watch.stop()
