"""Messages kept on disk until the other side has them."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Sequence
from typing import Protocol

from edgereg.core.errors import EdgeregError, one_line
from edgereg.core.shown import shown
from edgereg.serve.delivery.base import CLOSING_S, Progress
from edgereg.serve.delivery.message import Message, Numbered
from edgereg.serve.delivery.queue import DiskQueue
from edgereg.serve.pulse import Pulse

log = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 15.0


class RefusedError(EdgeregError):
    """The other side is there and will never take these messages."""


class Carrier(Protocol):
    """The way to the other side, used by one thread."""

    # Messages that it takes at once, and the seconds after which `send` has surely come to an end.
    batch: int
    longest_s: float

    def send(self, messages: Sequence[Numbered]) -> int:
        """Send the text of each, in order; how many of the first ones have arrived.

        Raises RefusedError, or anything else where none has arrived: all are sent again later.
        """
        ...

    def close(self) -> None:
        """Leave."""
        ...


class Courier:
    """A handler that keeps messages on disk, and a thread that sends them in order.

    A message is forgotten when it has arrived. Where the process is killed between the two, it is
    sent again, with the same id.
    """

    # Every batch is one that the disk must have.
    pause_s = 0.1

    def __init__(self, name: str, queue: DiskQueue, carrier: Carrier, hung_s: float = 90.0) -> None:
        """hung_s: seconds after which sending is said to hang, if the carrier needs no longer."""
        self._name = name
        self._hung_s = max(hung_s, carrier.longest_s)
        self._pulse = Pulse(f"sender of {name}")
        self.pulses: tuple[Pulse, ...] = (self._pulse,)
        self._queue = queue
        self._carrier = carrier
        self._failures = 0
        self._error: str | None = None
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name=f"send {name}", daemon=True)
        self._thread.start()

    @property
    def progress(self) -> Progress:
        """So far, before the last restart too."""
        queue = self._queue
        return Progress(queue.sent, queue.waiting, queue.lost, self._failures, self._error)

    def handle(self, messages: deque[Message]) -> None:
        """Keep them. Raises sqlite3.Error where the disk can't take them."""
        self._queue.put([(message.source, message.body()) for message in messages])
        messages.clear()
        self._woken.set()

    def close(self) -> None:
        """Send what the other side takes at once; the rest waits for the next start."""
        self._stopping.set()
        self._woken.set()
        self._thread.join(CLOSING_S)
        if not self._thread.is_alive():
            self._queue.close()

    def _work(self) -> None:
        pause = FIRST_PAUSE_S
        while not self._stopping.is_set() or (self._queue.waiting and self._error is None):
            self._woken.clear()
            try:
                self._send_waiting()
            except Exception as error:  # whatever it is, the messages stay and are sent later
                self._fail(error)
                self._stopping.wait(pause)
                pause = min(2 * pause, LONGEST_PAUSE_S)
            else:
                pause, self._error = FIRST_PAUSE_S, None
                if not self._stopping.is_set():
                    self._woken.wait()
        self._carrier.close()

    def _send_waiting(self) -> None:
        while waiting := self._queue.first(self._carrier.batch):
            try:
                with self._pulse.doing("has been sending", self._hung_s):
                    count = self._carrier.send(
                        [Numbered(e.source, self._queue.stream, e.number, e.body) for e in waiting]
                    )
            except RefusedError as error:
                self._fail(error)
                self._queue.done(waiting[-1].number, sent=False)
                continue
            self._error = None
            self._queue.done(waiting[count - 1].number)

    def _fail(self, error: Exception) -> None:
        text = shown(one_line(error))
        if text != self._error:
            where = {"delivery": self._name}
            log.warning("delivery '%s': %s", self._name, text, extra=where)
        self._failures += 1
        self._error = text
