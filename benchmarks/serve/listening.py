"""The other side of a delivery: a broker, and who reads from it and notes what came."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

MOSQUITTO = shutil.which("mosquitto") or "/usr/sbin/mosquitto"


class Broker:
    """Mosquitto on a port of its own, which keeps what its readers have not had yet."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        kept = folder / "mosquitto"
        kept.mkdir()
        kept.chmod(0o777)
        self._settings = folder / "mosquitto.conf"
        lines = [
            f"listener {self.port} 127.0.0.1",
            "allow_anonymous true",
            "persistence true",
            f"persistence_location {kept}/",
            "max_queued_messages 0",
        ]
        self._settings.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Until it answers."""
        self._process = subprocess.Popen(
            [MOSQUITTO, "-c", str(self._settings)], stderr=subprocess.DEVNULL
        )
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)

    def stop(self) -> None:
        """Ended in order, so that it keeps what it has said to have."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
        self._process = None


class Listener:
    """Reads a topic, and knows messages that come twice by their ids, as any reader should.

    messages: each once, as it came. twice: how many came again. disordered: how many came behind
    a later one.
    """

    def __init__(self, port: int, topic: str) -> None:
        self.messages: list[dict[str, Any]] = []
        self.ids: set[int] = set()
        self.twice = self.disordered = 0
        self._last = 0
        self._topic = topic
        client = Client(CallbackAPIVersion.VERSION2, topic.strip("/#"), clean_session=False)
        client.reconnect_delay_set(1, 1)
        client.on_connect = self._subscribe
        client.on_message = self._note
        client.connect("127.0.0.1", port, 10)
        client.loop_start()

    def missing(self) -> int:
        """Ids below the last one that never came."""
        return self._last - len(self.ids)

    def _subscribe(self, client: Client, *_: Any) -> None:
        client.subscribe(self._topic, 1)

    def _note(self, _client: Any, _data: Any, message: Any) -> None:
        found = json.loads(message.payload)
        if found["id"] in self.ids:
            self.twice += 1
            return
        self.disordered += found["id"] < self._last
        self._last = max(self._last, found["id"])
        self.ids.add(found["id"])
        self.messages.append(found)
