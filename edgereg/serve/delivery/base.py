"""From results to one place where they go: nothing here ever waits for that place."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from edgereg.core.errors import one_line
from edgereg.core.shown import shown
from edgereg.serve.delivery.message import Message
from edgereg.serve.pulse import Pulse

log = logging.getLogger(__name__)

# Messages in memory, before they are sent or kept on the disk.
INBOX = 2000
# Handed on together, at most.
BATCH = 100
RETRY_S = 1.0
CLOSING_S = 1.5


@dataclass(frozen=True)
class Progress:
    """How a delivery is doing.

    sent: messages that arrived, or were written. waiting: on the disk. lost: for want of room, or
    refused. failures: attempts that failed. error: why nothing arrives now, or None.
    """

    sent: int = 0
    waiting: int = 0
    lost: int = 0
    failures: int = 0
    error: str | None = None


class Handler(Protocol):
    """What a kind of delivery does with messages, in the delivery's own thread.

    pause_s: how long messages are gathered before the next ones are handed on. pulses: of threads
    of its own.
    """

    pause_s: float
    pulses: tuple[Pulse, ...]

    @property
    def progress(self) -> Progress:
        """So far; any thread may ask."""
        ...

    def handle(self, messages: deque[Message]) -> None:
        """Send or keep them, and take each from the left once that is done. May raise anything:
        what is left is offered again a second later."""
        ...

    def close(self) -> None:
        """Finish; called once, by the same thread."""
        ...


class Destination(Protocol):
    """Where results go, whatever is made of them."""

    name: str
    kind: str

    @property
    def progress(self) -> Progress:
        """How it is doing."""
        ...

    @property
    def pulses(self) -> tuple[Pulse, ...]:
        """Of its threads."""
        ...

    @property
    def alive(self) -> bool:
        """Whether its threads are there, or have come to their proper end."""
        ...

    def start(self) -> None:
        """Begin; returns at once."""
        ...

    def offer(self, message: Message) -> None:
        """Take a message, if it is wanted; never waits."""
        ...

    def ask_to_stop(self) -> None:
        """Let it hand on what has come, and end; `join` waits for it."""
        ...

    def join(self, timeout_s: float) -> bool:
        """Wait for the end; False where it takes longer."""
        ...


class Delivery:
    """A thread that hands messages to a handler, in order.

    sources, tasks: whose results it takes; none: all. rules: it takes what these say, and no
    results. hung_s: seconds after which handing on is
    said to hang.
    """

    def __init__(
        self,
        name: str,
        kind: str,
        handler: Handler,
        sources: Sequence[str] = (),
        tasks: Sequence[str] = (),
        rules: Sequence[str] = (),
        *,
        hung_s: float = 90.0,
    ) -> None:
        self.name = name
        self.kind = kind
        self._handler = handler
        self._hung_s = hung_s
        self._pulse = Pulse(f"delivery {name}")
        self._sources = frozenset(sources)
        self._tasks = frozenset(tasks)
        self._rules = frozenset(rules)
        self._inbox: deque[Message] = deque()
        self._lost = 0
        self._failures = 0
        self._error: str | None = None
        self._woken = threading.Condition()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name=f"deliver {name}", daemon=True)

    @property
    def progress(self) -> Progress:
        """How it is doing."""
        inner = self._handler.progress
        return replace(
            inner,
            lost=inner.lost + self._lost,
            failures=inner.failures + self._failures,
            error=inner.error or self._error,
        )

    @property
    def pulses(self) -> tuple[Pulse, ...]:
        """Of its threads."""
        return (self._pulse, *self._handler.pulses)

    @property
    def alive(self) -> bool:
        """Whether its thread is there, or has come to its proper end."""
        return self._thread.is_alive() or self._stopping.is_set()

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def offer(self, message: Message) -> None:
        """Take a message, if it is wanted; never waits. The oldest one goes where too many wait."""
        if self._sources and message.source not in self._sources:
            return
        if (message.rule is not None or self._rules) and message.rule not in self._rules:
            return
        kept = message.records
        if self._tasks:
            kept = [each for each in kept if each["task"] in self._tasks]
        message = replace(message, records=kept, result=None)  # a queue of pictures is too large
        with self._woken:
            self._inbox.append(message)
            if len(self._inbox) > INBOX:
                self._inbox.popleft()
                self._lost += 1
            self._woken.notify()

    def take_over(self, ended: Delivery) -> None:
        """Hand on what another one, which has ended, was still offered; before the start."""
        with ended._woken, self._woken:
            self._inbox.extendleft(reversed(ended._inbox))
            ended._inbox.clear()

    def ask_to_stop(self) -> None:
        """Let it hand on what has come, and end; `join` waits for it."""
        with self._woken:
            self._stopping.set()
            self._woken.notify()

    def join(self, timeout_s: float) -> bool:
        """Wait for the end; False where it takes longer."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def stop(self, timeout_s: float) -> bool:
        """Both of them."""
        self.ask_to_stop()
        return self.join(timeout_s)

    def _work(self) -> None:
        while batch := self._next():
            pause_s = self._handler.pause_s
            try:
                with self._pulse.doing("has been handing messages on", self._hung_s):
                    self._handler.handle(batch)
            except Exception as error:  # a full disk must not end the delivery
                self._fail(error, batch)
                pause_s = RETRY_S
            else:
                self._error = None
            if pause_s:
                self._stopping.wait(pause_s)
        try:
            with self._pulse.doing("has been ending", self._hung_s):
                self._handler.close()
        except Exception as error:
            self._fail(error, deque())

    def _next(self) -> deque[Message]:
        """The next messages; none: it is time to end."""
        with self._woken:
            self._woken.wait_for(lambda: self._inbox or self._stopping.is_set())
            return deque(self._inbox.popleft() for _ in range(min(BATCH, len(self._inbox))))

    def _fail(self, error: Exception, batch: deque[Message]) -> None:
        """Say why, where that is new, and put the messages back, as far as there is room."""
        text = shown(one_line(error))
        if text != self._error:
            where = {"delivery": self.name}
            log.warning("delivery '%s': %s", self.name, text, extra=where)
        with self._woken:
            self._error = text
            self._failures += 1
            room = 0 if self._stopping.is_set() else INBOX - len(self._inbox)
            while len(batch) > room:
                batch.popleft()
                self._lost += 1
            self._inbox.extendleft(reversed(batch))
