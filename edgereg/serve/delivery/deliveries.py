"""The deliveries at work, which come, change and go while the service runs."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from edgereg.core.errors import EdgeregError
from edgereg.serve.delivery.base import CLOSING_S, Delivery, Destination
from edgereg.serve.delivery.config import DeliveryConfig
from edgereg.serve.delivery.open import open_delivery

log = logging.getLogger(__name__)


class Deliveries:
    """Every delivery by name. Any thread may iterate; one thread makes changes."""

    def __init__(
        self, configs: Mapping[str, DeliveryConfig], state: Path | None, hung_s: float
    ) -> None:
        """Open all, since a queue may say that it can't be. Raises EdgeregError."""
        self._configs = dict(configs)
        self._state = state
        self._hung_s = hung_s
        self._every: Mapping[str, Destination] = {
            name: self._opened(name, config) for name, config in configs.items()
        }

    def __iter__(self) -> Iterator[Destination]:
        return iter(tuple(self._every.values()))

    def start(self) -> None:
        """Start all."""
        for delivery in self:
            delivery.start()

    def end(self, deadline: float) -> bool:
        """End all, side by side; False where one hangs. deadline: of `time.monotonic`."""
        for delivery in self:
            delivery.ask_to_stop()
        ended = [delivery.join(max(0.0, deadline - time.monotonic())) for delivery in self]
        return all(ended)

    def follow(self, configs: Mapping[str, DeliveryConfig]) -> None:
        """Take what the configuration says now; only what differs is begun anew.

        What comes meanwhile is handed on by the new one. Raises EdgeregError where one can't be;
        the one before it then goes on, and so do all others.
        """
        failed: list[str] = []
        for name in [each for each in self._configs if each not in configs]:
            self._end(self._every[name])
            self._put(name, None)
            del self._configs[name]
        for name, config in configs.items():
            if self._configs.get(name) == config:
                continue
            try:
                self._change(name, config)
            except EdgeregError as error:
                failed.append(str(error))
        if failed:
            raise EdgeregError("\n".join(failed))

    def _change(self, name: str, config: DeliveryConfig) -> None:
        old = self._every.get(name)
        if old is not None:
            self._end(old)
        try:
            new = self._opened(name, config)
        except EdgeregError:
            if old is not None:  # its place on the disk was good until now
                self._begin(name, self._opened(name, self._configs[name]), old)
            raise
        self._configs[name] = config
        self._begin(name, new, old)

    def _begin(self, name: str, new: Destination, old: Destination | None) -> None:
        self._put(name, new)
        if isinstance(old, Delivery) and isinstance(new, Delivery):
            new.take_over(old)
        new.start()

    def _opened(self, name: str, config: DeliveryConfig) -> Destination:
        if self._state is None:
            raise EdgeregError("state: name a folder for what is to be delivered")
        return open_delivery(name, config, self._state, self._hung_s)

    def _put(self, name: str, delivery: Destination | None) -> None:
        """In one step for those who iterate."""
        kept = {**self._every, name: delivery}
        self._every = {each: found for each, found in kept.items() if found is not None}

    def _end(self, delivery: Destination) -> None:
        delivery.ask_to_stop()
        if not delivery.join(2 * CLOSING_S):
            log.warning("delivery '%s': hangs, and is left behind", delivery.name)
