"""From the configuration to deliveries, and from results to them."""

from __future__ import annotations

import time
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

from edgereg.core.errors import EdgeregError
from edgereg.core.records import Record, records
from edgereg.core.result import FrameResult
from edgereg.serve.delivery.archive import MEGABYTE, Archive
from edgereg.serve.delivery.base import Delivery, Destination, Handler
from edgereg.serve.delivery.broadcast import Broadcast
from edgereg.serve.delivery.config import (
    DeliveryConfig,
    FilesConfig,
    HlsConfig,
    MqttConfig,
    OfMessages,
    OscConfig,
    RedisConfig,
    RtspConfig,
    UdpConfig,
    WebhookConfig,
)
from edgereg.serve.delivery.courier import Carrier, Courier
from edgereg.serve.delivery.datagrams import osc, udp
from edgereg.serve.delivery.message import Message
from edgereg.serve.delivery.mqtt import MqttCarrier
from edgereg.serve.delivery.queue import DiskQueue
from edgereg.serve.delivery.redis_stream import RedisCarrier
from edgereg.serve.delivery.webhook import WebhookCarrier
from edgereg.serve.live import Live
from edgereg.serve.rules.following import Event, Following


def open_delivery(
    name: str, config: DeliveryConfig, state: Path, hung_s: float = 90.0
) -> Destination:
    """A delivery that is not started yet; what it must remember lies in the folder `state`.

    hung_s: as of `Delivery`.

    Raises EdgeregError, with the place in the configuration.
    """
    try:
        if isinstance(config, HlsConfig | RtspConfig):
            return Broadcast(name, config, hung_s)
        handler = _handler(name, config, state, hung_s)
    except EdgeregError as error:
        raise EdgeregError(f"deliver.{name}: {error}") from error
    return Delivery(
        name, config.to, handler, config.sources, config.tasks, config.rules, hung_s=hung_s
    )


def _handler(name: str, config: OfMessages, state: Path, hung_s: float) -> Handler:
    carrier: Carrier
    match config:
        case UdpConfig():
            return udp(config)
        case OscConfig():
            return osc(config)
        case FilesConfig():
            return _archive(config)
        case MqttConfig():
            carrier = MqttCarrier(config)
        case WebhookConfig():
            carrier = WebhookCarrier(config)
        case RedisConfig():
            carrier = RedisCarrier(config)
    limit = int(MEGABYTE * config.queue_megabytes)
    return Courier(name, DiskQueue(state / f"{name}.queue", limit), carrier, hung_s)


def _archive(config: FilesConfig) -> Archive:
    if config.format == "parquet":
        # Now, since it takes seconds on a small machine; results would wait in memory.
        try:
            import_module("pyarrow.parquet")
        except ImportError as error:
            raise EdgeregError("Parquet needs pyarrow; install edgereg[results]") from error
    if config.rules and config.format != "messages":
        raise EdgeregError("what rules say needs format: messages; tables hold records")
    if config.keep_megabytes < config.megabytes:
        raise EdgeregError("keep_megabytes must be at least megabytes, that of one file")
    return Archive(config)


class Outgoing:
    """A sink that makes records of a source's results, once, for everybody who reads them."""

    def __init__(
        self, source: str, live: Live, deliveries: Iterable[Destination], following: Following
    ) -> None:
        """following: the source's rules."""
        self._source = source
        self._live = live
        self._deliveries = deliveries
        self._following = following

    def write(self, result: FrameResult) -> None:
        """Hand a result on, and what rules say of it; nobody is waited for."""
        at, found = time.time(), records(result)
        self._live.keep(result, found)
        self._offer(Message(self._source, at, found, result=result))
        for event in self._events(result, found):
            told = list(event.records)
            self._offer(Message(self._source, at, told, event.rule, event.what, event.track))

    def _events(self, result: FrameResult, found: list[Record]) -> list[Event]:
        height, width = result.image.shape[:2]
        by_task = {
            task: [each for each in found if each["task"] == task] for task in result.predictions
        }
        return self._following.events(result.time_s, (width, height), by_task)

    def _offer(self, message: Message) -> None:
        for delivery in self._deliveries:
            delivery.offer(message)

    def close(self) -> None:
        """A run has ended; the next one goes on in the same place."""
