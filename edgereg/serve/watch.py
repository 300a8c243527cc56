"""Sees what hangs: says it, counts it, and lets the supervisor know by silence."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from edgereg.serve.pulse import Pulse
from edgereg.serve.systemd import ALIVE, notify

log = logging.getLogger(__name__)

LOOK_S = 0.5


class Watch:
    """Looks at every pulse twice a second, in a thread of its own.

    pulses: those there are now. dead: a line for each thread that is gone. As long as nothing hangs
    and nobody is dead it tells systemd so, which restarts a service that says nothing any more.
    """

    def __init__(
        self, pulses: Callable[[], Sequence[Pulse]], dead: Callable[[], Sequence[str]]
    ) -> None:
        self._pulses = pulses
        self._dead = dead
        self._hanging: set[Pulse] = set()
        self.hangs = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="watch", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopping.set()

    def faults(self) -> list[str]:
        """What hangs or is gone now, a line for each; none: all is well."""
        late = [each.late() for each in self._pulses()]
        return [*self._dead(), *(line for line in late if line is not None)]

    def hanging(self) -> dict[str, bool]:
        """Whether each of what is watched hangs, by name."""
        found: dict[str, bool] = {}
        for each in self._pulses():
            found[each.name] = found.get(each.name, False) or each.late() is not None
        return found

    def _work(self) -> None:
        while not self._stopping.wait(LOOK_S):
            self._note()
            if not self.faults():
                notify(ALIVE)

    def _note(self) -> None:
        """Log and count each hang once, and each end of one."""
        for pulse in self._pulses():
            line = pulse.late()
            if line is not None and pulse not in self._hanging:
                log.error("hangs: %s", line)
                self._hanging.add(pulse)
                self.hangs += 1
            elif line is None and pulse in self._hanging:
                log.warning("%s goes on", pulse.name)
                self._hanging.discard(pulse)
