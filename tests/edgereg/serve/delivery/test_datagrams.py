"""What arrives over UDP and OSC."""

from __future__ import annotations

import json
import socket
import struct
from collections import deque
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("starlette")

from edgereg.serve.delivery.config import OscConfig, UdpConfig
from edgereg.serve.delivery.datagrams import osc, osc_message, udp
from edgereg.serve.delivery.message import Message


@pytest.fixture
def ear() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.bind(("127.0.0.1", 0))
        opened.settimeout(5)
        yield opened


def pose(yaw: float, width: float, **more: Any) -> dict[str, Any]:
    values = {"yaw": yaw, "pitch": 2.0, "roll": 3.0, **more}
    region = [0, 0, width, width]
    return {
        "task": "headpose",
        "track": 4,
        "region": region,
        "values": values,
        "smoothed": None,
    }


def test_json_is_the_message(ear: socket.socket) -> None:
    sender = udp(UdpConfig(to="udp", port=ear.getsockname()[1]))
    sender.handle(deque([Message("door", 1.7e9, [pose(1, 10)])]))
    found = json.loads(ear.recv(65536))
    assert found == {"source": "door", "at": 1.7e9, "records": [pose(1, 10)]}
    assert sender.progress.sent == 1
    sender.close()


def test_a_game_gets_the_largest_head(ear: socket.socket) -> None:
    sender = udp(UdpConfig(to="udp", port=ear.getsockname()[1], format="opentrack"))
    heads = [pose(10, 20), pose(-30, 50, x=0.1, y=-0.2, distance=1.5), pose(40, 30)]
    nobody = {**pose(0, 9), "task": "detection", "values": {"x1": 0.0}}
    sender.handle(deque([Message("door", 0, [nobody]), Message("door", 0, [*heads, nobody])]))
    assert struct.unpack("<6d", ear.recv(100)) == (10.0, -20.0, 150.0, -30.0, 2.0, 3.0)
    sender.close()


def test_osc_in_its_own_bytes() -> None:
    """The example of the OSC 1.0 specification, and one whose parts must be filled up."""
    expected = b"/oscillator/4/frequency\0,f\0\0" + bytes.fromhex("43dc0000")
    assert osc_message("/oscillator/4/frequency", 440.0) == expected
    assert osc_message("/foo", 1000, -1) == b"/foo\0\0\0\0,ii\0" + struct.pack(">ii", 1000, -1)


def test_an_osc_message_a_prediction(ear: socket.socket) -> None:
    sender = osc(OscConfig(to="osc", port=ear.getsockname()[1]))
    points = {**pose(0, 9), "track": None, "smoothed": {"points": [1.0, 2.0]}}
    sender.handle(deque([Message("door", 0, [pose(7, 10), points])]))
    head = b"/edgereg/door/headpose\0\0"
    assert ear.recv(200) == head + b",ifff\0\0\0" + struct.pack(">ifff", 4, 7, 2, 3)
    assert ear.recv(200) == head + b",iff\0\0\0\0" + struct.pack(">iff", -1, 1, 2)
    sender.close()


def test_only_the_newest_and_none_that_is_too_large(ear: socket.socket) -> None:
    sender = udp(UdpConfig(to="udp", port=ear.getsockname()[1]))
    large = Message("door", 0, [{"text": "x" * 70_000}])
    sender.handle(deque([*(Message("door", k, []) for k in range(10)), large]))
    assert [json.loads(ear.recv(100))["at"] for _ in range(3)] == [7, 8, 9]
    assert (sender.progress.sent, sender.progress.lost) == (3, 8)
    sender.close()


def test_nobody_listens_and_nothing_happens() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        sender = udp(UdpConfig(to="udp", port=taken.getsockname()[1]))
    for _ in range(4):
        sender.handle(deque([Message("door", 0, [])]))
    assert sender.progress.sent + sender.progress.lost == 4
    sender.close()
