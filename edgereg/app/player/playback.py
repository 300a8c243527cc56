"""What a play bar offers beyond play, pause and seek: speed, backwards, loop, a range, marks."""

from __future__ import annotations

import math
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from edgereg.app.player.player import Player
from edgereg.app.player.state import State
from edgereg.app.timecode import place_of
from edgereg.core.result import FrameResult

SLOWEST, FASTEST = 0.1, 8.0
_BACKWARD_MS = 40


class Playback(QObject):
    """Steers a player. `changed()`: one of its settings has; `turned(bool)`: it plays backwards, or
    does no longer.

    speed: SLOWEST to FASTEST. loop: begin again at the end. skips: leave out what can't be computed
    in time, which speeds above 1 always do. start, end: frames of the range that is played, None
    where it is open. marks: frames, ascending.

    Backwards each picture is a jump: tasks with a memory begin anew on it.
    """

    changed = Signal()
    turned = Signal(bool)

    def __init__(self, player: Player) -> None:
        super().__init__(player)
        self._player = player
        self.speed = 1.0
        self.loop = self.skips = False
        self.start: int | None = None
        self.end: int | None = None
        self.marks: list[int] = []
        self._from: tuple[float, float] = (0.0, 0.0)
        self._wants: Callable[[FrameResult], bool] | None = None
        self._goes_on = False
        self._backward = QTimer(self, interval=_BACKWARD_MS)
        self._backward.timeout.connect(self._go_back)
        player.shown.connect(self._on_shown)
        player.passed.connect(self._on_passed)
        player.state_changed.connect(self._on_state)

    @property
    def backwards(self) -> bool:
        """Whether it plays backwards."""
        return self._backward.isActive()

    def forget(self) -> None:
        """Another source: its marks and its range are others."""
        self.start = self.end = None
        self.marks = []
        self._stop()
        self.changed.emit()

    def toggle(self) -> None:
        """Play or pause."""
        if self.backwards or self._player.state is State.PLAYING:
            self.pause()
        else:
            self.play()

    def play(self) -> None:
        """Play on, in the range where one is set."""
        self._stop()
        first = self.start or 0
        outside = self._player.index < first or self._player.index >= self._last()
        if self._player.seekable and outside and (self.start, self.end) != (None, None):
            self._player.seek(first)
        self._player.play()

    def pause(self) -> None:
        """Hold the picture, whichever way it plays, and whatever is looked for."""
        self._stop()
        self._player.pause()

    def play_backwards(self) -> None:
        """Play towards the start, as many pictures as come."""
        if not self._player.seekable:
            return
        self.pause()
        self._from = time.monotonic(), self._player.time_of(self._player.index)
        self._backward.start()
        self.turned.emit(True)

    def shuttle(self, direction: int) -> None:
        """Forth (1) or back (-1); twice the speed where it plays this way already."""
        going = self.backwards if direction < 0 else self._player.state is State.PLAYING
        if going:
            self.set_speed(2 * self.speed)
        elif direction < 0:
            self.play_backwards()
        else:
            self.play()

    def seek(self, index: int) -> None:
        """Go to a frame, and look for nothing any more."""
        self._stop()
        self._player.seek(index)

    def seek_time(self, time_s: float) -> None:
        """Go to the frame nearest to a time in seconds."""
        self._stop()
        self._player.seek_time(time_s)

    def scrub(self, on: bool) -> None:
        """A slider was taken, or let go: meanwhile nothing plays on."""
        self._stop()
        if on:
            self._goes_on = self._player.state is State.PLAYING
            self._player.pause()
        elif self._goes_on:
            self._goes_on = False
            self._player.play()

    def step(self, frames: int) -> None:
        """Pause and move by some frames."""
        self._stop()
        self._player.step(frames)

    def seek_share(self, share: float) -> None:
        """Go to a share of the whole, 0 to 1."""
        info = self._player.info
        if info is not None and info.frame_count:
            self.seek(round(share * (info.frame_count - 1)))

    def go_to(self, text: str) -> None:
        """Go to a frame or a time as a user types it. Raises ValueError where it is neither."""
        place = place_of(text)
        if isinstance(place, int):
            self.seek(place - 1)
        else:
            self.seek_time(place)

    def set_speed(self, speed: float) -> None:
        """Play faster or slower, within bounds."""
        self.speed = min(max(speed, SLOWEST), FASTEST)
        self._from = time.monotonic(), self._player.time_of(self._player.index)
        self._set_pace()
        self.changed.emit()

    def set_skipping(self, on: bool) -> None:
        """Leave out frames that can't be computed in time, or none."""
        self.skips = on
        self._set_pace()
        self.changed.emit()

    def set_loop(self, on: bool) -> None:
        """Begin again at the end, or not."""
        self.loop = on
        self.changed.emit()

    def set_start(self) -> None:
        """The range begins with the present frame."""
        self.start = self._player.index
        if self.end is not None and self.end <= self.start:
            self.end = None
        self.changed.emit()

    def set_end(self) -> None:
        """The range ends with the present frame."""
        self.end = self._player.index
        if self.start is not None and self.start >= self.end:
            self.start = None
        self.changed.emit()

    def clear_range(self) -> None:
        """Play everything again."""
        self.start = self.end = None
        self.changed.emit()

    def mark(self) -> None:
        """Set a mark on the present frame, or take it away."""
        index = self._player.index
        self.marks = sorted({*self.marks} ^ {index})
        self.changed.emit()

    def seek_mark(self, direction: int) -> None:
        """Go to the next mark (1), or the one before (-1), where there is one."""
        index = self._player.index
        at = (
            bisect_right(self.marks, index) if direction > 0 else bisect_left(self.marks, index) - 1
        )
        if 0 <= at < len(self.marks):
            self.seek(self.marks[at])

    def look_ahead(self, wants: Callable[[FrameResult], bool]) -> None:
        """Play as fast as results come, up to the first one that is wanted, and hold it."""
        self._stop()
        if self._player.index >= self._last():
            return
        self._wants = wants
        self._set_pace()
        self._player.play()

    def _set_pace(self) -> None:
        if self._wants is not None:
            self._player.set_pace(math.inf)
        else:
            self._player.set_pace(self.speed, keeps_up=self.skips or self.speed > 1.0)

    def _stop(self) -> None:
        """End playing backwards, and looking for something."""
        if self.backwards:
            self._backward.stop()
            self.turned.emit(False)
        if self._wants is not None:
            self._wants = None
            self._set_pace()

    def _last(self) -> float:
        if self.end is not None:
            return self.end
        info = self._player.info
        return (info.frame_count if info is not None and info.frame_count else math.inf) - 1

    def _go_back(self) -> None:
        began, time_s = self._from
        target_s = time_s - self.speed * (time.monotonic() - began)
        first = self.start or 0
        if target_s > self._player.time_of(first):
            self._player.seek_time(target_s)
        else:
            self._player.seek(first)
            self._stop()

    def _on_passed(self, results: list[FrameResult]) -> None:
        if self._wants is not None and self._player.state is State.PLAYING:
            found = next((each for each in results if self._wants(each)), None)
            if found is not None:
                self.pause()
                self._player.seek(found.index)

    def _on_shown(self, result: FrameResult) -> None:
        if self._player.state is not State.PLAYING or self.end is None or result.index < self.end:
            return
        if self.loop:
            self._player.seek(self.start or 0)
        else:
            self.pause()
            self._player.seek(self.end)

    def _on_state(self, state: State) -> None:
        if state is State.ENDED and self._wants is None and self.loop:
            # Later: others are still to be told of the end.
            QTimer.singleShot(0, self._begin_again)
        elif state not in (State.PLAYING, State.PAUSED):
            self._goes_on = False
            self._stop()

    def _begin_again(self) -> None:
        if self._player.state is State.ENDED:
            self._player.seek(self.start or 0)
            self._player.play()
