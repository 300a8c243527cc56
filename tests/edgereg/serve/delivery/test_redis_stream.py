"""To a real Redis, which comes and goes. Skipped where no redis-server is installed."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette")
pytest.importorskip("redis")

from pydantic import ValidationError
from redis import Redis

from edgereg.core.errors import EdgeregError
from edgereg.serve.config import mistakes
from edgereg.serve.delivery.base import Delivery
from edgereg.serve.delivery.config import RedisConfig
from edgereg.serve.delivery.message import Message, Numbered
from edgereg.serve.delivery.open import open_delivery
from edgereg.serve.delivery.redis_stream import RedisCarrier

SERVER = shutil.which("redis-server") or shutil.which("valkey-server")
PASSWORD = "pa:ss/w@rd"  # noqa: S105

needs_server = pytest.mark.skipif(SERVER is None, reason="needs redis-server")


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "it did not come to this"
        time.sleep(0.02)


class Server:
    """redis-server on a port of its own; what it holds lies in its folder."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.client = Redis("127.0.0.1", self.port, password=PASSWORD, decode_responses=True)

    def start(self) -> None:
        words = ["--port", str(self.port), "--bind", "127.0.0.1", "--requirepass", PASSWORD]
        words += ["--dir", str(self._folder), "--appendonly", "yes", "--appendfsync", "always"]
        self._process = subprocess.Popen([str(SERVER), *words], stdout=subprocess.DEVNULL)
        until(self._answers)

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except Exception:
            return False

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._process = None

    def entries(self, stream: str) -> list[dict[str, Any]]:
        found: Any = self.client.xrange(stream)
        return [json.loads(fields["message"]) for _, fields in found]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path)
    made.start()
    yield made
    made.stop()


def config(port: int, folder: Path, **more: Any) -> RedisConfig:
    (folder / "password").write_text(f"{PASSWORD}\n")
    url = f"redis://127.0.0.1:{port}/edgereg:{{source}}"
    given: dict[str, Any] = {"url": url, "password_file": folder / "password", **more}
    return RedisConfig(to="redis", **given)


def numbered(number: int, stream: str = "5f0c") -> Numbered:
    return Numbered("door", stream, number, json.dumps({"records": [{"frame": number}]}))


def frames(found: list[dict[str, Any]]) -> list[int]:
    return [each["records"][0]["frame"] for each in found]


@needs_server
def test_over_an_outage_and_a_restart_each_comes_once_and_in_order(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgereg.serve.delivery.courier.FIRST_PAUSE_S", 0.1)
    monkeypatch.setattr("edgereg.serve.delivery.courier.LONGEST_PAUSE_S", 0.5)
    given = config(server.port, tmp_path)

    def opened() -> Delivery:
        delivery = open_delivery("bus", given, tmp_path)
        assert isinstance(delivery, Delivery)
        delivery.start()
        return delivery

    delivery = opened()
    for number in range(120):
        delivery.offer(Message(("door", "yard")[number % 2], 0, [{"frame": number}]))
    until(lambda: delivery.progress.sent == 120)
    server.stop()
    for number in range(120, 150):
        delivery.offer(Message("door", 0, [{"frame": number}]))
    until(lambda: delivery.progress.error is not None)
    assert PASSWORD not in str(delivery.progress.error)
    assert delivery.stop(5)
    server.start()
    delivery = opened()
    until(lambda: delivery.progress.sent == 150)
    assert delivery.stop(5)
    door, yard = server.entries("edgereg:door"), server.entries("edgereg:yard")
    assert frames(door) == [*range(0, 120, 2), *range(120, 150)]
    assert frames(yard) == list(range(1, 120, 2))
    assert sorted(each["id"] for each in door + yard) == list(range(1, 151))
    assert {each["source"] for each in door} == {"door"}


@needs_server
def test_what_is_sent_again_is_not_appended_again(server: Server, tmp_path: Path) -> None:
    carrier = RedisCarrier(config(server.port, tmp_path))
    assert carrier.send([numbered(1), numbered(2)]) == 2
    assert carrier.send([numbered(1), numbered(2), numbered(3)]) == 3  # its answer was lost
    assert carrier.send([numbered(1, "new")]) == 1  # another queue, as that of another board
    carrier.close()
    assert frames(server.entries("edgereg:door")) == [1, 2, 3, 1]


@needs_server
def test_what_the_server_refuses_goes_through_once_it_is_mended(
    server: Server, tmp_path: Path
) -> None:
    carrier = RedisCarrier(config(server.port, tmp_path, entries=5))
    server.client.set("edgereg:door", "no stream")
    with pytest.raises(EdgeregError, match="WRONGTYPE"):
        carrier.send([numbered(1)])
    server.client.delete("edgereg:door")
    for first in range(1, 1001, 50):
        carrier.send([numbered(number) for number in range(first, first + 50)])
    kept = frames(server.entries("edgereg:door"))
    assert kept == list(range(1001 - len(kept), 1001))
    assert len(kept) < 500  # a server cuts whole blocks of a stream
    (tmp_path / "guess").write_text("a-guess")
    carrier = RedisCarrier(config(server.port, tmp_path, password_file=tmp_path / "guess"))
    with pytest.raises(EdgeregError, match=f"127.0.0.1:{server.port}: Redis: ") as raised:
        carrier.send([numbered(1)])
    assert "a-guess" not in str(raised.value)


@needs_server
def test_the_address_may_hold_the_password(server: Server, tmp_path: Path) -> None:
    url = f"redis://:pa%3Ass%2Fw%40rd@127.0.0.1:{server.port}/all"
    carrier = RedisCarrier(config(server.port, tmp_path, url=url, password_file=None))
    assert carrier.send([numbered(1)]) == 1
    assert frames(server.entries("all")) == [1]


@pytest.mark.parametrize(
    "url",
    [
        "http://host/stream",
        "redis://host",
        "redis:///stream",
        "redis://user:s3cret@host:s3cret/stream",
        "redis://user:s3cret@host/stream?db=1",
        "redis://user:s3cret@host/{camera}",
    ],
)
def test_a_wrong_address_is_told_without_its_password(url: str) -> None:
    with pytest.raises(ValidationError) as raised:
        RedisConfig(to="redis", url=url)
    ((place, text),) = mistakes(raised.value)
    assert place == "url"
    assert "redis://" in text or "{camera}" in text
    assert "s3cret" not in text
