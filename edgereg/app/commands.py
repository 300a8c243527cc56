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


# Commands that need a source with a past.
SEEKING: tuple[str, ...] = (
    *("backwards", "back", "forward", "start", "end", "go_to", "earlier", "later"),
    *("from_here", "up_to_here", "whole", "mark", "mark_before", "next_mark"),
    *("point", "correct", "take_back"),
)


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
    play, switch, bar = window.playback, window.refinement.switch, window.transport
    people, ask = window.people, window.ask_for_box
    return [
        Command("play", "&Play or pause", play.toggle, "Space"),
        Command("backwards", "Play back&wards, or faster so", partial(play.shuttle, -1), "J"),
        Command("hold", "P&ause", play.pause, "K"),
        Command("onwards", "P&lay, or faster", partial(play.shuttle, 1), "L"),
        Command("slower", "&Slower", lambda: play.set_speed(play.speed / 2), "["),
        Command("faster", "&Faster", lambda: play.set_speed(play.speed * 2), "]"),
        Command("as_recorded", "As fast as it was &recorded", partial(play.set_speed, 1.0), "="),
        Command("skip", "Skip frames to &keep real time", play.set_skipping, checked=False),
        None,
        Command("back", "One frame &back", partial(play.step, -1), "Left"),
        Command("forward", "One frame &on", partial(play.step, 1), "Right"),
        Command("start", "To the &start", partial(play.seek_share, 0.0), "Home"),
        Command("end", "To the &end", partial(play.seek_share, 1.0), "End"),
        Command("go_to", "&Go to a frame or a time", bar.place.setFocus, "Ctrl+G"),
        Command("earlier", "The appearance before", partial(window.look_for, -1), "Shift+Left"),
        Command("later", "The &next appearance", partial(window.look_for, 1), "Shift+Right"),
        None,
        Command("loop", "L&oop", bar.loop.setChecked, "Ctrl+L", checked=False),
        Command("from_here", "Play &from here", play.set_start, "I"),
        Command("up_to_here", "Play &up to here", play.set_end, "O"),
        Command("whole", "Play everything again", play.clear_range, "Shift+I"),
        Command("mark", "Set or remove a &mark", play.mark, "M"),
        Command("mark_before", "The mark before", partial(play.seek_mark, -1), "Ctrl+Left"),
        Command("next_mark", "The next mark", partial(play.seek_mark, 1), "Ctrl+Right"),
        None,
        Command("next_person", "Follow the next p&erson", partial(people.choose_next, 1), "P"),
        Command(
            "person_before", "Follow the one before", partial(people.choose_next, -1), "Shift+P"
        ),
        Command("point", "&Track an object: draw a box", lambda: ask(corrects=False), "T"),
        Command("correct", "&Correct its box", lambda: ask(corrects=True), "Shift+T"),
        Command("take_back", "Track it no further", window.take_back, "Del"),
        None,
        Command("refine", "Switch &refinement", switch.toggle, "R"),
    ]


def _view(window: MainWindow) -> list[Command | None]:
    video = window.video
    return [
        Command("fit", "&Fit", video.fit, "Ctrl+0"),
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
