"""A picture of the window at work: `python -m edgereg.app.screenshot SOURCE OUT.png`."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

import click


@click.command()
@click.argument("source")
@click.argument("picture", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--seconds", default=3.0, show_default=True, help="How long to play before.")
@click.option("--camera", is_flag=True, help="Play a file like a camera: looped, latest frame.")
@click.option("--light", is_flag=True, help="Light colours.")
@click.option("--panel", "panels", multiple=True, help="A further panel to show, by its key.")
@click.option("--command", "commands", multiple=True, help="A command of a menu, by its key.")
@click.option("--size", nargs=2, type=int, default=(1360, 860), show_default=True)
def main(
    source: str,
    picture: Path,
    seconds: float,
    camera: bool,
    light: bool,
    panels: tuple[str, ...],
    commands: tuple[str, ...],
    size: tuple[int, int],
) -> None:
    """Play SOURCE in a window that nobody sees, and save a PICTURE of it.

    The clock starts with the first frame.
    """
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import QSettings
    from PySide6.QtWidgets import QApplication

    from edgereg.app.window import MainWindow

    app = QApplication.instance() or QApplication(sys.argv[:1])
    # As at the first start, whatever its user has settled on.
    forgetful = tempfile.TemporaryDirectory()
    ini = str(Path(forgetful.name) / "settings.ini")
    window = MainWindow(settings=QSettings(ini, QSettings.Format.IniFormat))
    window.resize(*size)
    window.reset_layout()
    window.menus.actions["light"].setChecked(light)
    for key in ("loop", "skip"):
        window.menus.actions[key].setChecked(camera)
    window.show()
    for key in panels:
        window.show_panel(key)
    window.open(source)
    end = None
    give_up = time.monotonic() + 60.0
    while (end is None or time.monotonic() < end) and time.monotonic() < give_up:
        app.processEvents()
        time.sleep(0.005)
        if end is None and window.player.current is not None:
            end = time.monotonic() + seconds
            for key in commands:
                window.menus.actions[key].trigger()
    window.grab().save(str(picture))
    click.echo(f"{picture}: {window.status.rate.text()}  {window.status.stages.text()}")
    if window.banner.message:
        click.echo(window.banner.message)
    window.close()
    window.player.wait_closed(3.0)


if __name__ == "__main__":
    main()
