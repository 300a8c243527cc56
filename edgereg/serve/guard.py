"""Who is let in: by token, and from which pages."""

from __future__ import annotations

import hmac
from urllib.parse import parse_qs, urlsplit

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

COOKIE = "edgereg_token"
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; style-src 'self'; "
    "script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Guarded:
    """Lets nobody in without the token; health alone is told to anyone.

    A browser shows the token once, as `/?token=...`, and gets a cookie for it. Pages of other
    places can neither change anything nor open a WebSocket, whatever cookies the browser has.
    """

    def __init__(self, app: ASGIApp, token: str | None) -> None:
        self._app = app
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or refuse."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        reads = scope["type"] == "http" and scope["method"] in ("GET", "HEAD", "OPTIONS")
        if not reads and _from_elsewhere(connection):
            refusal: Response = PlainTextResponse("asked for by another page\n", 403, HEADERS)
        elif self._may_enter(connection):
            await self._app(scope, receive, send)
            return
        else:
            refusal = self._asking(connection)
        if scope["type"] == "websocket":
            # Before it is accepted, this is an answer of 403.
            await send({"type": "websocket.close", "code": 1008, "reason": ""})
        else:
            await refusal(scope, receive, send)

    def _may_enter(self, connection: HTTPConnection) -> bool:
        if self._token is None or connection.scope["path"].startswith("/health/"):
            return True
        scheme, _, bearer = connection.headers.get("authorization", "").partition(" ")
        return self._fits(connection.cookies.get(COOKIE)) or (
            scheme.lower() == "bearer" and self._fits(bearer)
        )

    def _asking(self, connection: HTTPConnection) -> Response:
        """What to answer without a token, or to a browser that shows it for the first time."""
        scope = connection.scope
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        if scope["path"] == "/" and self._fits(given):
            response = RedirectResponse("/", 303, HEADERS)
            secure = scope["scheme"] == "https"
            response.set_cookie(COOKIE, given, httponly=True, samesite="strict", secure=secure)
            return response
        return PlainTextResponse(
            "a token is needed: 'Authorization: Bearer TOKEN', or /?token=TOKEN in a browser\n",
            401,
            {"WWW-Authenticate": "Bearer", **HEADERS},
        )

    def _fits(self, given: str | None) -> bool:
        return hmac.compare_digest((given or "").encode(), (self._token or "").encode())


def _from_elsewhere(connection: HTTPConnection) -> bool:
    """Whether a browser says that a page of another place asks; programs say nothing."""
    origin = connection.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != connection.headers.get("host")
