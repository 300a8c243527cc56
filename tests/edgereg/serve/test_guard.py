"""Who is let in: tokens, a proxy's word, names of hosts, and how often."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgereg.core.errors import EdgeregError

pytest.importorskip("onnxruntime")
pytest.importorskip("prometheus_client")
pytest.importorskip("starlette")
pytest.importorskip("uvicorn")
pytest.importorskip("yaml")

from pydantic import ValidationError
from starlette.requests import HTTPConnection

from edgereg.serve.config import ProxyConfig, ServeConfig, read_config
from edgereg.serve.guard import HEADERS, Doors, Guarded
from edgereg.serve.limits import MOST_CLIENTS, Buckets
from edgereg.serve.server import Service
from tests.edgereg.serve.client import ask, send

Serve = Callable[..., Service]
TOKEN, VIEW_TOKEN = "0123456789abcdef", "fedcba9876543210"
SOURCES = {"door": {"source": "0"}}


def connection(**headers: str) -> HTTPConnection:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return HTTPConnection({"type": "http", "headers": raw})


def config(**more: Any) -> ServeConfig:
    return ServeConfig.model_validate({"sources": SOURCES, **more})


def test_a_proxys_word_counts_from_its_own_address_alone() -> None:
    proxy = {"user": "X-User", "addresses": ["10.0.0.5"], "editors": ["anna"]}
    doors = Doors.of(config(host="0.0.0.0", proxy=proxy, names=["board.example"]))  # noqa: S104
    assert not doors.open
    assert doors.role("10.0.0.5", connection(x_user="anna")) == "change"
    assert doors.role("10.0.0.5", connection(x_user="bert")) == "look"
    assert doors.role("10.0.0.5", connection(x_user=" ")) is None
    assert doors.role("10.0.0.5", connection()) is None
    assert doors.role("10.0.0.6", connection(x_user="anna")) is None
    assert doors.answers_to("board.example:443")
    assert doors.answers_to("localhost")
    assert not doors.answers_to("rebound.example")


def test_a_proxy_without_editors_lets_everybody_change_something() -> None:
    doors = Doors.of(config(proxy={}, names=["board.example"]))
    assert doors.proxy == ProxyConfig()
    assert doors.role("127.0.0.1", connection(x_forwarded_user="anna")) == "change"
    assert doors.role("127.0.0.1", connection()) is None


def test_a_proxy_needs_names() -> None:
    with pytest.raises(ValidationError, match="needs 'names'"):
        config(proxy={})


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1", "[::1]:8080", "LOCALHOST"])
def test_loopback_is_open_under_its_own_names(host: str) -> None:
    assert Doors.of(config()).answers_to(host)


@pytest.mark.parametrize("host", ["", "evil.example", "localhost.evil.example", "127.0.0.1.x:1"])
def test_and_under_no_other(host: str) -> None:
    assert not Doors.of(config()).answers_to(host)


def test_a_token_makes_any_name_good_but_named_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEREG_TOKEN", TOKEN)
    assert Doors.of(config()).answers_to("any.example")
    assert not Doors.of(config(names=["board.example"])).answers_to("any.example")


def test_one_token_looks_and_the_other_changes(tmp_path: Path) -> None:
    (tmp_path / "change").write_text(TOKEN)
    (tmp_path / "view").write_text(VIEW_TOKEN)
    path = tmp_path / "cameras.yaml"
    path.write_text(
        json.dumps({"sources": SOURCES, "token_file": "change", "view_token_file": "view"})
    )
    doors = Doors.of(read_config(path))
    for token, role in [(TOKEN, "change"), (VIEW_TOKEN, "look"), ("", None), (TOKEN[:-1], None)]:
        assert doors.role("", connection(authorization=f"Bearer {token}")) == role
        assert doors.role("", connection(cookie=f"edgereg_token={token}")) == role
    assert doors.role("", connection(authorization=f"Basic {TOKEN}")) is None
    assert doors.role("", connection(authorization="Bearer \xff\xff")) is None


def test_a_view_token_must_be_as_good_as_the_other(tmp_path: Path) -> None:
    (tmp_path / "view").write_text("short")
    with pytest.raises(EdgeregError, match="at least 16"):
        Doors.of(config(view_token_file=tmp_path / "view"))


def test_every_answer_has_the_headers_of_a_careful_page(
    serve: Serve, clip: Callable[..., Path]
) -> None:
    service = serve({"door": {"source": str(clip()), "loop": True}})
    for path in ("/", "/page.js", "/sources", "/metrics", "/nothing", "/health/live"):
        answer = ask(service, path)
        for name, value in HEADERS.items():
            assert answer.headers[name] == value, (path, name)
        assert "Server" not in answer.headers
    policy = HEADERS["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy


def test_wrong_tokens_are_slowed_down_and_the_right_one_is_not(
    serve: Serve, clip: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGEREG_TOKEN", TOKEN)
    service = serve({"door": {"source": str(clip()), "loop": True}})
    statuses = [
        send(service, "GET", "/sources", Authorization=f"Bearer wrong{place}")[0]
        for place in range(15)
    ]
    assert statuses[:10] == [401] * 10
    assert set(statuses[10:]) == {429}
    assert ask(service, "/?token=wrong").status == 429
    assert send(service, "GET", "/sources", Authorization=f"Bearer {TOKEN}")[0] == 200


def test_a_bucket_fills_again_and_clients_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    from edgereg.serve import limits

    now = 0.0
    monkeypatch.setattr(limits.time, "monotonic", lambda: now)
    buckets = Buckets(rate=2, burst=3)
    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 1]
    assert buckets.take("b") == 0
    now = 0.5
    assert buckets.take("a") == 0
    assert buckets.take("a") > 0
    for number in range(2 * MOST_CLIENTS):
        buckets.take(f"c{number}")
    assert len(buckets._left) == MOST_CLIENTS


def test_a_client_of_a_network_asks_so_often_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    guarded = Guarded(lambda *given: None, Doors(open=True, rate=5))  # type: ignore[arg-type,return-value]

    def asked(address: str, forwarded: str = "") -> int:
        headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
        scope: Any = {"type": "http", "method": "GET", "path": "/", "query_string": b""}
        scope |= {"headers": headers, "client": (address, 1)}
        refusal = guarded._refusal(HTTPConnection(scope))
        return refusal.status_code if refusal else 200

    assert [asked("10.0.0.1") for _ in range(25)].count(429) == 5
    assert asked("10.0.0.2") == 200
    assert {asked("127.0.0.1") for _ in range(50)} == {200}
    assert asked("10.0.0.1", "10.0.0.9") == 429  # who is no proxy can't say who it is


def test_behind_a_proxy_everybody_is_counted_alone() -> None:
    doors = Doors(open=False, proxy=ProxyConfig(), rate=1, names=frozenset({"board.example"}))
    guarded = Guarded(lambda *given: None, doors)  # type: ignore[arg-type,return-value]

    def asked(client: str) -> int:
        headers = [(b"x-forwarded-for", client), (b"x-forwarded-user", b"anna")]
        named = [
            (name, value if isinstance(value, bytes) else value.encode()) for name, value in headers
        ]
        scope: Any = {"type": "http", "method": "GET", "path": "/", "query_string": b""}
        scope |= {"headers": [*named, (b"host", b"board.example")], "client": ("127.0.0.1", 1)}
        refusal = guarded._refusal(HTTPConnection(scope))
        return refusal.status_code if refusal else 200

    assert [asked("1.2.3.4, 10.0.0.1") for _ in range(6)].count(429) == 2
    assert asked("10.0.0.2") == 200
