"""What a camera or stream shows, written as it comes, by a thread that playing never waits for."""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from edgereg.blurring import HEADS, Blur, Veil, Veiled
from edgereg.core.errors import EdgeregError, one_line
from edgereg.core.result import FrameResult
from edgereg.core.shown import shown
from edgereg.paint.opencv import paint
from edgereg.plugins import Plugins
from edgereg.sinks.base import RunInfo, Sink
from edgereg.sinks.open import format_of
from edgereg.sinks.outputs import Output, open_outputs, settle
from edgereg.tracks.covers import Held

# So many pictures may wait for a slow disk; those that come then are left out, and counted.
_MOST_WAITING = 32


@dataclass(frozen=True)
class Take:
    """What to record: targets, files by their endings; marks, blur: as of an `Export`."""

    targets: tuple[Path, ...]
    marks: bool = True
    blur: Blur | None = None


@dataclass(frozen=True)
class Recorded:
    """frames: written so far; seconds: their length; lost: frames that the disk was too slow for.
    ended: whether all files are closed. problem: why it ended by itself, or what is not whole."""

    frames: int = 0
    seconds: float = 0.0
    lost: int = 0
    ended: bool = False
    problem: str = ""


def recording_name(source: str) -> Path:
    """A name for a recording of a source that begins now."""
    words = re.sub(r"[^\w.-]+", "-", shown(source)).strip("-.") or "camera"
    return Path(f"{words}-{datetime.now():%Y-%m-%d-%H%M%S}.mp4")


class Recording:
    """One recording, from now until `stop`. Any thread may call; nothing waits but `join`.

    Frames and seconds of what is written begin with 0. A file that can't be written ends it, with
    what was written so far; whoever plays does not notice.
    """

    def __init__(self, plugins: Plugins, info: RunInfo, take: Take) -> None:
        self.take = take
        self._plugins, self._info = plugins, info
        self._changed = threading.Condition()
        self._waiting: deque[FrameResult] = deque()
        self._stopped = False
        self._state = Recorded()
        self._thread = threading.Thread(target=self._work, name="recording", daemon=True)
        self._thread.start()

    @property
    def state(self) -> Recorded:
        """How far it is."""
        with self._changed:
            return self._state

    def write(self, result: FrameResult) -> None:
        """Take a result in; returns at once."""
        with self._changed:
            if self._stopped:
                return
            if len(self._waiting) < _MOST_WAITING:
                self._waiting.append(result)
                self._changed.notify_all()
            else:
                self._state = replace(self._state, lost=self._state.lost + 1)

    def stop(self) -> None:
        """Take nothing more in; what waits is still written, and the files closed."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def join(self, timeout_s: float) -> None:
        """Wait until all is closed."""
        self._thread.join(timeout_s)

    def _work(self) -> None:
        outputs: Sequence[Output] = ()
        problem = ""
        try:
            outputs = open_outputs(self.take.targets, self._info, self._plugins.sinks())
            self._write_all(self._veiled(outputs))
        except EdgeregError as error:
            problem = str(error)
        except BaseException as error:  # a plugin's sink may raise anything
            problem = one_line(error)
        self.stop()
        for output in outputs:
            try:
                output.close()
            except EdgeregError as error:
                problem = problem or str(error)
        places = settle(outputs, whole=not problem)
        with self._changed:
            self._waiting.clear()
            told = "; ".join([*([problem] if problem else ()), *places])
            self._state = replace(self._state, ended=True, problem=told)

    def _veiled(self, outputs: Sequence[Output]) -> list[Sink]:
        """The outputs, those of pictures behind a veil where heads are to be covered."""
        blur = self.take.blur
        if blur is None:
            return list(outputs)
        veil = Veil(blur, Held(HEADS).cover)
        formats = self._plugins.sinks()
        return [
            Veiled(output, veil) if format_of(output.path, formats).pictures else output
            for output in outputs
        ]

    def _write_all(self, sinks: Sequence[Sink]) -> None:
        first_s: float | None = None
        while (result := self._next()) is not None:
            first_s = result.time_s if first_s is None else first_s
            time_s, frames = result.time_s - first_s, self._state.frames
            drawn = result.marks if self.take.marks else ()
            picture = None if self.take.blur is not None else paint(result.image, drawn)
            moved = replace(result, index=frames, time_s=time_s, picture=picture)
            for sink in sinks:
                sink.write(moved)
            with self._changed:
                self._state = replace(self._state, frames=frames + 1, seconds=time_s)

    def _next(self) -> FrameResult | None:
        """The next result, in order; None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._stopped)
            return self._waiting.popleft() if self._waiting else None
