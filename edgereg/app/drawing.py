"""Boxes that the user draws in the picture: asked for, drawn, and followed."""

from __future__ import annotations

from edgereg.app.desk import Desk
from edgereg.app.look.language import tr
from edgereg.app.panels.video_view import VideoView


class Drawing:
    """Lets the user draw boxes, and hands them to the desk's pointing."""

    def __init__(self, video: VideoView, desk: Desk) -> None:
        self._video, self._desk = video, desk
        self._corrects = False
        video.boxed.connect(self._on_boxed)

    def ask(self, *, corrects: bool) -> None:
        """Let the user draw a box round an object to follow, or round the one that is followed."""
        followed, task = self._desk.looking.focus.followed, self._desk.pointing.task
        if self._video.draws_box:
            self._video.ask_for_box(False)
        elif task is None:
            self._desk.messages.inform(tr("no task that follows what you point at is loaded"))
        elif corrects and (followed is None or followed.detector != task):
            self._desk.messages.inform(tr("first click an object that you have drawn a box round"))
        else:
            self._corrects = corrects
            self._desk.playback.pause()
            self._video.ask_for_box()

    def take_back(self) -> None:
        """Follow the object looked at no further."""
        followed = self._desk.looking.focus.followed
        if followed is not None and self._desk.pointing.take_back(followed):
            self._desk.looking.release()

    def _on_boxed(self, *box: float) -> None:
        x1, y1, x2, y2 = box
        followed, pointing = self._desk.looking.focus.followed, self._desk.pointing
        if self._corrects and followed is not None:
            pointed = pointing.correct(followed, (x1, y1, x2, y2))
        else:
            pointed = pointing.add((x1, y1, x2, y2))
        if pointed is not None:
            self._desk.choices.switch_task(pointed.detector, on=True)
            self._desk.looking.follow(pointed)
