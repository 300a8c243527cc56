"""To streams of a Redis server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from edgereg.core.errors import EdgeregError, one_line
from edgereg.serve.delivery.config import RedisConfig
from edgereg.serve.delivery.message import Numbered
from edgereg.serve.delivery.secrets import secret_in

PORT = 6379
CONNECTING_S = 10.0
ANSWERING_S = 10.0
# The system's own patience with a name that nobody answers for.
LOOK_UP_S = 40.0

# The server runs a script alone and at once, so that what it appends and what it remembers having
# appended can't part: an attempt that is repeated, because its answer was lost, appends nothing
# twice.
_APPEND = """
local last = tonumber(redis.call('GET', KEYS[1]) or 0)
for i = 2, #KEYS do
  local id = ARGV[2 * i - 2]
  if tonumber(id) > last then
    redis.call('XADD', KEYS[i], 'MAXLEN', '~', ARGV[1], '*', 'message', ARGV[2 * i - 1])
    redis.call('SET', KEYS[1], id)
  end
end
"""


class RedisCarrier:
    """Appends each message to the stream of its source, as an entry with one field, `message`."""

    batch = 50
    longest_s = CONNECTING_S + 2 * ANSWERING_S + LOOK_UP_S

    def __init__(self, config: RedisConfig) -> None:
        """Raises EdgeregError where redis-py is missing, or the password can't be read."""
        try:
            from redis import Redis
            from redis.backoff import NoBackoff
            from redis.retry import Retry
        except ImportError as error:
            raise EdgeregError("needs redis; install edgereg[serve]") from error

        url = urlsplit(config.url)
        self._place = f"{url.hostname}:{url.port or PORT}"
        self._stream = unquote(url.path.removeprefix("/"))
        self._entries = config.entries
        password = secret_in(config.password_file)
        if password is None and url.password is not None:
            password = unquote(url.password)
        client: Any = Redis(
            str(url.hostname),
            url.port or PORT,
            config.database,
            password=password,
            username=unquote(url.username) if url.username else None,
            socket_timeout=ANSWERING_S,
            socket_connect_timeout=CONNECTING_S,
            retry=Retry(NoBackoff(), 0),
            ssl=url.scheme == "rediss",
            ssl_ca_certs=str(config.ca) if config.ca else None,
        )
        self._client = client
        self._append = client.register_script(_APPEND)

    def send(self, messages: Sequence[Numbered]) -> int:
        """Append them, but for those that the server has. Raises EdgeregError."""
        from redis.exceptions import RedisError

        keys = [f"edgereg:{messages[0].stream}:last"]
        given: list[str | int] = [self._entries]
        for message in messages:
            keys.append(self._stream.format(source=message.source))
            given += [message.number, message.text]
        try:
            self._append(keys, given)
        except (RedisError, OSError) as error:
            raise EdgeregError(f"{self._place}: Redis: {one_line(error)}") from error
        return len(messages)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()
