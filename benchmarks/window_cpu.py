"""What the window costs beside the pipeline: `python benchmarks/window_cpu.py [CLIP]`.

The same tasks look at the same clip alone and in a window on nobody's screen, in turns. Printed are
the processor time of the process for a frame, of both, and their ratio; and, on Linux, the threads
that spent more of it with the window than alone: `MainThread` is the window's own, `write` draws
pictures and marks, `density` computes curves. `--closed KEY` closes a panel before, to see what it
costs.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

_MOST_THREADS = 5


@dataclass(frozen=True)
class Cost:
    """Processor time in ms a frame: of the process, and of Python's threads by their names."""

    process: float
    threads: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Moment:
    """Processor time in ms until now: of the process, and of Python's threads by their names."""

    process: float
    threads: Mapping[str, float]

    @classmethod
    def now(cls) -> Moment:
        """This moment."""
        threads = defaultdict[str, float](float)
        for thread in threading.enumerate():
            with suppress(OSError):  # no Linux, or it has ended
                clock = Path(f"/proc/self/task/{thread.native_id}/schedstat").read_text()
                threads[thread.name] += float(clock.split()[0]) / 1e6
        return cls(time.process_time() * 1000, threads)


class Account:
    """A sink that notes the processor time with the first result, and with the last one wanted."""

    def __init__(self, frames: int) -> None:
        self._frames, self._seen = frames, 0
        self._start = self._end = Moment(0.0, {})

    @property
    def done(self) -> bool:
        """Whether all have come."""
        return self._seen > self._frames

    def write(self, _: Any) -> None:
        """One more result."""
        self.add(1)

    def add(self, results: int) -> None:
        """Some more results."""
        if not self._seen:
            self._start = Moment.now()
        was_done = self.done
        self._seen += results
        if self.done and not was_done:
            self._end = Moment.now()

    def close(self) -> None:
        """Nothing is left to be done."""

    def cost(self) -> Cost:
        """Of one frame."""
        start, end = self._start, self._end
        threads = {
            name: (spent - start.threads.get(name, 0.0)) / self._frames
            for name, spent in end.threads.items()
        }
        return Cost((end.process - start.process) / self._frames, threads)


def alone(catalogue: Any, clip: Path, frames: int, off: frozenset[str]) -> Cost:
    """The pipeline by itself, with the settings that a window has."""
    from edgereg.app.player.request import Request, open_request
    from edgereg.assembly import make_pipeline
    from edgereg.core.settings import Settings

    source = open_request(catalogue.plugins, Request(str(clip)))
    settings = Settings(off=off, filters=(catalogue.plugins.filters()["smooth"],))
    account = Account(frames)
    staged = make_pipeline(source, catalogue.tasks, [account], settings=settings, queue_size=2)
    staged.start()
    while not account.done and staged.running:
        time.sleep(0.01)
    staged.stop(timeout_s=5.0)
    return account.cost()


def in_window(
    catalogue: Any, clip: Path, frames: int, closed: tuple[str, ...]
) -> tuple[Cost, frozenset[str]]:
    """A window that plays, and the tasks that it does not compute."""
    from PySide6.QtCore import QEventLoop, QSettings
    from PySide6.QtWidgets import QApplication, QDockWidget

    from edgereg.app.window import MainWindow

    app = QApplication.instance() or QApplication([])
    ini = str(Path(tempfile.mkdtemp()) / "settings.ini")
    window = MainWindow(lambda _: catalogue, QSettings(ini, QSettings.Format.IniFormat))
    window.resize(1360, 860)
    window.reset_layout()
    for key in closed:
        dock = window.findChild(QDockWidget, key)
        if dock is None:
            raise click.ClickException(f"no panel '{key}'")
        dock.close()
    window.show()
    account = Account(frames)
    window.player.passed.connect(lambda results: account.add(len(results)))
    window.open(str(clip))
    while not account.done:
        app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
    window.close()
    window.player.wait_closed(5.0)
    return account.cost(), window.player.settings.off


def _median(costs: list[Cost], of: Callable[[Cost], float]) -> float:
    return statistics.median(of(cost) for cost in costs)


def _more(windows: list[Cost], pipelines: list[Cost]) -> str:
    """The threads that spend more with the window, as text, in ms a frame."""

    def spent(costs: list[Cost], name: str) -> float:
        return _median(costs, lambda cost: cost.threads.get(name, 0.0))

    names = {name for cost in windows for name in cost.threads}
    more = {name: spent(windows, name) - spent(pipelines, name) for name in names}
    most = sorted(more, key=lambda name: -more[name])[:_MOST_THREADS]
    return ", ".join(f"{name} {more[name]:.1f}" for name in most)


@click.command()
@click.argument("clip", required=False, type=click.Path(exists=True, path_type=Path))
@click.option("--frames", default=120, show_default=True)
@click.option("--rounds", default=3, show_default=True)
@click.option("--closed", multiple=True, help="A panel that is closed before, by its key.")
def main(clip: Path | None, frames: int, rounds: int, closed: tuple[str, ...]) -> None:
    """Measure the window's share on CLIP, or on the bundled one."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from edgereg.app.player.catalogue import load_catalogue
    from edgereg.assembly import Choice
    from edgereg.demo.clip import CLIP

    catalogue = load_catalogue(Choice())
    windows, pipelines = list[Cost](), list[Cost]()
    for _ in range(rounds):
        cost, off = in_window(catalogue, clip or CLIP, frames, closed)
        windows.append(cost)
        pipelines.append(alone(catalogue, clip or CLIP, frames, off))
    with_it, without = (
        _median(windows, lambda c: c.process),
        _median(pipelines, lambda c: c.process),
    )
    click.echo(
        f"window {with_it:.1f} ms a frame, pipeline alone {without:.1f}: {with_it / without:.2f} "
        f"times; more than alone: {_more(windows, pipelines)}"
    )


if __name__ == "__main__":
    main()
