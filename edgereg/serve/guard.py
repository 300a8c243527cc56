"""Who is let in, to look or to change: by token or a proxy's word, and from which pages."""

from __future__ import annotations

import hmac
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edgereg.serve.config import ProxyConfig, ServeConfig
from edgereg.serve.limits import Buckets
from edgereg.serve.protocol import LARGEST_HEAD

Role: TypeAlias = Literal["look", "change"]

COOKIE = "edgereg_token"
# A display on a wall starts again, and nobody is there to show the token once more.
COOKIE_S = 400 * 24 * 3600
ROLE = "edgereg.role"
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; style-src 'self'; "
    "script-src 'self'; connect-src 'self'; media-src 'self' blob:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
# Wrong tokens of one client: so many at once, then one in this many seconds.
WRONG_TOKENS, WRONG_EVERY_S = 10, 6.0


@dataclass(frozen=True)
class Doors:
    """Who may come in.

    open: everybody, to change too; else whoever shows `token`, to look alone `view_token`, or
    whom `proxy` vouches for. names: the hosts that are answered to, None: any. rate: requests a
    second of one client that comes over a network, 0: any number.
    """

    open: bool
    token: str | None = None
    view_token: str | None = None
    proxy: ProxyConfig | None = None
    names: frozenset[str] | None = None
    rate: float = 0.0

    @classmethod
    def of(cls, config: ServeConfig) -> Doors:
        """As the configuration says. Raises EdgeregError for a token that is no good."""
        token, view_token = config.token(), config.view_token()
        opened = token is None and view_token is None and config.proxy is None
        names = frozenset({"localhost", "127.0.0.1", "[::1]", *config.names})
        # No name from elsewhere may lead a browser here, where no token keeps it out.
        checked = bool(config.names) or opened
        return cls(opened, token, view_token, config.proxy, names if checked else None, config.rate)

    def answers_to(self, host: str) -> bool:
        """Whether a request's `Host` is one of ours."""
        name = re.sub(r":\d{1,5}$", "", host).lower()
        return self.names is None or name in self.names

    def role(self, peer: str, connection: HTTPConnection) -> Role | None:
        """What a client may do, or None. peer: the address that it connects from."""
        if self.open:
            return "change"
        for given in _tokens(connection):
            if _same(given, self.token):
                return "change"
            if _same(given, self.view_token):
                return "look"
        if self.proxy is not None and self.proxy.at(peer):
            user = connection.headers.get(self.proxy.user, "").strip()
            if user:
                editors = self.proxy.editors
                return "change" if not editors or user in editors else "look"
        return None


class Guarded:
    """Lets in whom the doors let in; health alone is told to anyone.

    A browser shows the token once, as `/?token=...`, and gets a cookie for it. Pages of other
    places can neither change anything nor open a WebSocket, whatever cookies the browser has.
    """

    def __init__(self, app: ASGIApp, doors: Doors) -> None:
        self._app = app
        self._doors = doors
        self._asked = Buckets(doors.rate, 4 * doors.rate)
        self._wrong = Buckets(1 / WRONG_EVERY_S, WRONG_TOKENS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or refuse."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(HTTPConnection(scope))
        if scope["type"] == "websocket":
            if refusal is None:
                await self._app(scope, receive, send)
            else:  # before it is accepted, this is an answer of 403
                await send({"type": "websocket.close", "code": 1008, "reason": ""})
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await (refusal or self._app)(scope, receive, send_guarded)

    def _refusal(self, connection: HTTPConnection) -> Response | None:
        """What to answer to whom is not let in; None: come in."""
        scope = connection.scope
        if sum(len(name) + len(value) for name, value in scope["headers"]) > LARGEST_HEAD:
            return _no(431, "a smaller head, please")
        if not self._doors.answers_to(connection.headers.get("host", "")):
            return _no(400, "this name is not served here; see 'names'")
        peer = scope["client"][0] if scope.get("client") else ""
        client = self._client(peer, connection)
        wait_s = 0.0 if self._doors.rate == 0 or _is_local(client) else self._asked.take(client)
        if wait_s:
            return _no(429, "too many requests; see 'rate'", {"Retry-After": f"{wait_s:.0f}"})
        reads = scope["type"] == "http" and scope["method"] in ("GET", "HEAD", "OPTIONS")
        if not reads and _from_elsewhere(connection):
            return _no(403, "asked for by another page")
        role = self._doors.role(peer, connection)
        scope[ROLE] = role
        if scope["path"].startswith("/health/"):
            return None
        if role is None:
            return self._asking(client, connection)
        if role == "look" and not reads and scope["type"] == "http":
            return _no(403, "you may look, and change nothing")
        return None

    def _client(self, peer: str, connection: HTTPConnection) -> str:
        """Whose requests are counted together: behind the proxy those whom it names."""
        proxy = self._doors.proxy
        if proxy is not None and proxy.at(peer):
            return connection.headers.get("x-forwarded-for", peer).rpartition(",")[2].strip()
        return peer

    def _asking(self, client: str, connection: HTTPConnection) -> Response:
        """What to answer without a token, or to a browser that shows it for the first time."""
        scope, doors = connection.scope, self._doors
        query = parse_qs(scope["query_string"].decode("latin-1"))
        given = query.get("token", [""])[0]
        if scope["path"] == "/" and (_same(given, doors.token) or _same(given, doors.view_token)):
            response = RedirectResponse("/", 303)
            response.set_cookie(
                COOKIE,
                given,
                max_age=COOKIE_S,
                httponly=True,
                samesite="strict",
                secure=scope["scheme"] == "https",
            )
            return response
        wait_s = self._wrong.take(client) if given or _tokens(connection) else 0.0
        if wait_s:
            return _no(429, "too many wrong tokens", {"Retry-After": f"{wait_s:.0f}"})
        return _no(
            401,
            "a token is needed: 'Authorization: Bearer TOKEN', or /?token=TOKEN in a browser",
            {"WWW-Authenticate": "Bearer"},
        )


def _no(status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    return PlainTextResponse(f"{text}\n", status, headers)


def _tokens(connection: HTTPConnection) -> list[str]:
    """The tokens that a request shows."""
    scheme, _, bearer = connection.headers.get("authorization", "").partition(" ")
    shown = [connection.cookies.get(COOKIE), bearer if scheme.lower() == "bearer" else None]
    return [each for each in shown if each]


def _same(given: str, expected: str | None) -> bool:
    return bool(expected) and hmac.compare_digest(given.encode(), (expected or "").encode())


def _is_local(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _from_elsewhere(connection: HTTPConnection) -> bool:
    """Whether a browser says that a page of another place asks; programs say nothing."""
    site = connection.headers.get("sec-fetch-site", "none")
    origin = connection.headers.get("origin")
    foreign = origin is not None and urlsplit(origin).netloc != connection.headers.get("host")
    return foreign or site not in ("none", "same-origin")
