"""Clients that dawdle, vanish, crowd in or read nothing."""

from __future__ import annotations

import asyncio
import http.client
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

pytest.importorskip("onnxruntime")
pytest.importorskip("prometheus_client")
pytest.importorskip("starlette")
pytest.importorskip("uvicorn")
pytest.importorskip("yaml")

from edgereg.serve import protocol
from edgereg.serve.server import Service
from edgereg.serve.streams import Counted
from tests.edgereg.serve.client import ask, running, until

Serve = Callable[..., Service]


@contextmanager
def connected(service: Service, receive_buffer: int | None = None) -> Iterator[socket.socket]:
    host, port = urlsplit(service.address).netloc.split(":")
    with socket.socket() as client:
        if receive_buffer:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        client.settimeout(10)
        client.connect((host, int(port)))
        yield client


def drip(client: socket.socket, piece: bytes) -> None:
    """Send a piece again and again, for eight seconds if that is allowed."""
    for _ in range(400):
        client.sendall(piece)
        time.sleep(0.02)


def ended(client: socket.socket) -> bool:
    """Whether the other side ends the connection; what it says before is read."""
    try:
        while client.recv(65536):
            pass
    except ConnectionError:
        return True
    return True


@pytest.fixture
def door(serve: Serve, clip: Callable[..., Path]) -> Callable[..., Service]:
    def start(**settings: Any) -> Service:
        service = serve({"door": {"source": str(clip(size=(640, 480))), "loop": True}}, **settings)
        until(running(service, "door"))
        return service

    return start


@pytest.mark.parametrize(
    "beginning",
    [
        b"",
        b"GET /sources HTTP/1.1\r\nHost: local",
        # One whole request, and a second one that never ends.
        b"GET /page.js HTTP/1.1\r\nHost: localhost\r\n\r\nGET /sou",
    ],
)
def test_who_never_says_what_it_wants_is_cut_off(
    door: Callable[..., Service], monkeypatch: pytest.MonkeyPatch, beginning: bytes
) -> None:
    monkeypatch.setattr(protocol, "HEAD_S", 0.3)
    service = door()
    with connected(service) as client:
        client.sendall(beginning)
        assert ended(client)


def test_a_head_that_drips_is_cut_off(
    door: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "HEAD_S", 0.5)
    service = door()
    with connected(service) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
        with pytest.raises(ConnectionError):
            drip(client, b"X: y\r\n")


def test_a_body_that_nobody_wants_may_not_drip(
    door: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "HEAD_S", 0.5)
    service = door()
    with connected(service) as client:
        client.sendall(b"GET /sources HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999\r\n\r\n")
        with pytest.raises(ConnectionError):
            drip(client, b"x")


def test_who_asks_and_never_reads_is_cut_off_and_gives_its_place_back(
    door: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "STALLED_S", 0.5)
    service = door(clients=1)
    with connected(service, receive_buffer=4096) as client:
        client.sendall(b"GET /sources/door/live.mjpg HTTP/1.1\r\nHost: localhost\r\n\r\n")
        until(lambda: ask(service, "/sources/door/live.mjpg").status == 503)

        def freed() -> bool:
            answer = ask(service, "/sources/door/live.mjpg")
            answer.close()
            return answer.status == 200

        until(freed, 60)


def test_a_large_head_is_refused(door: Callable[..., Service]) -> None:
    service = door()
    assert ask(service, "/sources", **{"X-Large": "x" * 10_000}).status == 200
    assert ask(service, "/sources", **{"X-Large": "x" * 70_000}).status == 431
    with connected(service) as client:
        client.sendall(b"GET / HTTP/1.1\r\nX: " + b"x" * 1_000_000)
        assert ended(client)


def test_a_crowd_is_refused_and_harms_nobody_who_is_there(
    door: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgereg.serve import server

    monkeypatch.setattr(server, "MORE_CONNECTIONS", 4)
    service = door(clients=1)  # 5 are answered, 10 may be there
    host = urlsplit(service.address).netloc
    first = http.client.HTTPConnection(host, timeout=10)
    first.request("GET", "/sources/door/events")
    stream = first.getresponse()
    with ExitStack() as crowd:
        for _ in range(30):
            crowd.enter_context(connected(service))
        until(lambda: b"data" in stream.readline())
        with connected(service) as late:
            assert ended(late)
    until(lambda: ask(service, "/health/live").status == 200)
    first.close()


def test_places_are_never_given_twice() -> None:
    """Both looks at the places once fell before either stream had begun."""

    async def body() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.sleep(0.05)

    async def asked_at_once() -> list[int]:
        places = asyncio.Semaphore(1)
        answers = [Counted(body(), "text/plain", places) for _ in range(8)]
        statuses: list[int] = []

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        async def receive() -> Any:
            await asyncio.sleep(10)

        scope: Any = {"type": "http", "method": "GET", "asgi": {"spec_version": "2.4"}}
        await asyncio.gather(*(each(scope, receive, send) for each in answers))
        assert not places.locked()
        return statuses

    assert sorted(asyncio.run(asked_at_once())) == [200, *[503] * 7]


def test_a_hundred_clients_at_once_never_get_more_places_than_there_are(
    door: Callable[..., Service],
) -> None:
    service = door(clients=5)
    with ExitStack() as crowd:
        clients = [crowd.enter_context(connected(service)) for _ in range(100)]
        for client in clients:
            client.sendall(b"GET /sources/door/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answers = [client.recv(12) for client in clients]
    assert answers.count(b"HTTP/1.1 200") == 5
    assert answers.count(b"HTTP/1.1 503") == 95
