"""To a web address, by POST."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from urllib.parse import urlsplit

from edgereg.core.errors import EdgeregError, one_line
from edgereg.engines.watchdog import Limit, watching
from edgereg.serve.delivery.config import WebhookConfig
from edgereg.serve.delivery.courier import RefusedError
from edgereg.serve.delivery.message import Numbered
from edgereg.serve.delivery.secrets import secret_in

# Answers after which the same messages are never sent again: their form is wrong, or their size.
# Others, also those about tokens and addresses, can be mended on the other side.
REFUSALS = frozenset({400, 405, 406, 409, 410, 411, 413, 414, 415, 422})
# The system's own patience with a name that nobody answers for.
LOOK_UP_S = 40.0


class WebhookCarrier:
    """Posts a JSON list of messages, over one connection as long as it lasts.

    No redirection is followed, so that a token goes nowhere else.
    """

    def __init__(self, config: WebhookConfig) -> None:
        """Raises EdgeregError where the token or certificate can't be read."""
        self.batch = config.batch
        self._url = urlsplit(config.url)
        self._timeout_s = config.timeout
        # Sent at most twice, each time with a look-up of the name, which has a time of its own.
        self.longest_s = 2 * (2 * config.timeout + LOOK_UP_S)
        self._headers = {"Content-Type": "application/json", "User-Agent": "edgereg"}
        token = secret_in(config.token_file)
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token}"
        self._tls: ssl.SSLContext | None = None
        if self._url.scheme == "https":
            try:
                self._tls = ssl.create_default_context(cafile=config.ca)
            except OSError as error:
                raise EdgeregError(f"{config.ca}: is no certificate: {one_line(error)}") from error
        self._connection: http.client.HTTPConnection | None = None

    def send(self, messages: Sequence[Numbered]) -> int:
        """Post them; all arrive or none. Raises RefusedError, EdgeregError."""
        body = "[" + ",".join(message.text for message in messages) + "]"
        kept = self._connection is not None
        try:
            status = self._post(body)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            if kept and isinstance(error, ConnectionError | http.client.RemoteDisconnected):
                return self.send(messages)  # the other side had closed what was idle
            raise EdgeregError(f"{self._place}: no answer: {one_line(error)}") from error
        if status in REFUSALS:
            raise RefusedError(f"{self._place}: refuses {len(messages)} messages: {status}")
        if not 200 <= status < 300:
            raise EdgeregError(f"{self._place}: answers {status}")
        return len(messages)

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    @property
    def _place(self) -> str:
        """Without the path, which may hold a secret."""
        return f"{self._url.scheme}://{self._url.hostname}"

    def _post(self, body: str) -> int:
        if self._connection is None:
            host, port, wait = str(self._url.hostname), self._url.port, self._timeout_s
            if self._tls is None:
                self._connection = http.client.HTTPConnection(host, port, timeout=wait)
            else:
                self._connection = http.client.HTTPSConnection(
                    host, port, timeout=wait, context=self._tls
                )
        target = self._url._replace(scheme="", netloc="", fragment="").geturl() or "/"
        # The timeout is that of each single read; one that drips would have no end.
        limit = Limit.of(self._timeout_s, self._cut)
        try:
            with watching(limit):
                self._connection.request("POST", target, body.encode(), self._headers)
                answer = self._connection.getresponse()
                answer.read(1 << 16)
        finally:
            if limit.passed:  # what was read until then may look like an answer
                raise TimeoutError(f"none within {self._timeout_s:g} s")
        if answer.will_close or not answer.isclosed():
            self.close()
        return answer.status

    def _cut(self) -> None:
        """End what is under way; called from another thread."""
        connection = self._connection
        if connection is not None and connection.sock is not None:
            with suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)
