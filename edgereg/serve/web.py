"""The HTTP side: a page to look at, results as they come, health and metrics."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import PurePath

from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

import edgereg
from edgereg.core.errors import EdgeregError
from edgereg.serve.board import readings
from edgereg.serve.control import Controls, tell_mistakes
from edgereg.serve.crowd import Crowd
from edgereg.serve.delivery.base import Destination
from edgereg.serve.densities import Densities
from edgereg.serve.facts import facts, settings
from edgereg.serve.film import Film, can_film
from edgereg.serve.fleet import Fleet
from edgereg.serve.guard import ROLE, Doors, Guarded
from edgereg.serve.metrics import exposition
from edgereg.serve.streams import Counted, events_of, pictures_of, send_messages
from edgereg.serve.watch import Watch
from edgereg.serve.worker import Worker

_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


def make_app(pages: Pages, controls: Controls, doors: Doors) -> Starlette:
    """The application: what is answered, what may be changed, and to whom."""
    app = Starlette(
        routes=[
            Route("/", pages.page),
            Route("/service", pages.service),
            Route("/sources", pages.sources),
            Route("/sources/{name}", pages.source),
            Route("/sources/{name}/picture.jpg", pages.picture),
            Route("/sources/{name}/live.mjpg", pages.pictures),
            Route("/sources/{name}/live.mp4", pages.film),
            Route("/sources/{name}/history", pages.history),
            Route("/sources/{name}/density", pages.density),
            Route("/sources/{name}/events", pages.events),
            WebSocketRoute("/sources/{name}/socket", pages.socket),
            Route("/deliveries", pages.deliveries),
            Route("/health/live", pages.living),
            Route("/health/ready", pages.ready),
            Route("/metrics", pages.metrics),
            *controls.routes(),
            Route("/{file}", pages.static),
        ],
        middleware=[Middleware(Guarded, doors=doors)],
        exception_handlers={EdgeregError: tell_mistakes, ValidationError: tell_mistakes},
    )
    # Addresses are as they stand above; a redirection would repeat the name of a foreign host.
    app.router.redirect_slashes = False
    return app


@dataclass(frozen=True)
class Static:
    """A file of the page, in memory."""

    content: bytes
    media_type: str


class Pages:
    """What is answered, by address.

    clients: streams that may be open at once. mistake: what is wrong with the configuration file.
    tasks: titles of the tasks that there are, by name.
    """

    def __init__(
        self,
        fleet: Fleet,
        deliveries: Iterable[Destination],
        watch: Watch,
        *,
        clients: int,
        mistake: Callable[[], str | None],
        tasks: Mapping[str, str],
    ) -> None:
        self._fleet = fleet
        self._deliveries = deliveries
        self._watch = watch
        self._crowd = Crowd()
        self._streams = asyncio.Semaphore(clients)
        self._mistake = mistake
        self._tasks = dict(tasks)
        self._densities = Densities()
        self._films: dict[str, Film] = {}
        self._can_film = can_film()
        page = files("edgereg.serve") / "page"
        self._page = (page / "page.html").read_bytes()
        self._static = {
            each.name: Static(each.read_bytes(), _TYPES[ending])
            for each in page.iterdir()
            if (ending := PurePath(each.name).suffix) in _TYPES
        }

    def _worker(self, request: Request) -> Worker:
        worker = self._fleet.workers.get(request.path_params["name"])
        if worker is None:
            raise HTTPException(404, "no such source")
        return worker

    async def page(self, request: Request) -> Response:
        """The page for people."""
        return Response(self._page, media_type="text/html")

    async def static(self, request: Request) -> Response:
        """The page's scripts and style; no file of the disk is looked for."""
        found = self._static.get(request.path_params["file"])
        if found is None:
            raise HTTPException(404, "no such page")
        return Response(found.content, media_type=found.media_type)

    async def service(self, request: Request) -> Response:
        """What the page must know beside the sources."""
        return JSONResponse(
            {
                "version": edgereg.__version__,
                "may_change": request.scope[ROLE] == "change",
                "mistake": self._mistake(),
                "tasks": self._tasks,
                "film": self._can_film,
                "slower": self._crowd.slower,
                "board": [asdict(each) for each in await run_in_threadpool(readings)],
            }
        )

    async def sources(self, request: Request) -> Response:
        """Every source's state and latest records."""
        self._crowd.look()
        every = [facts(worker) for worker in self._fleet.workers.values()]
        return JSONResponse(every)

    async def source(self, request: Request) -> Response:
        """One source's state, latest records and settings."""
        worker = self._worker(request)
        return JSONResponse({**facts(worker), "settings": settings(worker)})

    async def picture(self, request: Request) -> Response:
        """The latest picture with its marks."""
        latest = self._worker(request).live.latest
        if latest is None:
            raise HTTPException(404, "no picture yet")
        jpeg = await latest.picture()
        return Response(jpeg, media_type="image/jpeg")

    async def pictures(self, request: Request) -> Response:
        """Pictures as they come, as MJPEG; who is slow gets fewer."""
        body = pictures_of(self._worker(request))
        return self._stream(body, "multipart/x-mixed-replace; boundary=frame")

    async def film(self, request: Request) -> Response:
        """The same as H.264 in fragmented MP4: a fifth of the bytes, a little later."""
        if not self._can_film:
            raise HTTPException(404, "this machine's PyAV can't encode H.264; see live.mjpg")
        worker = self._worker(request)
        film = self._films.get(worker.name)
        if film is None or not film.of(worker.live):
            film = self._films[worker.name] = Film(worker.name, worker.live)
        return self._stream(film.watched(), "video/mp4")

    async def history(self, request: Request) -> Response:
        """The numbers of the last minutes, or those after the sample `since`."""
        since = _number(request, "since") or 0
        return JSONResponse(self._worker(request).live.history.since(since))

    async def density(self, request: Request) -> Response:
        """The density of one prediction in the latest frame: of a `task`, by `track`.

        null where that is not in the frame.
        """
        worker, track = self._worker(request), _number(request, "track")
        task = request.query_params.get("task", "")
        return JSONResponse(await run_in_threadpool(self._densities.of, worker, task, track))

    async def events(self, request: Request) -> Response:
        """The records of each frame as a server-sent event, a JSON list.

        Whoever comes back with `Last-Event-ID` gets what was missed, as far as it is kept.
        """
        worker = self._worker(request)
        given = _whole(request.headers.get("last-event-id", ""))
        last = worker.live.count if given is None else given
        body = events_of(worker, min(last, worker.live.count))
        return self._stream(body, "text/event-stream")

    async def socket(self, socket: WebSocket) -> None:
        """A message a frame over a WebSocket, until the other side leaves."""
        worker = self._fleet.workers.get(socket.path_params["name"])
        if worker is None or self._streams.locked():
            await socket.close(1008)
            return
        async with self._streams:
            await socket.accept()
            with suppress(WebSocketDisconnect, RuntimeError):  # it has left
                await send_messages(worker, socket)

    async def deliveries(self, request: Request) -> Response:
        """How every delivery is doing."""
        every = [
            {"name": each.name, "to": each.kind, **asdict(each.progress)}
            for each in self._deliveries
        ]
        return JSONResponse(every)

    async def living(self, request: Request) -> Response:
        """Whether everything is at work; a source that waits for its camera is."""
        faults = "".join(f"{line}\n" for line in self._watch.faults())
        return PlainTextResponse(faults or "ok\n", 500 if faults else 200)

    async def ready(self, request: Request) -> Response:
        """Whether every source has had its first result, or its first fault, and nothing hangs."""
        starting = any(worker.state == "starting" for worker in self._fleet.workers.values())
        waiting = "starting\n" if starting else "".join(f"{x}\n" for x in self._watch.faults())
        return PlainTextResponse(waiting or "ok\n", 503 if waiting else 200)

    async def metrics(self, request: Request) -> Response:
        """For Prometheus."""
        return Response(
            exposition(self._fleet.workers, self._deliveries, self._watch),
            media_type=CONTENT_TYPE_LATEST,
        )

    def _stream(self, body: AsyncIterator[bytes], media_type: str) -> Response:
        return Counted(body, media_type, self._streams)


def _number(request: Request, name: str) -> int | None:
    """A whole number of the query, None where it is missing. Raises HTTPException for others."""
    text = request.query_params.get(name, "")
    found = _whole(text)
    if text and found is None:
        raise HTTPException(400, f"'{name}' is a whole number")
    return found


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None
