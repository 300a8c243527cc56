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


def measure(clip: Path, play_s: float, drag_s: float) -> str:
    """Play and drag one clip in a window; one line of figures."""
    from PySide6.QtCore import QEvent, QEventLoop, QPoint, QPointF, QSettings, Qt, QTimer
    from PySide6.QtGui import QMouseEvent
    from PySide6.QtWidgets import QApplication

    from edgereg.app.window import MainWindow

    app = QApplication.instance() or QApplication([])
    ini = str(Path(tempfile.mkdtemp()) / "settings.ini")
    window, watch = MainWindow(settings=QSettings(ini, QSettings.Format.IniFormat)), Watch()
    window.show()
    player, slider = window.player, window.transport.slider
    player.shown.connect(lambda _: watch.pictures.append(time.perf_counter()))
    player.previewed.connect(lambda _: watch.previews.append(time.perf_counter()))
    timer = QTimer(interval=1, timerType=Qt.TimerType.PreciseTimer)
    timer.timeout.connect(watch.turn)
    timer.start()

    def stay(seconds: float) -> None:
        loop = QEventLoop()
        QTimer.singleShot(max(round(seconds * 1000), 1), loop.quit)
        loop.exec()

    def mouse(kind: QEvent.Type, share: float) -> None:
        travel = slider.width() - 20
        place = QPointF(10 + share * travel, slider.height() / 2)
        there = slider.mapToGlobal(QPoint(0, 0)).toPointF() + place
        button, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        app.sendEvent(slider, QMouseEvent(kind, place, there, button, button, none))

    window.open(str(clip))
    while player.current is None or not slider.isEnabled() or slider.maximum() < 2:
        stay(0.05)
    stay(1.0)
    start = time.perf_counter()
    stay(play_s)
    gaps = watch.gaps(start, time.perf_counter())
    played = sum(picture > start for picture in watch.pictures) / play_s

    start = time.perf_counter()
    mouse(QEvent.Type.MouseButtonPress, 0.1)
    while (gone := time.perf_counter() - start) < drag_s:
        mouse(QEvent.Type.MouseMove, 0.5 - 0.4 * math.cos(gone * 2 * math.pi / drag_s))
        stay(STEP_S)
    player.pause()
    end = time.perf_counter()
    shown = sum(start < picture <= end for picture in watch.pictures)
    previews = sum(start < picture <= end for picture in watch.previews)
    dragged = watch.gaps(start, end)
    mouse(QEvent.Type.MouseMove, 0.63)
    last = time.perf_counter()
    while player.current.index != slider.value() and time.perf_counter() < last + PATIENCE_S:
        stay(0.002)
    late_ms = (time.perf_counter() - last) * 1000
    height, width = player.current.image.shape[:2]
    window.close()
    player.wait_closed(3.0)
    return (
        f"{clip.name}, {width} x {height}: playing {played:.0f} pictures/s, {gaps}; dragging "
        f"{(shown + previews) / drag_s:.1f} pictures/s ({shown / drag_s:.1f} exact), "
        f"{dragged}; the last within {late_ms:.0f} ms"
    )


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
