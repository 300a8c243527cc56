"""What the menus and the tool bar of the window offer."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from edgereg.app.look.theme import DARK, LIGHT
from edgereg.app.menus import Command

if TYPE_CHECKING:
    from edgereg.app.window import MainWindow

# Commands of the tool bar, with their drawings.
TOOLBAR: Mapping[str, str] = {
    "open_file": "folder",
    "open_camera": "camera",
    "open_url": "link",
    "save_video": "film",
    "save_table": "table",
    "fit": "fit",
}


def menus_of(window: MainWindow) -> dict[str, list[Command | None]]:
    """All menus; None is a separator."""
    return {
        "&File": _file(window),
        "&Playback": _playback(window),
        "&View": _view(window),
        "&Help": [Command("about", "&About edgereg", window.about)],
    }


def _file(window: MainWindow) -> list[Command | None]:
    ask, export = window.ask_and_open, window.ask_and_export
    return [
        Command("open_file", "&Open file…", partial(ask, "file"), "Ctrl+O"),
        Command("open_camera", "Open &camera…", partial(ask, "camera"), "Ctrl+K"),
        Command("open_url", "Open &URL…", partial(ask, "url"), "Ctrl+U"),
        Command("open_demo", "Play the &demo clip", window.open_demo, "Ctrl+D"),
        None,
        Command("save_video", "Save &video…", partial(export, pictures=True), "Ctrl+S"),
        Command("save_table", "Save &table…", partial(export, pictures=False), "Ctrl+T"),
        None,
        Command("close", "C&lose", window.player.close, "Ctrl+W"),
        Command("quit", "&Quit", window.close, "Ctrl+Q"),
    ]


def _playback(window: MainWindow) -> list[Command | None]:
    player, switch = window.player, window.refinement.switch
    return [
        Command("play", "&Play or pause", player.toggle, "Space"),
        Command("back", "One frame &back", partial(player.step, -1), "Left"),
        Command("forward", "One frame &on", partial(player.step, 1), "Right"),
        Command("start", "To the &start", partial(player.seek, 0), "Home"),
        None,
        Command("refine", "Switch &refinement", switch.toggle, "R"),
        None,
        Command(
            "realtime",
            "Skip frames to &keep real time",
            lambda on: window.set_pace(realtime=on),
            checked=False,
        ),
        Command("loop", "&Loop", lambda on: window.set_pace(loop=on), checked=False),
    ]


def _view(window: MainWindow) -> list[Command | None]:
    video = window.video
    return [
        Command("fit", "&Fit", video.fit, "0"),
        Command("zoom_in", "Zoom &in", partial(video.zoom, 1.25), "+"),
        Command("zoom_out", "Zoom &out", partial(video.zoom, 0.8), "-"),
        None,
        Command("full_screen", "F&ull screen", window.toggle_full_screen, "F", checked=False),
        Command(
            "light",
            "&Light colours",
            lambda on: window.set_theme((LIGHT if on else DARK).name),
            checked=False,
        ),
    ]
