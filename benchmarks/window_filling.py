"""What it costs to compute a clip in the background: `python benchmarks/window_filling.py [CLIP]`.

Without one the bundled clip is taken. In a window that nobody sees the clip is played,
played while the whole of it is computed in the background, held while it is computed, and played
once more when all is known. Printed are pictures and processor time of each.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import click


def measure(clip: Path, seconds: float) -> str:
    """Figures of one clip, a line each."""
    from PySide6.QtCore import QEventLoop, QSettings, QTimer
    from PySide6.QtWidgets import QApplication

    from edgereg.app.window import MainWindow

    application = QApplication.instance() or QApplication([])
    ini = str(Path(tempfile.mkdtemp()) / "settings.ini")
    window = MainWindow(settings=QSettings(ini, QSettings.Format.IniFormat))
    window.show()
    player, filler = window.player, window.desk.filler
    pictures: list[float] = []
    player.shown.connect(lambda _: pictures.append(time.perf_counter()))

    def stay(seconds: float) -> None:
        loop = QEventLoop()
        QTimer.singleShot(max(round(seconds * 1000), 1), loop.quit)
        loop.exec()

    def play(name: str) -> str:
        """From the start, for some seconds."""
        player.seek(0)
        stay(0.5)
        player.play()
        before = filler.filling.state.done if filler.filling else 0
        start, used = time.perf_counter(), time.process_time()
        stay(seconds)
        used, shown = time.process_time() - used, sum(picture > start for picture in pictures)
        done = (filler.filling.state.done if filler.filling else before) - before
        player.pause()
        cost_ms = 1000 * used / max(shown + done, 1)
        return (
            f"{name}: {shown / seconds:.1f} pictures/s, {cost_ms:.0f} ms of processor time each, "
            f"{done / seconds:.1f} frames/s in the background"
        )

    window.open(str(clip))
    while player.current is None:
        stay(0.05)
    stay(1.0)
    player.pause()
    lines = [play("played")]
    filler.start()
    lines.append(play("played while computing"))
    start = time.perf_counter()
    done = before = filler.filling.state.done if filler.filling else 0
    while filler.filling is not None:
        done = filler.filling.state.done
        stay(0.05)
    rate = (done - before) / (time.perf_counter() - start)
    lines.append(f"held while computing: {rate:.1f} frames/s in the background")
    lines.append(play("played again"))
    window.leave()
    player.wait_closed(3.0)
    del application
    return "\n".join(lines)


@click.command()
@click.argument("clip", required=False, type=click.Path(exists=True, path_type=Path))
@click.option("--seconds", default=4.0, show_default=True, help="Of playing, each time.")
def main(clip: Path | None, seconds: float) -> None:
    """Measure CLIP, or the bundled one."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from edgereg.demo.clip import CLIP

    click.echo(measure(clip or CLIP, seconds))


if __name__ == "__main__":
    main()
