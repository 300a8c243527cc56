"""A client of a service under test."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from edgereg.serve.server import Service


def ask(
    service: Service, path: str, method: str = "GET", **headers: str
) -> http.client.HTTPResponse:
    """The answer to a request."""
    connection = http.client.HTTPConnection(urlsplit(service.address).netloc, timeout=10)
    connection.request(method, path, headers=headers)
    return connection.getresponse()


def send(
    service: Service, method: str, path: str, content: Any = None, **headers: str
) -> tuple[int, Any]:
    """Status and JSON (None where there is none) of the answer to a JSON request."""
    connection = http.client.HTTPConnection(urlsplit(service.address).netloc, timeout=10)
    body = None if content is None else json.dumps(content)
    kind = {} if body is None else {"Content-Type": "application/json"}
    connection.request(method, path, body, {**kind, **headers})
    answer = connection.getresponse()
    text = answer.read()
    is_json = answer.headers.get("Content-Type") == "application/json"
    return answer.status, json.loads(text) if is_json else None


def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait for a condition."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to this"
        time.sleep(0.02)


def running(service: Service, *names: str) -> Callable[[], bool]:
    """Whether these sources have results."""
    return lambda: all(service.workers[name].state == "running" for name in names)
