"""To a real broker, which comes and goes. Skipped where no Mosquitto is installed."""

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
pytest.importorskip("paho.mqtt.client")

from paho.mqtt import client as mqtt

from edgereg.core.errors import EdgeregError
from edgereg.serve.delivery.base import Delivery
from edgereg.serve.delivery.config import MqttConfig
from edgereg.serve.delivery.courier import Courier
from edgereg.serve.delivery.message import Message, Numbered
from edgereg.serve.delivery.mqtt import MqttCarrier
from edgereg.serve.delivery.queue import DiskQueue

MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")

pytestmark = pytest.mark.skipif(MOSQUITTO is None, reason="needs Mosquitto")


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "it did not come to this"
        time.sleep(0.02)


class Broker:
    """Mosquitto on a port of its own; it keeps nothing when it stops."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._settings = folder / "mosquitto.conf"
        self._settings.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\n")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [str(MOSQUITTO), "-c", str(self._settings)], stderr=subprocess.DEVNULL
        )
        until(self._answers)

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._process = None


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    made = Broker(tmp_path)
    made.start()
    yield made
    made.stop()


class Listener:
    """Subscribes to everything, and again after the broker was away."""

    def __init__(self, port: int) -> None:
        self.got: list[tuple[str, str]] = []
        self.ready = False
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = self._subscribe
        self._client.on_subscribe = lambda *_: setattr(self, "ready", True)
        self._client.on_disconnect = lambda *_: setattr(self, "ready", False)
        self._client.on_message = self._take
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        until(lambda: self.ready)

    def _subscribe(self, client: Any, *_: Any) -> None:
        client.subscribe("#", 1)

    def _take(self, _client: Any, _data: Any, message: Any) -> None:
        self.got.append((message.topic, message.payload.decode()))

    def ids(self) -> list[int]:
        return [json.loads(text)["id"] for topic, text in self.got if topic.startswith("e/")]

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def started(broker: Broker, folder: Path, **more: Any) -> Delivery:
    config = MqttConfig(to="mqtt", host="127.0.0.1", port=broker.port, topic="e/{source}", **more)
    handler = Courier("broker", DiskQueue(folder / "q", 1_000_000), MqttCarrier(config))
    delivery = Delivery("broker", "mqtt", handler, (), ())
    delivery.start()
    return delivery


def test_messages_come_in_order_on_the_topic_of_their_source(
    broker: Broker, tmp_path: Path
) -> None:
    listener = Listener(broker.port)
    delivery = started(broker, tmp_path, status="board/status")
    for number in range(120):
        delivery.offer(Message(("door", "yard")[number % 2], 0, [{"frame": number}]))
    until(lambda: len(listener.ids()) == 120)
    assert delivery.stop(5)
    until(lambda: listener.got[-1] == ("board/status", "offline"))
    listener.stop()
    assert ("board/status", "online") in listener.got
    assert listener.ids() == list(range(1, 121))
    bodies = [(topic, json.loads(text)) for topic, text in listener.got if topic[0] == "e"]
    assert [body["records"][0]["frame"] for _, body in bodies] == list(range(120))
    assert all(topic == f"e/{body['source']}" for topic, body in bodies)


def test_while_the_broker_is_away_nothing_is_lost(
    broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgereg.serve.delivery.courier.FIRST_PAUSE_S", 0.2)
    monkeypatch.setattr("edgereg.serve.delivery.courier.LONGEST_PAUSE_S", 3.0)
    listener = Listener(broker.port)
    delivery = started(broker, tmp_path)
    delivery.offer(Message("door", 0, []))
    until(lambda: listener.ids() == [1])
    broker.stop()
    for _ in range(30):
        delivery.offer(Message("door", 0, []))
    until(lambda: delivery.progress.error is not None)
    assert delivery.progress.waiting == 30
    broker.start()
    until(lambda: delivery.progress.sent == 31)
    assert delivery.progress.error is None
    delivery.offer(Message("door", 0, []))
    until(lambda: delivery.progress.sent == 32)
    assert delivery.stop(5)
    listener.stop()
    # This broker forgets what nobody listened to yet.
    assert listener.ids() == sorted(set(listener.ids()))


def test_nobody_is_let_in_with_a_wrong_password(tmp_path: Path) -> None:
    closed = Broker(tmp_path)
    closed._settings.write_text(f"listener {closed.port} 127.0.0.1\nallow_anonymous false\n")
    closed.start()
    try:
        carrier = MqttCarrier(MqttConfig(to="mqtt", host="127.0.0.1", port=closed.port))
        with pytest.raises(EdgeregError, match="lets nobody in"):
            carrier.send([Numbered("door", "5f0c", 1, '{"records": []}')])
    finally:
        closed.stop()
    with pytest.raises(EdgeregError, match="no broker"):
        carrier.send([Numbered("door", "5f0c", 1, '{"records": []}')])
