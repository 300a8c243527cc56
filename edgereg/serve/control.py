"""What may be changed over HTTP: sources, whether they run, and boxes to track."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from edgereg.core.errors import EdgeregError
from edgereg.core.json_files import parse_json
from edgereg.serve.config import SourceConfig, mistakes, placed_source
from edgereg.serve.facts import facts
from edgereg.serve.fleet import Fleet
from edgereg.serve.pointing import follow, forget
from edgereg.serve.strict import Name, Strict

LARGEST_BODY = 64 * 1024
# The longest that a body may take to arrive.
BODY_S = 10.0
_STREAM = re.compile(r"(rtsps?|https?|rtmps?|srt)://[^\s!]+", re.IGNORECASE)
_CAMERA = re.compile(r"\d{1,3}|/dev/video\d{1,3}")
# What could read or write any file: the configuration file alone names it.
_FILE_ONLY = ("models", "outputs")
_NAME: TypeAdapter[str] = TypeAdapter(Name)


class Box(Strict):
    """x, y, width, height in pixels of the source's frames; track: of an object that is followed
    already and goes on from here, None: another one.
    """

    box: tuple[float, float, Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)]]
    track: int | None = Field(None, ge=1)


@dataclass(frozen=True)
class Controls:
    """Answers requests that change something. Who may ask is the guard's matter.

    folder: where relative paths start, None: nowhere. media: folders whose files may be sources.
    """

    fleet: Fleet
    folder: Path | None
    media: Sequence[Path]

    def routes(self) -> list[Route]:
        """The addresses."""
        return [
            Route("/sources/{name}", self.put, methods=["PUT"]),
            Route("/sources/{name}", self.patch, methods=["PATCH"]),
            Route("/sources/{name}", self.delete, methods=["DELETE"]),
            Route("/sources/{name}/start", self.start, methods=["POST"]),
            Route("/sources/{name}/stop", self.stop, methods=["POST"]),
            Route("/sources/{name}/prompts", self.point, methods=["POST"]),
            Route("/sources/{name}/prompts", self.forget, methods=["DELETE"]),
            Route("/sources/{name}/prompts/{track:int}", self.forget, methods=["DELETE"]),
        ]

    async def put(self, request: Request) -> Response:
        """Add a source, or give one other settings in place of all that it had."""
        return await self._put(request, {})

    async def patch(self, request: Request) -> Response:
        """Change some settings of a source."""
        name = request.path_params["name"]
        if name not in self.fleet.workers:
            raise HTTPException(404, "no such source")
        return await self._put(request, self.fleet.workers[name].config.model_dump(mode="json"))

    async def delete(self, request: Request) -> Response:
        """End a source and forget it."""
        await self._change(self.fleet.remove, request)
        return Response(status_code=204)

    async def start(self, request: Request) -> Response:
        """Let a source run again."""
        await self._change(self.fleet.start, request)
        return self._facts(request)

    async def stop(self, request: Request) -> Response:
        """End a source, which stays in the list."""
        await self._change(self.fleet.stop, request)
        return self._facts(request)

    async def point(self, request: Request) -> Response:
        """Follow what is in a box of the picture, from the next frame on."""
        worker = self.fleet.workers.get(request.path_params["name"])
        if worker is None:
            raise HTTPException(404, "no such source")
        asked = Box.model_validate(await _json(request))
        return JSONResponse({"track": follow(worker, asked.box, asked.track)}, 201)

    async def forget(self, request: Request) -> Response:
        """Follow one object, or all, no further."""
        worker = self.fleet.workers.get(request.path_params["name"])
        if worker is None or not forget(worker, request.path_params.get("track")):
            raise HTTPException(404, "nothing like that is followed")
        return Response(status_code=204)

    async def _put(self, request: Request, known: dict[str, Any]) -> Response:
        given = await _json(request)
        name = _NAME.validate_python(request.path_params["name"])
        config = SourceConfig.model_validate({**known, **given})
        if self.folder is not None:
            config = placed_source(config, self.folder)
        worker = self.fleet.workers.get(name)
        self._check(config, None if worker is None else worker.config)
        await run_in_threadpool(self.fleet.put, name, config)
        return JSONResponse(facts(self.fleet.workers[name]), 200 if worker else 201)

    def _check(self, config: SourceConfig, before: SourceConfig | None) -> None:
        """Raise EdgeregError for what the configuration file alone may name."""
        for field in _FILE_ONLY:
            if getattr(config, field) not in ((), before and getattr(before, field)):
                raise EdgeregError(f"{field}: only the configuration file may name files here")
        known = before is not None and config.source == before.source
        if not known and not self._may_be_named(config.source):
            raise EdgeregError(
                "source: over HTTP this is a camera's number, an address (rtsp, http, rtmp, "
                "srt), or a file in one of the folders that the configuration names as 'media'"
            )

    def _may_be_named(self, source: str) -> bool:
        if _CAMERA.fullmatch(source) or _STREAM.fullmatch(source):
            return True
        try:
            path = Path(source).resolve()
        except (OSError, ValueError):
            return False
        return any(path.is_relative_to(folder.resolve()) for folder in self.media)

    async def _change(self, change: Any, request: Request) -> None:
        try:
            await run_in_threadpool(change, request.path_params["name"])
        except KeyError as error:
            raise HTTPException(404, "no such source") from error

    def _facts(self, request: Request) -> Response:
        worker = self.fleet.workers.get(request.path_params["name"])
        if worker is None:
            raise HTTPException(404, "no such source")
        return JSONResponse(facts(worker))


def tell_mistakes(request: Request, error: Exception) -> Response:
    """The answer to what can't be: every mistake with its place."""
    if isinstance(error, ValidationError):
        found = [{"place": place, "message": message} for place, message in mistakes(error)]
    else:
        found = [{"place": "", "message": line} for line in str(error).splitlines()]
    return JSONResponse({"mistakes": found}, 422)


async def _json(request: Request) -> dict[str, Any]:
    """The JSON object that was sent. Raises HTTPException for anything else."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":  # what a form of another page can't send
        raise HTTPException(415, "send JSON, with Content-Type: application/json")
    try:
        body = await asyncio.wait_for(_body(request), BODY_S)
        found = parse_json(body.decode("utf-8"))
    except asyncio.TimeoutError as error:
        raise HTTPException(408, "that took too long") from error
    except ClientDisconnect as error:
        raise HTTPException(400, "the end is missing") from error
    except ValueError as error:
        raise HTTPException(400, "that is no JSON") from error
    if not isinstance(found, dict):
        raise HTTPException(400, "send a JSON object")
    return found


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_BODY:
            raise HTTPException(413, f"more than {LARGEST_BODY} bytes are too many")
    return bytes(body)
