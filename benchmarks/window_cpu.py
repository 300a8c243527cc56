"""What the window costs beside the pipeline: `python benchmarks/window_cpu.py [CLIP]`.

The same tasks look at the same clip alone and in a window on nobody's screen, in turns. Printed are
the processor time of the process for a frame, of both, and their ratio; and how much of it the
window's own thread spent. `--closed KEY` closes a panel before, to see what it costs.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click


@dataclass(frozen=True)
class Cost:
    """Processor time in ms a frame: of the process, and of the window's thread."""

    process: float
    thread: float = 0.0


class Counter:
    """A sink that notes the processor time with the first result, and with the last one wanted."""

    def __init__(self, frames: int) -> None:
        self._frames, self._seen = frames, 0
        self.start = self.end = 0.0

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
            self.start = time.process_time()
        self._seen += results
        if self.done and not self.end:
            self.end = time.process_time()

    def close(self) -> None:
        """Nothing is left to be done."""

    def cost_ms(self) -> float:
        """Of one frame."""
        return (self.end - self.start) / self._frames * 1000


def alone(catalogue: Any, clip: Path, frames: int, off: frozenset[str]) -> Cost:
    """The pipeline by itself, with the settings that a window has."""
    from edgereg.app.player.request import Request, open_request
    from edgereg.assembly import make_pipeline
    from edgereg.core.settings import Settings

    source = open_request(catalogue.plugins, Request(str(clip)))
    settings = Settings(off=off, filters=(catalogue.plugins.filters()["smooth"],))
    counter = Counter(frames)
    staged = make_pipeline(source, catalogue.tasks, [counter], settings=settings, queue_size=2)
    staged.start()
    while not counter.done and staged.running:
        time.sleep(0.01)
    staged.stop(timeout_s=5.0)
    return Cost(counter.cost_ms())


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
    counter, threads = Counter(frames), list[float]()
    window.player.passed.connect(lambda results: threads.append(time.thread_time()))
    window.player.passed.connect(lambda results: counter.add(len(results)))
    window.open(str(clip))
    while not counter.done:
        app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
    window.close()
    window.player.wait_closed(5.0)
    thread_ms = (threads[-1] - threads[0]) / frames * 1000
    return Cost(counter.cost_ms(), thread_ms), window.player.settings.off


def _median(costs: list[Cost], of: Callable[[Cost], float]) -> float:
    return statistics.median(of(cost) for cost in costs)


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
        f"times; the window's thread {_median(windows, lambda c: c.thread):.1f}"
    )


if __name__ == "__main__":
    main()
