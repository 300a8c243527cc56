"""How the window feels: `python benchmarks/window_drag.py [CLIP...]`, on nobody's screen.

Without clips it makes two from the bundled one, of 1920 x 1080 and 3840 x 2160 pixels, with a key
frame every two seconds. Each is played for some seconds, and then its slider is dragged back and
forth, a step every 16 ms. Printed are the gaps of the event loop (the time between two turns of
a timer of 1 ms), how much of them the window's own work took (the rest are other threads and other
programs), and the pictures a second that the drag showed, exact ones and previews.
"""

from __future__ import annotations

import math
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import click
import numpy as np

from edgereg.core.result import FrameResult

SIZES = ((1920, 1080), (3840, 2160))
STEP_S = 0.016
PATIENCE_S = 10.0


@dataclass
class Watch:
    """What is seen from inside the event loop."""

    turns: list[float] = field(default_factory=list)
    worked: list[float] = field(default_factory=list)
    pictures: list[float] = field(default_factory=list)
    previews: list[float] = field(default_factory=list)

    def turn(self) -> None:
        """The loop has turned."""
        self.turns.append(time.perf_counter())
        self.worked.append(time.thread_time())

    def gaps(self, start: float, end: float) -> str:
        """The times between two turns of the loop, as text."""
        turns, worked = np.array(self.turns), np.array(self.worked)
        during = (turns >= start) & (turns <= end)
        gaps, work = (np.diff(each[during]) * 1000 for each in (turns, worked))
        return (
            f"gaps p99 {np.percentile(gaps, 99):.1f} ms, longest {gaps.max():.1f} ms (own work "
            f"{np.percentile(work, 99):.1f} and {work.max():.1f})"
        )


def make_clip(path: Path, size: tuple[int, int], frames: int, keys: int) -> Path:
    """The bundled clip, enlarged, forth and back until there are enough frames."""
    from edgereg.demo.clip import CLIP

    with av.open(path, "w") as out, av.open(CLIP) as clip:
        pictures = [frame for _, frame in zip(range(48), clip.decode(video=0), strict=False)]
        stream = out.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.options = {"preset": "ultrafast", "g": str(keys)}
        for number, frame in zip(range(frames), _forth_and_back(pictures), strict=False):
            large = frame.reformat(*size, "yuv420p")
            large.pts, large.time_base = number, Fraction(1, 25)
            out.mux(stream.encode(large))
        out.mux(stream.encode())
    return path


def _forth_and_back(pictures: list[av.VideoFrame]) -> Iterator[av.VideoFrame]:
    while True:
        yield from pictures
        yield from reversed(pictures)


class Visit:
    """A window that shows one clip, and whoever watches it and drags its slider."""

    def __init__(self, clip: Path) -> None:
        from PySide6.QtCore import QSettings, Qt, QTimer
        from PySide6.QtWidgets import QApplication

        from edgereg.app.window import MainWindow

        self._app = QApplication.instance() or QApplication([])
        ini = str(Path(tempfile.mkdtemp()) / "settings.ini")
        self.window = MainWindow(settings=QSettings(ini, QSettings.Format.IniFormat))
        self.watch = Watch()
        self.window.show()
        self.player, self.slider = self.window.player, self.window.transport.slider
        self.player.shown.connect(lambda _: self.watch.pictures.append(time.perf_counter()))
        self.player.previewed.connect(lambda _: self.watch.previews.append(time.perf_counter()))
        self._timer = QTimer(interval=1, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.watch.turn)
        self._timer.start()
        self.window.open(str(clip))
        while (
            self.player.current is None or not self.slider.isEnabled() or self.slider.maximum() < 2
        ):
            self.stay(0.05)
        self.stay(1.0)

    @property
    def result(self) -> FrameResult:
        """What is shown."""
        if self.player.current is None:
            raise click.ClickException("the window shows nothing any more")
        return self.player.current

    def stay(self, seconds: float) -> None:
        """Let the window work."""
        from PySide6.QtCore import QEventLoop, QTimer

        loop = QEventLoop()
        QTimer.singleShot(max(round(seconds * 1000), 1), loop.quit)
        loop.exec()

    def move(self, share: float, *, press: bool = False) -> None:
        """Drag the slider to a share of its length, or press it there."""
        from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
        from PySide6.QtGui import QMouseEvent

        travel = self.slider.width() - 20
        place = QPointF(10 + share * travel, self.slider.height() / 2)
        there = self.slider.mapToGlobal(QPoint(0, 0)).toPointF() + place
        kind = QEvent.Type.MouseButtonPress if press else QEvent.Type.MouseMove
        button, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        self._app.sendEvent(self.slider, QMouseEvent(kind, place, there, button, button, none))

    def close(self) -> None:
        """Close the window."""
        self._timer.stop()
        self.window.leave()
        self.player.wait_closed(3.0)


def measure(clip: Path, play_s: float, drag_s: float) -> str:
    """Play and drag one clip in a window; one line of figures."""
    visit = Visit(clip)
    height, width = visit.result.image.shape[:2]
    played, dragged = _play(visit, play_s), _drag(visit, drag_s)
    late_ms = _settle(visit)
    visit.close()
    return (
        f"{clip.name}, {width} x {height}: playing {played}; dragging {dragged}; the last within "
        f"{late_ms:.0f} ms"
    )


def _play(visit: Visit, seconds: float) -> str:
    """Pictures a second while it plays, and the gaps of the event loop."""
    start = time.perf_counter()
    visit.stay(seconds)
    gaps = visit.watch.gaps(start, time.perf_counter())
    shown = sum(picture > start for picture in visit.watch.pictures)
    return f"{shown / seconds:.0f} pictures/s, {gaps}"


def _drag(visit: Visit, seconds: float) -> str:
    """The same while the slider is dragged back and forth."""
    start = time.perf_counter()
    visit.move(0.1, press=True)
    while (gone := time.perf_counter() - start) < seconds:
        visit.move(0.5 - 0.4 * math.cos(gone * 2 * math.pi / seconds))
        visit.stay(STEP_S)
    visit.player.pause()
    end = time.perf_counter()
    exact, previews = (
        sum(start < picture <= end for picture in pictures) / seconds
        for pictures in (visit.watch.pictures, visit.watch.previews)
    )
    return f"{exact + previews:.1f} pictures/s ({exact:.1f} exact), {visit.watch.gaps(start, end)}"


def _settle(visit: Visit) -> float:
    """How long it takes after a last move until its own frame is shown, in ms."""
    visit.move(0.63)
    last = time.perf_counter()
    while visit.result.index != visit.slider.value() and time.perf_counter() < last + PATIENCE_S:
        visit.stay(0.002)
    return (time.perf_counter() - last) * 1000


@click.command()
@click.argument("clips", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--seconds", default=4.0, show_default=True, help="Of playing, and of the drag.")
@click.option("--frames", default=500, show_default=True, help="Of the clips that are made.")
@click.option("--keys", default=50, show_default=True, help="Frames from key frame to key frame.")
def main(clips: tuple[Path, ...], seconds: float, frames: int, keys: int) -> None:
    """Measure CLIPS, or two made of the bundled one."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as folder:
        made = [] if clips else list(SIZES)
        paths = [make_clip(Path(folder) / f"{size[1]}p.mp4", size, frames, keys) for size in made]
        for path in (*clips, *paths):
            click.echo(measure(path, seconds, seconds))


if __name__ == "__main__":
    main()
