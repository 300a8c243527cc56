"""Connections that cost nothing for long: who dawdles, reads nothing or crowds in is cut off."""

from __future__ import annotations

import asyncio
import logging
import socket
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

# Within this time the head of a request must have come.
HEAD_S = 10.0
LARGEST_HEAD = 16 * 1024
# A client that takes nothing for so long has gone, or might as well have.
STALLED_S = 20.0
# Connections at once, beside those of the streams that may be open: more are answered 503, and
# twice as many not at all.
MORE_CONNECTIONS = 256


def worth_a_line(record: logging.LogRecord) -> bool:
    """False for what a client's own mistakes make the library raise: a filter of its log."""
    return not (record.exc_info and isinstance(record.exc_info[1], h11.LocalProtocolError))


def bound(listening: socket.socket) -> None:
    """Let the system itself drop clients that vanished, where it can; connections inherit this."""
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in {
        "TCP_USER_TIMEOUT": round(1000 * STALLED_S),
        "TCP_KEEPIDLE": 30,
        "TCP_KEEPINTVL": 10,
        "TCP_KEEPCNT": 3,
    }.items():
        if hasattr(socket, name):
            listening.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


class BoundedProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 with bounds on time and number.

    A connection out of bounds is aborted: closing it would wait for the client once more.
    """

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._head_timer: asyncio.TimerHandle | None = None
        self._stall_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client is there, and has to say what it wants."""
        super().connection_made(transport)
        if self.limit_concurrency and len(self.connections) > 2 * self.limit_concurrency:
            transport.abort()
        else:
            self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        self._stop_timers()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """A piece of a request."""
        before = self.cycle
        super().data_received(data)
        if self.cycle is not before:
            self._cancel_head_timer()
        elif self._head_timer is None and (before is None or before.response_complete):
            self._await_head()  # the first bytes of one more

    def handle_websocket_upgrade(self, event: Any) -> None:
        """From here on it is another protocol's, which pings."""
        self._stop_timers()
        super().handle_websocket_upgrade(event)

    def send_400_response(self, msg: str) -> None:
        """It was no HTTP; where an answer is not due any more there is none."""
        try:
            super().send_400_response(msg)
        except h11.LocalProtocolError:
            self.transport.abort()

    def pause_writing(self) -> None:
        """More lies here than the client takes."""
        super().pause_writing()
        self._stall_timer = self.loop.call_later(STALLED_S, self.transport.abort)

    def resume_writing(self) -> None:
        """It takes something again."""
        self._cancel_stall_timer()
        super().resume_writing()

    def _await_head(self) -> None:
        self._head_timer = self.loop.call_later(HEAD_S, self.transport.abort)

    def _stop_timers(self) -> None:
        self._cancel_head_timer()
        self._cancel_stall_timer()

    def _cancel_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _cancel_stall_timer(self) -> None:
        if self._stall_timer is not None:
            self._stall_timer.cancel()
            self._stall_timer = None
