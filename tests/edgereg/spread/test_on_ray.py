"""Runs on Ray's workers: the same bytes as a run of one process, also where a worker is killed."""

from __future__ import annotations

import importlib.util
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from edgereg.core.errors import EdgeregError
from edgereg.spread import on_ray

Start = Callable[..., "subprocess.Popen[str]"]
with_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="needs edgereg[ray]")

# The tutorial's task takes its time, so that a worker can be caught at work.
SLOW = """
_prepare = Brightness.prepare

def _late(*given, **named):
    import time
    time.sleep(0.02)
    return _prepare(*given, **named)

Brightness.prepare = _late
"""


@pytest.fixture
def clips(clip: Callable[..., Path], tmp_path: Path) -> Path:
    """40 tiny clips; the last one is long enough for three slices."""
    folder = tmp_path / "clips"
    folder.mkdir()
    for number in range(40):
        clip(13 if number == 39 else 2 + number % 3, name=f"clips/{number:02}.mp4")
    return folder


def ended(process: subprocess.Popen[str], code: int = 0) -> str:
    out, said = process.communicate(timeout=200)
    assert process.returncode == code, said
    return out + said


def outputs(folder: Path) -> list[Path]:
    folder.mkdir()
    return [folder / f"o{ending}" for ending in (".jsonl", ".csv", ".json")]


def at_work(process: subprocess.Popen[str]) -> psutil.Process:
    """A worker of this run, as soon as one is at work."""
    deadline = time.monotonic() + 150
    while time.monotonic() < deadline:
        for child in psutil.Process(process.pid).children(recursive=True):
            try:
                if any("ray::run_slice" in part for part in child.cmdline()):
                    return child
            except psutil.Error:
                continue
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    raise AssertionError("no worker was seen at work")


@with_ray
@pytest.mark.timeout(400)
def test_merged_results_are_those_of_one_process(
    start_edgereg: Start, brightness: Path, clips: Path, tmp_path: Path
) -> None:
    task = ("--task", "brightness")
    alone = outputs(tmp_path / "alone")
    ended(start_edgereg("run", clips, *alone, *task))
    plugin = brightness / "edgereg_brightness.py"
    plugin.write_text(plugin.read_text(encoding="utf-8") + SLOW, encoding="utf-8")
    spread = outputs(tmp_path / "spread")
    run = start_edgereg("run", clips, *spread, *task, "--workers", "ray:2", "--slice", 5)
    at_work(run).kill()
    said = ended(run)
    assert "started again" in said
    assert "0 given up" in said
    for one, many in zip(alone, spread, strict=True):
        assert one.stat().st_size > 1000
        assert one.read_bytes() == many.read_bytes()
    places = [Path(f"{each[0]}.clips.csv").read_text() for each in (alone, spread)]
    assert places[0] == places[1]
    assert len(places[0].splitlines()) == 41


@with_ray
@pytest.mark.timeout(200)
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to send")
def test_sigterm_ends_it_with_its_workers(
    start_edgereg: Start, brightness: Path, clips: Path, tmp_path: Path
) -> None:
    plugin = brightness / "edgereg_brightness.py"
    plugin.write_text(plugin.read_text(encoding="utf-8") + SLOW, encoding="utf-8")
    table = tmp_path / "light.csv"
    run = start_edgereg("run", clips, table, "--task", "brightness", "--workers", "ray:2")
    at_work(run)
    children = psutil.Process(run.pid).children(recursive=True)
    run.send_signal(signal.SIGTERM)
    _, said = run.communicate(timeout=10)
    assert run.returncode == 1
    assert "interrupted" in said
    _, left = psutil.wait_procs(children, timeout=10)
    assert left == []


