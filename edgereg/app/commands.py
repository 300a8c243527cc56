"""What the menus and the tool bar of the window offer."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from edgereg.app.look.language import tr
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
    "record": "record",
    "fit": "fit",
}

# Commands that need a source with a past.
SEEKING: tuple[str, ...] = (
    *("backwards", "back", "forward", "start", "end", "go_to", "earlier", "later"),
    *("from_here", "up_to_here", "whole", "mark", "mark_before", "next_mark"),
    *("point", "correct", "take_back", "compute"),
    *(f"share_{tenth}" for tenth in range(10)),
)

# Commands that need a picture.
FRAME: tuple[str, ...] = ("save_frame", "copy_frame")

RECENT, PANELS, LANGUAGE = "recent", "panels", "language"


def menus_of(window: MainWindow) -> dict[str, list[Command | str | None]]:
    """All menus, by their titles; None is a separator, and a text names a menu inside that the
    window fills."""
    return {
        tr("&File"): _file(window),
        tr("&Playback"): _playback(window),
        tr("&Go"): _go(window),
        tr("&Look"): _look(window),
        tr("&View"): _view(window),
        tr("&Help"): [
            Command("keys", tr("&Keys and mouse"), window.show_keys, "F1 ?"),
            Command("about", tr("&About edgereg"), window.about),
        ],
    }


def _file(window: MainWindow) -> list[Command | str | None]:
    ask, export = window.ask_and_open, window.saves.ask_and_export
    return [
        Command("open_file", tr("&Open file…"), partial(ask, "file"), "Ctrl+O"),
        Command("open_camera", tr("Open &camera…"), partial(ask, "camera"), "Ctrl+K"),
        Command("open_url", tr("Open &URL…"), partial(ask, "url"), "Ctrl+U"),
        RECENT,
        Command("open_demo", tr("Play the &demo clip"), window.open_demo, "Ctrl+D"),
        None,
        Command("save_video", tr("Save &video…"), partial(export, pictures=True), "Ctrl+S"),
        Command("save_table", tr("Save &table…"), partial(export, pictures=False), "Ctrl+T"),
        Command(
            "save_frame", tr("Save this &picture…"), window.saves.ask_and_save_frame, "Ctrl+Shift+S"
        ),
        Command("copy_frame", tr("Co&py this picture"), window.saves.copy_frame, "Ctrl+C"),
        Command("record", tr("&Record…"), window.saves.ask_and_record, "Ctrl+R"),
        None,
        Command("close", tr("C&lose"), window.close_source, "Ctrl+W"),
        Command("quit", tr("&Quit"), window.close, "Ctrl+Q"),
    ]


def _playback(window: MainWindow) -> list[Command | str | None]:
    play, loop = window.playback, window.transport.loop
    return [
        Command("play", tr("&Play or pause"), play.toggle, "Space"),
        Command("backwards", tr("Play back&wards, or faster so"), partial(play.shuttle, -1), "J"),
        Command("hold", tr("P&ause"), play.pause, "K"),
        Command("onwards", tr("P&lay, or faster"), partial(play.shuttle, 1), "L"),
        None,
        Command("slower", tr("&Slower"), lambda: play.set_speed(play.speed / 2), "["),
        Command("faster", tr("&Faster"), lambda: play.set_speed(play.speed * 2), "]"),
        Command(
            "as_recorded", tr("As fast as it was &recorded"), partial(play.set_speed, 1.0), "="
        ),
        Command("skip", tr("Skip frames to &keep real time"), play.set_skipping, checked=False),
        None,
        Command("loop", tr("L&oop"), loop.setChecked, "Ctrl+L", checked=False),
        Command("from_here", tr("Play from &here"), play.set_start, "I"),
        Command("up_to_here", tr("Play &up to here"), play.set_end, "O"),
        Command("whole", tr("Play &everything again"), play.clear_range, "Shift+I"),
    ]


def _go(window: MainWindow) -> list[Command | str | None]:
    play, place = window.playback, window.transport.place
    shares = [
        Command(
            f"share_{tenth}",
            tr("To {share} %").format(share=10 * tenth),
            partial(play.seek_share, tenth / 10),
            str(tenth),
        )
        for tenth in range(10)
    ]
    return [
        Command("back", tr("One frame &back"), partial(play.step, -1), "Left"),
        Command("forward", tr("One frame &on"), partial(play.step, 1), "Right"),
        Command("start", tr("To the &start"), partial(play.seek_share, 0.0), "Home"),
        Command("end", tr("To the &end"), partial(play.seek_share, 1.0), "End"),
        Command("go_to", tr("To a &frame or a time"), place.setFocus, "Ctrl+G"),
        None,
        Command(
            "earlier", tr("The &appearance before"), partial(window.look_for, -1), "Shift+Left"
        ),
        Command("later", tr("The &next appearance"), partial(window.look_for, 1), "Shift+Right"),
        None,
        Command("mark", tr("Set or remove a &mark"), play.mark, "M"),
        Command("mark_before", tr("The mark before"), partial(play.seek_mark, -1), "Ctrl+Left"),
        Command("next_mark", tr("The next mark"), partial(play.seek_mark, 1), "Ctrl+Right"),
        None,
        *shares,
    ]


def _look(window: MainWindow) -> list[Command | str | None]:
    looking, ask = window.desk.looking, window.drawing.ask
    return [
        Command("next_person", tr("Follow the &next person"), partial(looking.follow_next, 1), "P"),
        Command(
            "person_before",
            tr("Follow the one &before"),
            partial(looking.follow_next, -1),
            "Shift+P",
        ),
        None,
        Command("point", tr("&Track an object: draw a box"), lambda: ask(corrects=False), "T"),
        Command("correct", tr("&Correct its box"), lambda: ask(corrects=True), "Shift+T"),
        Command("take_back", tr("Track it no &further"), window.drawing.take_back, "Del"),
        None,
        Command("compute", tr("&Compute the whole clip"), window.desk.filler.start, "Ctrl+Shift+C"),
        Command("refine", tr("Switch &refinement"), window.desk.choices.toggle_refinement, "R"),
        None,
        Command(
            "unrefined",
            tr("Compare with &not refined"),
            window.compare_unrefined,
            "C",
            checked=False,
        ),
        Command(
            "models",
            tr("Compare with another &model…"),
            window.compare_models,
            "Shift+C",
            checked=False,
        ),
    ]


def _view(window: MainWindow) -> list[Command | str | None]:
    video = window.video
    return [
        Command("fit", tr("&Fit"), video.fit, "Ctrl+0"),
        Command("zoom_in", tr("Zoom &in"), partial(video.zoom, 1.25), "+"),
        Command("zoom_out", tr("Zoom &out"), partial(video.zoom, 0.8), "-"),
        None,
        PANELS,
        LANGUAGE,
        Command("reset_layout", tr("&All panels back in their places"), window.reset_layout),
        None,
        Command(
            "full_screen", tr("F&ull screen"), window.toggle_full_screen, "F F11", checked=False
        ),
        Command("escape", tr("Leave what was begun, or full screen"), window.escape, "Esc"),
        Command(
            "light",
            tr("&Light colours"),
            lambda on: window.set_theme((LIGHT if on else DARK).name),
            checked=False,
        ),
    ]
