"""A whole recording computed in the background, so that all its values are known."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from edgereg.app.player.people import Place
from edgereg.app.player.player import Player
from edgereg.app.player.request import Request, open_request
from edgereg.app.player.state import State
from edgereg.assembly import in_order
from edgereg.core.errors import EdgeregError, one_line
from edgereg.core.frames import Frame, SourceInfo
from edgereg.core.predictions import Predictions
from edgereg.core.result import FrameResult
from edgereg.core.settings import Settings
from edgereg.pipeline.guard import Guard
from edgereg.pipeline.memo import Memo
from edgereg.sources.base import Source
from edgereg.sources.wrapped import Part

_POLL_MS = 100
# So many results may wait for the window.
_MOST_WAITING = 500
# While something plays, the background rests for so many times as long as it works.
_REST = 2.0
_NO_PIXELS = np.zeros((0, 0, 3), np.uint8)


@dataclass(frozen=True)
class Filled:
    """done, total: frames; total 0: not known. problem: why it ended by itself, or nothing."""

    done: int = 0
    total: int = 0
    ended: bool = False
    problem: str = ""


class Filling:
    """One run through a player's recording, in a thread of its own, frame by frame.

    state: how far it is. What models know of frames comes from the player's memo, and goes there.
    `take` is for the window's thread.
    """

    def __init__(self, player: Player, request: Request, run: int) -> None:
        """run: a number that no other filling of this source has."""
        self._player, self._run = player, run
        self._stopped, self._yields = threading.Event(), False
        # Only the thread writes it.
        self.state = Filled()
        self._results: queue.Queue[FrameResult] = queue.Queue(_MOST_WAITING)
        work = partial(self._work, request, replace(player.settings), player.memo)
        self._thread = threading.Thread(target=work, name="filling", daemon=True)
        self._thread.start()

    def give_way(self, on: bool) -> None:
        """Rest in between, or don't."""
        self._yields = on

    def stop(self) -> None:
        """End soon; returns at once."""
        self._stopped.set()

    def join(self, timeout_s: float) -> None:
        """Wait for the end."""
        self._thread.join(timeout_s)

    def take(self) -> list[FrameResult]:
        """The results since the last time, in order and without pixels."""
        found = []
        while not self._results.empty():
            found.append(self._results.get_nowait())
        return found

    def write(self, result: FrameResult) -> None:
        """As a sink: hand a result over."""
        if not self._stopped.is_set():
            self._player.note_objects(result)
        small = replace(result, image=_NO_PIXELS, picture=None, marks=())
        while not self._stopped.is_set():
            try:
                self._results.put(small, timeout=0.1)
            except queue.Full:
                continue
            break
        self.state = replace(self.state, done=self.state.done + 1)

    def close(self) -> None:
        """As a sink: nothing to close."""

    def _work(self, request: Request, settings: Settings, memo: Memo) -> None:
        problem, player = "", self._player
        try:
            source: Source = Part(open_request(player.plugins, request), stop=request.limit)
            whose = player.plugins.foreign("edgereg_tasks")
            report = in_order(
                _Patient(source, self._rest, self._measure),
                player.computed,
                [self],
                settings,
                guard=Guard(whose=whose),
                recognise=self._recognise,
                memo=memo,
            )
            problem = "" if report.error is None else str(report.error)
        except EdgeregError as error:
            problem = str(error)
        except Exception as error:  # a plugin may raise anything
            problem = one_line(error)
        self.state = replace(self.state, ended=True, problem=problem)

    def _recognise(self, task: str, frame: Frame, place: Place, found: Predictions) -> Predictions:
        """Its tracks are not those of the player's run: they have places of their own."""
        if self._stopped.is_set():
            return found
        return self._player.people.recognise(task, frame, (-self._run, *place[1:]), found)

    def _rest(self, worked_s: float) -> bool:
        """Let the player go first; False once stopped."""
        if self._yields:
            self._stopped.wait(_REST * worked_s)
        return not self._stopped.is_set()

    def _measure(self, total: int | None) -> None:
        self.state = replace(self.state, total=total or 0)


class _Patient:
    """A source whose frames come when there is time for them."""

    def __init__(
        self,
        source: Source,
        may_go_on: Callable[[float], bool],
        measured: Callable[[int | None], None],
    ) -> None:
        """may_go_on: after so many seconds of work, waits for it; measured: told the length."""
        self._source, self._may_go_on, self._measured = source, may_go_on, measured

    @property
    def info(self) -> SourceInfo:
        """The source's own."""
        return self._source.info

    @property
    def warnings(self) -> tuple[str, ...]:
        """The player's own run tells them."""
        return ()

    def frames(self) -> Iterator[Frame]:
        """All frames, or those up to the moment in which it is stopped."""
        since = time.perf_counter()
        for frame in self._source.frames():
            self._measured(self._source.info.frame_count)
            if not self._may_go_on(time.perf_counter() - since):
                return
            since = time.perf_counter()
            yield frame

    def seek(self, index: int) -> None:
        """The source's own."""
        self._source.seek(index)

    def close(self) -> None:
        """The source's own."""
        self._source.close()


class Filler(QObject):
    """Lets a player's recording be computed in the background, on request.

    Signals: `changed()`: it has begun or ended; `failed(str)`: why it ended by itself.
    """

    changed = Signal()
    failed = Signal(str)

    def __init__(self, player: Player) -> None:
        super().__init__(player)
        self._player = player
        self._runs = 0
        self.filling: Filling | None = None
        self._timer = QTimer(self, interval=_POLL_MS)
        self._timer.timeout.connect(self._poll)
        player.state_changed.connect(self._on_state)

    def start(self) -> None:
        """Compute the whole recording with the present settings; it begins anew where it is on."""
        request = self._player.request
        if not self._player.seekable or request is None:
            return
        if self.filling is not None:
            self.filling.stop()
        self._runs += 1
        self.filling = Filling(self._player, request, self._runs)
        self._on_state(self._player.state)
        self._timer.start()
        self.changed.emit()

    def stop(self) -> None:
        """Compute no further; what is known stays known."""
        if self.filling is not None:
            self._poll()
        if self.filling is not None:
            self._end()

    def renew(self) -> None:
        """Settings have changed: what is under way begins anew with them."""
        if self.filling is not None:
            self.start()

    def _end(self) -> None:
        if self.filling is not None:
            self.filling.stop()
            self.filling = None
        self._timer.stop()
        self.changed.emit()

    def _poll(self) -> None:
        if self.filling is None:
            return
        # Before its results, so that none that came meanwhile is missed.
        state = self.filling.state
        self._player.learn(self.filling.take())
        if state.ended:
            self._end()
            if state.problem:
                self.failed.emit(state.problem)

    def _on_state(self, state: State) -> None:
        if self.filling is None:
            return
        if state in (State.EMPTY, State.FAILED):
            self._end()
        else:
            self.filling.give_way(state is State.PLAYING)
