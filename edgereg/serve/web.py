"""The HTTP side: a page to look at, results as they come, health and metrics."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncIterator, Mapping
from importlib.resources import files
from urllib.parse import parse_qs

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import (
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from edgereg.serve.metrics import exposition
from edgereg.serve.worker import Worker

COOKIE = "edgereg_token"
# Silence on a stream of events for this long is broken, so that proxies keep it open.
KEEP_ALIVE_S = 10.0
# Live pictures a second, at most: more than that no eye asks for.
PICTURES_S = 15.0
_STATIC = {"page.css": "text/css", "page.js": "text/javascript"}
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; style-src 'self'; "
    "script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Guarded:
    """Lets nobody in without the token; health alone is told to anyone.

    A browser shows the token once, as `/?token=...`, and gets a cookie for it.
    """

    def __init__(self, app: ASGIApp, token: str | None) -> None:
        self._app = app
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or answer with 401."""
        if scope["type"] != "http" or self._token is None or scope["path"].startswith("/health/"):
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        scheme, _, bearer = connection.headers.get("authorization", "").partition(" ")
        if self._fits(connection.cookies.get(COOKIE)) or (
            scheme.lower() == "bearer" and self._fits(bearer)
        ):
            await self._app(scope, receive, send)
            return
        response: Response = PlainTextResponse(
            "a token is needed: 'Authorization: Bearer TOKEN', or /?token=TOKEN in a browser\n",
            401,
            {"WWW-Authenticate": "Bearer", **_HEADERS},
        )
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        if scope["path"] == "/" and self._fits(given):
            response = RedirectResponse("/", 303, _HEADERS)
            response.set_cookie(
                COOKIE, given, httponly=True, samesite="strict", secure=scope["scheme"] == "https"
            )
        await response(scope, receive, send)

    def _fits(self, given: str | None) -> bool:
        return hmac.compare_digest((given or "").encode(), (self._token or "").encode())


def make_app(
    workers: Mapping[str, Worker], *, token: str | None = None, local: bool = True, clients: int
) -> Starlette:
    """The application. local: it answers to the names of this machine's loopback alone, so that
    no page from elsewhere can lead a browser here. clients: streams that may be open at once.
    """
    pages = Pages(workers, asyncio.Semaphore(clients))
    middleware = [Middleware(Guarded, token=token)]
    if local:
        names = ["localhost", "127.0.0.1", "[::1]"]
        middleware.insert(0, Middleware(TrustedHostMiddleware, allowed_hosts=names))
    return Starlette(
        routes=[
            Route("/", pages.page),
            Route("/sources", pages.sources),
            Route("/sources/{name}", pages.source),
            Route("/sources/{name}/picture.jpg", pages.picture),
            Route("/sources/{name}/live.mjpg", pages.pictures),
            Route("/sources/{name}/events", pages.events),
            Route("/health/live", pages.living),
            Route("/health/ready", pages.ready),
            Route("/metrics", pages.metrics),
            Route("/{file}", pages.static),
        ],
        middleware=middleware,
    )


class Pages:
    """What is answered, by address."""

    def __init__(self, workers: Mapping[str, Worker], streams: asyncio.Semaphore) -> None:
        self._workers = workers
        self._streams = streams
        package = files("edgereg.serve")
        self._page = (package / "page.html").read_bytes()
        self._static = {name: (package / name).read_bytes() for name in _STATIC}

    def _worker(self, request: Request) -> Worker:
        worker = self._workers.get(request.path_params["name"])
        if worker is None:
            raise HTTPException(404, "no such source")
        return worker

    async def page(self, request: Request) -> Response:
        """The page for people."""
        return Response(self._page, media_type="text/html", headers=_HEADERS)

    async def static(self, request: Request) -> Response:
        """The page's script and style; no file of the disk is looked for."""
        name = request.path_params["file"]
        if name not in self._static:
            raise HTTPException(404, "no such page")
        return Response(self._static[name], media_type=_STATIC[name], headers=_HEADERS)

    async def sources(self, request: Request) -> Response:
        """Every source's state and latest records."""
        every = [worker.facts() for worker in self._workers.values()]
        return JSONResponse(every, headers=_HEADERS)

    async def source(self, request: Request) -> Response:
        """One source's state and latest records."""
        return JSONResponse(self._worker(request).facts(), headers=_HEADERS)

    async def picture(self, request: Request) -> Response:
        """The latest picture with its marks."""
        latest = self._worker(request).live.latest
        if latest is None:
            raise HTTPException(404, "no picture yet")
        jpeg = await run_in_threadpool(latest.jpeg)
        return Response(jpeg, media_type="image/jpeg", headers=_HEADERS)

    async def pictures(self, request: Request) -> Response:
        """Pictures as they come, as MJPEG; who is slow gets fewer."""
        body = _pictures(self._worker(request))
        return self._stream(body, "multipart/x-mixed-replace; boundary=frame")

    async def events(self, request: Request) -> Response:
        """The records of each frame as a server-sent event, a JSON list."""
        return self._stream(_events(self._worker(request)), "text/event-stream")

    async def living(self, request: Request) -> Response:
        """Whether the threads are there; a source that waits for its camera is."""
        alive = all(worker.alive for worker in self._workers.values())
        return PlainTextResponse(
            "ok\n" if alive else "a source's thread died\n", 200 if alive else 500
        )

    async def ready(self, request: Request) -> Response:
        """Whether every source has had its first result, or its first fault."""
        waiting = any(worker.state == "starting" for worker in self._workers.values())
        return PlainTextResponse("starting\n" if waiting else "ok\n", 503 if waiting else 200)

    async def metrics(self, request: Request) -> Response:
        """For Prometheus."""
        return Response(exposition(self._workers), media_type=CONTENT_TYPE_LATEST)

    def _stream(self, body: AsyncIterator[bytes], media_type: str) -> Response:
        if self._streams.locked():
            raise HTTPException(503, "too many streams are open; see 'clients'")
        return StreamingResponse(
            _counted(body, self._streams), media_type=media_type, headers=_HEADERS
        )


async def _counted(body: AsyncIterator[bytes], streams: asyncio.Semaphore) -> AsyncIterator[bytes]:
    async with streams:
        async for part in body:
            yield part


async def _pictures(worker: Worker) -> AsyncIterator[bytes]:
    number = 0
    # A browser shows a part when the boundary behind it has come.
    yield b"--frame\r\n"
    while True:
        latest = worker.live.latest
        if latest is not None and latest.number > number:
            number = latest.number
            jpeg = await run_in_threadpool(latest.jpeg)
            head = f"Content-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
            yield head.encode() + jpeg + b"\r\n--frame\r\n"
            await asyncio.sleep(1 / PICTURES_S)
        elif worker.over:
            return
        else:
            await worker.live.newer(number, KEEP_ALIVE_S)


async def _events(worker: Worker) -> AsyncIterator[bytes]:
    number = worker.live.count
    yield b"retry: 2000\n\n"
    while True:
        newer = worker.live.since(number)
        for number, text in newer:
            yield f"id: {number}\ndata: {text}\n\n".encode()
        if not newer:
            if worker.over:
                return
            if not await worker.live.newer(number, KEEP_ALIVE_S):
                yield b": still here\n\n"
