"""To an MQTT broker."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any

from edgereg.core.errors import EdgeregError
from edgereg.core.files import reason
from edgereg.serve.delivery.config import MqttConfig
from edgereg.serve.delivery.message import Numbered
from edgereg.serve.delivery.secrets import secret_in

CONNECTING_S = 10.0
ANSWERING_S = 10.0
KEEP_ALIVE_S = 20
# The system's own patience with a name that nobody answers for.
LOOK_UP_S = 40.0


class MqttCarrier:
    """Publishes each message and waits until the broker says that it has it."""

    batch = 50
    longest_s = 2 * CONNECTING_S + ANSWERING_S + LOOK_UP_S

    def __init__(self, config: MqttConfig) -> None:
        """Raises EdgeregError where the password can't be read."""
        self._config = config
        self._password = secret_in(config.password_file)
        self._client: Any = None

    def send(self, messages: Sequence[Numbered]) -> int:
        """Publish; how many of the first ones the broker has. Raises EdgeregError where none."""
        if self._client is not None and not self._client.is_connected():
            self.close()  # and with it what the client would send again by itself
        client = self._client or self._connected()
        topic, qos = self._config.topic, self._config.qos
        under_way = [
            client.publish(topic.format(source=message.source), message.text.encode(), qos)
            for message in messages
        ]
        deadline = time.monotonic() + ANSWERING_S
        arrived = 0
        for each in under_way:
            # Sleeps for a tenth of the time it is given, and so is given little.
            while each.rc == 0 and not each.is_published() and client.is_connected():
                if time.monotonic() > deadline:
                    break
                each.wait_for_publish(0.1)
            if each.rc != 0 or not each.is_published():
                self.close()
                break
            arrived += 1
        if arrived == 0:
            raise EdgeregError(f"{self._place}: the broker went away before it had the message")
        return arrived

    def close(self) -> None:
        """Say goodbye."""
        client, self._client = self._client, None
        if client is None:
            return
        if self._config.status is not None:
            client.publish(self._config.status, "offline", 1, retain=True)
        client.disconnect()
        client.loop_stop()

    @property
    def _place(self) -> str:
        return f"{self._config.host}:{self._config.port}"

    def _connected(self) -> Any:
        """A client that the broker has accepted. Raises EdgeregError."""
        from paho.mqtt.client import Client
        from paho.mqtt.enums import CallbackAPIVersion

        config = self._config
        client = Client(CallbackAPIVersion.VERSION2, config.client_id, reconnect_on_failure=False)
        client.connect_timeout = CONNECTING_S
        client.max_inflight_messages_set(self.batch)
        if config.username is not None:
            client.username_pw_set(config.username, self._password)
        if config.status is not None:
            client.will_set(config.status, "offline", 1, retain=True)
        answered = threading.Event()
        said: list[Any] = []

        def on_connect(_client: Any, _data: Any, _flags: Any, code: Any, _more: Any) -> None:
            said.append(code)
            answered.set()

        client.on_connect = on_connect
        try:
            if config.tls:
                client.tls_set(str(config.ca) if config.ca else None)
            client.connect(config.host, config.port, KEEP_ALIVE_S)
        except OSError as error:
            raise EdgeregError(f"{self._place}: no broker: {reason(error)}") from error
        client.loop_start()
        answered.wait(CONNECTING_S)
        if not said or said[0].is_failure:
            client.loop_stop()
            why = said[0] if said else "no answer"
            raise EdgeregError(f"{self._place}: the broker lets nobody in: {why}")
        if config.status is not None:
            client.publish(config.status, "online", 1, retain=True)
        self._client = client
        return client
