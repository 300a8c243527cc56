"""What goes on for as long as a client listens: pictures, events and messages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from edgereg.serve.worker import Worker

# Silence on a stream of events for this long is broken, so that proxies keep it open.
KEEP_ALIVE_S = 10.0
# Live pictures a second, at most: more than that no eye asks for.
PICTURES_S = 15.0


class Counted(StreamingResponse):
    """A stream that takes one of the places there are, from its first byte to its last."""

    def __init__(
        self, body: AsyncIterator[bytes], media_type: str, places: asyncio.Semaphore
    ) -> None:
        super().__init__(body, media_type=media_type)
        self._places = places

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream, or refuse. Nothing is waited for between the look and the taking."""
        if scope["method"] == "HEAD":
            await Response(media_type=self.media_type)(scope, receive, send)
            return
        if self._places.locked():
            text = "too many streams are open; see 'clients'\n"
            await PlainTextResponse(text, 503)(scope, receive, send)
            return
        async with self._places:
            await super().__call__(scope, receive, send)


async def pictures_of(worker: Worker) -> AsyncIterator[bytes]:
    """Parts of an MJPEG stream."""
    number = 0
    # A browser shows a part when the boundary behind it has come.
    yield b"--frame\r\n"
    while True:
        latest = worker.live.latest
        if latest is not None and latest.number > number:
            number = latest.number
            jpeg = await latest.picture()
            head = f"Content-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
            yield head.encode() + jpeg + b"\r\n--frame\r\n"
            await asyncio.sleep(1 / PICTURES_S)
        elif worker.over:
            return
        else:
            await worker.live.newer(number, KEEP_ALIVE_S)


async def send_messages(worker: Worker, socket: WebSocket) -> None:
    """Send messages; what the other side says only tells that it is there."""
    number = worker.live.count
    heard = asyncio.ensure_future(_until_it_leaves(socket))
    try:
        while not heard.done():
            newer = worker.live.since(number)
            for number, text in newer:
                head = f'{{"source": "{worker.name}", "id": {number}, "records": '
                await socket.send_text(f"{head}{text}}}")
            if not newer:
                if worker.over:
                    await socket.close()
                    return
                waiting = asyncio.ensure_future(worker.live.newer(number, KEEP_ALIVE_S))
                await asyncio.wait({heard, waiting}, return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
    finally:
        heard.cancel()


async def _until_it_leaves(socket: WebSocket) -> None:
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


async def events_of(worker: Worker, number: int) -> AsyncIterator[bytes]:
    """Server-sent events: the records of each frame after `number`."""
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
