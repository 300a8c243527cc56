"""From the inbox over the disk to a stand-in for the other side, which comes and goes."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette")

from edgereg.serve.delivery import base, courier
from edgereg.serve.delivery.base import Delivery, Progress
from edgereg.serve.delivery.courier import Courier, RefusedError
from edgereg.serve.delivery.message import Message, Numbered
from edgereg.serve.delivery.queue import DiskQueue


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "it did not come to this"
        time.sleep(0.01)


def message(number: int, source: str = "door", tasks: Sequence[str] = ("spots",)) -> Message:
    return Message(source, 1.7e9 + number, [{"task": task, "frame": number} for task in tasks])


class OtherSide:
    """Takes `room` messages at once; away, or refusing, where told so."""

    def __init__(self, room: int = 3) -> None:
        self.batch = 5
        self.room = room
        self.longest_s = 0.0
        self.here = True
        self.refusing = False
        self.got: list[dict[str, Any]] = []

    def send(self, messages: Sequence[Numbered]) -> int:
        if not self.here:
            raise ConnectionError("away")
        if self.refusing:
            raise RefusedError("too large")
        self.got += [json.loads(each.text) for each in messages[: self.room]]
        return min(self.room, len(messages))

    def close(self) -> None:
        pass


def started(path: Path, other: OtherSide, limit: int = 100_000, **wanted: Any) -> Delivery:
    handler = Courier("broker", DiskQueue(path, limit), other)
    wanted = {"sources": (), "tasks": (), **wanted}
    delivery = Delivery("broker", "mqtt", handler, **wanted)
    delivery.start()
    return delivery


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courier, "FIRST_PAUSE_S", 0.02)
    monkeypatch.setattr(base, "RETRY_S", 0.02)
    monkeypatch.setattr(Courier, "pause_s", 0.01)


def test_everything_arrives_once_and_in_order(tmp_path: Path) -> None:
    other = OtherSide()
    delivery = started(tmp_path / "q", other)
    for number in range(57):
        delivery.offer(message(number))
    until(lambda: len(other.got) == 57)
    assert delivery.stop(5)
    assert [each["records"][0]["frame"] for each in other.got] == list(range(57))
    assert [each["id"] for each in other.got] == list(range(1, 58))
    assert len({each["stream"] for each in other.got}) == 1
    assert delivery.progress == Progress(sent=57)


def test_while_it_is_away_messages_wait_also_over_a_restart(tmp_path: Path) -> None:
    other = OtherSide()
    other.here = False
    for start in (0, 10):
        delivery = started(tmp_path / "q", other)
        for number in range(start, start + 10):
            delivery.offer(message(number))
        until(lambda delivery=delivery: delivery.progress.failures >= 2)  # type: ignore[misc]
        assert delivery.progress.error == "ConnectionError: away"
        assert delivery.stop(5)
    other.here = True
    delivery = started(tmp_path / "q", other)  # without a further message
    until(lambda: len(other.got) == 20)
    assert [each["records"][0]["frame"] for each in other.got] == list(range(20))
    until(lambda: delivery.progress.error is None)
    assert delivery.stop(5)
    assert DiskQueue(tmp_path / "q", 1000).sent == 20


def test_what_is_refused_does_not_block_the_rest(tmp_path: Path) -> None:
    other = OtherSide()
    other.refusing = True
    delivery = started(tmp_path / "q", other)
    delivery.offer(message(0))
    until(lambda: delivery.progress.lost == 1)
    other.refusing = False
    delivery.offer(message(1))
    until(lambda: len(other.got) == 1)
    assert delivery.stop(5)
    assert delivery.progress.sent == 1


def test_sources_and_tasks_are_chosen(tmp_path: Path) -> None:
    other = OtherSide()
    delivery = started(tmp_path / "q", other, sources=["door"], tasks=["colour"])
    delivery.offer(message(0, "yard"))
    delivery.offer(message(1, "door", ["spots", "colour"]))
    until(lambda: len(other.got) == 1)
    assert delivery.stop(5)
    assert other.got[0]["source"] == "door"
    assert [each["task"] for each in other.got[0]["records"]] == ["colour"]


class Stubborn:
    """A handler that takes one message, and then fails until it may go on."""

    pause_s = 0.0
    progress = Progress()

    def __init__(self) -> None:
        self.may = False
        self.got: list[int] = []

    def handle(self, messages: deque[Message]) -> None:
        while messages:
            if self.got and not self.may:
                raise OSError("disk full")
            self.got.append(messages.popleft().records[0]["frame"])

    def close(self) -> None:
        pass


def test_a_handler_that_fails_gets_the_rest_again_and_nobody_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(base, "INBOX", 50)
    handler = Stubborn()
    delivery = Delivery("files", "files", handler, (), ())
    delivery.start()
    delivery.offer(message(0))
    until(lambda: handler.got == [0])
    began = time.monotonic()
    for number in range(1, 101):
        delivery.offer(message(number))
    assert time.monotonic() - began < 1
    until(lambda: "disk full" in (delivery.progress.error or ""))
    until(lambda: delivery.progress.lost >= 50)
    handler.may = True
    until(lambda: handler.got[-1] == 100)
    assert delivery.stop(5)
    assert handler.got == sorted(set(handler.got))
    assert len(handler.got) + delivery.progress.lost == 101