def test_sigterm_while_ray_starts_is_an_interruption(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ray has handlers of its own by then, which leave with the signal's number."""

    class Starting(FakeRay):
        def init(self, **_: Any) -> None:
            raise SystemExit(signal.SIGTERM)

    with pytest.raises(KeyboardInterrupt):
        run(Starting({}), monkeypatch)


class FakeRay:
    """Ray as far as it is used: tasks run when they are waited for; some die first."""

    class exceptions:  # noqa: N801
        class RayError(Exception):
            """What ray.get raises."""

    def __init__(self, deaths: dict[str, list[Exception]]) -> None:
        self.deaths, self.down = deaths, False
        self.started: list[str] = []

    def is_initialized(self) -> bool:
        return False

    def init(self, **_: Any) -> None:
        self.down = False

    def shutdown(self) -> None:
        self.down = True

    def cluster_resources(self) -> dict[str, float]:
        return {"CPU": 2.0}

    def remote(self, **options: Any) -> Any:
        assert options["max_retries"] == 0

        def wrap(function: Any) -> Any:
            class Remote:
                @staticmethod
                def remote(job: Any, part: str) -> Any:
                    self.started.append(part)
                    return lambda: function(job, part)

            return Remote

        return wrap

    def get(self, reference: Any) -> Any:
        part = reference()
        if self.deaths.get(part):
            error = self.exceptions.RayError("worker died\nmore")
            cause = self.deaths[part].pop(0)
            if not isinstance(cause, SystemError):
                error.cause = cause  # type: ignore[attr-defined]
            raise error
        return part.upper()


def run(ray: FakeRay, monkeypatch: pytest.MonkeyPatch) -> tuple[list[Any], on_ray.Tally]:
    monkeypatch.setattr(on_ray, "_import", lambda **_: ray)
    tally = on_ray.Tally()
    parts: Any = ["a", "b", "c", "d", "e", "f"]
    found = on_ray.run_on_ray(None, parts, "ray:2", tally, task=lambda _, part: part)  # type: ignore
    return list(found), tally


def test_a_slice_whose_worker_died_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    ray = FakeRay({"b": [SystemError(), SystemError()]})
    found, tally = run(ray, monkeypatch)
    assert found == [(part, part.upper()) for part in "abcdef"]
    assert tally.retried == ["b: started again: RayError: worker died"] * 2
    assert tally.given_up == []
    assert ray.down


def test_after_three_tries_a_slice_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    found, tally = run(FakeRay({"b": [SystemError()] * 5}), monkeypatch)
    assert dict(found)["b"] is None
    assert len(found) == 6
    assert tally.given_up == ["b: given up after 3 tries: RayError: worker died"]


def test_what_another_try_would_not_mend_is_not_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ray = FakeRay({"b": [EdgeregError("b.mp4: the file is empty")]})
    _, tally = run(ray, monkeypatch)
    assert tally.given_up == ["b: given up: b.mp4: the file is empty"]
    assert ray.started.count("b") == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ray:3", (None, 3)),
        ("ray:auto", ("auto", None)),
        ("ray:10.0.0.1:6379", ("10.0.0.1:6379", None)),
    ],
)
def test_where_the_workers_are(
    monkeypatch: pytest.MonkeyPatch, text: str, expected: tuple[Any, Any]
) -> None:
    monkeypatch.setattr(on_ray, "_import", lambda **_: None)
    assert on_ray.check_workers(text) == expected


@pytest.mark.parametrize("text", ["dask", "ray:0", "4", "ray:"])
def test_no_such_workers(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(on_ray, "_import", lambda **_: None)
    with pytest.raises(EdgeregError, match="--workers"):
        on_ray.check_workers(text)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--workers", "dask"], "no such kind"),
        (["--workers", "ray", "--limit", "3"], "takes none of"),
        (["o.mp4", "--workers", "ray"], "workers send no pictures"),
    ],
)
def test_misuse_is_one_line(
    start_edgereg: Start, clips: Path, options: list[str], complaint: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    said = ended(start_edgereg("run", clips, *options, "--task", "brightness"), 1)
    if "Ray is not installed" not in said:
        assert complaint in said
    assert "Traceback" not in said


def test_without_ray_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], clips: Path
) -> None:
    from edgereg.cli.main import main

    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    with pytest.raises(SystemExit):
        main(["run", str(clips), "--workers", "ray"])
    said = capsys.readouterr().err.strip()
    assert said == "Error: --workers ray: Ray is not installed; pip install 'edgereg[ray]'"
