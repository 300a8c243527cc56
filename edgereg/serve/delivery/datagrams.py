"""UDP and OSC: small, at once, and gone where nobody listens."""

from __future__ import annotations

import socket
import struct
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence

from edgereg.core.records import Record
from edgereg.serve.delivery.base import Progress
from edgereg.serve.delivery.config import OscConfig, UdpConfig
from edgereg.serve.delivery.message import Message
from edgereg.serve.pulse import Pulse

# What a datagram holds at most, over IPv4.
LARGEST = 65507
# Older ones tell a game nothing.
NEWEST = 4
LOOK_UP_S = 30.0


class Datagrams:
    """A handler that sends what `packed` makes of a message."""

    pause_s = 0.0
    pulses: tuple[Pulse, ...] = ()

    def __init__(self, host: str, port: int, packed: Callable[[Message], Iterable[bytes]]) -> None:
        self._host, self._port = host, port
        self._packed = packed
        self._socket: socket.socket | None = None
        self._looked_up = 0.0
        self.progress = Progress()

    def handle(self, messages: deque[Message]) -> None:
        """Send the newest. Raises OSError where the name leads nowhere."""
        newest = list(messages)[-NEWEST:]
        sent, lost = 0, len(messages) - len(newest)
        messages.clear()
        for message in newest:
            for data in self._packed(message):
                arrived = len(data) <= LARGEST and self._send(data)
                sent, lost = sent + arrived, lost + (not arrived)
        before = self.progress
        self.progress = Progress(before.sent + sent, lost=before.lost + lost)

    def close(self) -> None:
        """Close the socket."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None

    def _send(self, data: bytes) -> bool:
        """Whether the system took it; a name is looked up again where it did not."""
        if self._socket is None or time.monotonic() - self._looked_up > LOOK_UP_S:
            self.close()
            found = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_DGRAM)[0]
            self._socket = socket.socket(found[0], found[1])
            self._socket.connect(found[4])
            self._looked_up = time.monotonic()
        try:
            self._socket.send(data)
        except OSError:  # nobody listens there (the last one was sent back)
            return False
        return True


def udp(config: UdpConfig) -> Datagrams:
    """As the configuration says it."""
    packed = _json if config.format == "json" else _opentrack
    return Datagrams(config.host, config.port, packed)


def osc(config: OscConfig) -> Datagrams:
    """As the configuration says it."""

    def packed(message: Message) -> Iterator[bytes]:
        for record in message.records:
            address = config.address.format(source=message.source, task=record["task"])
            track = -1 if record["track"] is None else record["track"]
            yield osc_message(address, track, *_numbers(record))

    return Datagrams(config.host, config.port, packed)


def osc_message(address: str, *arguments: int | float) -> bytes:
    """An OSC 1.0 message: integers as `i`, other numbers as `f`; all parts fill four bytes."""
    tags = "," + "".join("i" if isinstance(each, int) else "f" for each in arguments)
    packed = b"".join(struct.pack(">i" if isinstance(n, int) else ">f", n) for n in arguments)
    return _padded(address) + _padded(tags) + packed


def _padded(text: str) -> bytes:
    data = text.encode()
    return data + b"\0" * (4 - len(data) % 4)


def _numbers(record: Record) -> list[float]:
    values = record["smoothed"] or record["values"]
    lists = (value if isinstance(value, list) else [value] for value in values.values())
    return [float(number) for numbers in lists for number in numbers]


def _json(message: Message) -> Iterator[bytes]:
    yield message.body().encode()


def _opentrack(message: Message) -> Iterator[bytes]:
    """The pose of the largest head: x, y, z in cm where `fov` gives them, and its angles."""
    poses = [each for each in message.records if {"yaw", "pitch", "roll"} <= set(each["values"])]
    if poses:
        pose = max(poses, key=lambda each: _area(each["region"]))
        values = pose["smoothed"] or pose["values"]
        place = [100 * float(values.get(name, 0.0)) for name in ("x", "y", "distance")]
        angles = [float(values[name]) for name in ("yaw", "pitch", "roll")]
        yield struct.pack("<6d", *place, *angles)


def _area(region: Sequence[float] | None) -> float:
    return 0.0 if region is None else (region[2] - region[0]) * (region[3] - region[1])
