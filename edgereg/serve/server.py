"""From a configuration to sources at work and a server that answers."""

from __future__ import annotations

import logging
import socket
import ssl
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path

import uvicorn
from filelock import FileLock, Timeout
from starlette.applications import Starlette

from edgereg.core.errors import EdgeregError
from edgereg.core.files import reason
from edgereg.core.shown import shown
from edgereg.plugins import Plugins
from edgereg.serve.config import ServeConfig, read_config
from edgereg.serve.control import Controls
from edgereg.serve.delivery.deliveries import Deliveries
from edgereg.serve.fleet import Fleet
from edgereg.serve.guard import Doors
from edgereg.serve.protocol import (
    LARGEST_HEAD,
    MORE_CONNECTIONS,
    BoundedProtocol,
    bound,
    worth_a_line,
)
from edgereg.serve.pulse import Pulse
from edgereg.serve.shared import SharedTasks
from edgereg.serve.tls import load_certificate
from edgereg.serve.watch import Watch
from edgereg.serve.watched_files import Watched
from edgereg.serve.web import Pages, make_app
from edgereg.serve.worker import Worker, check_source

# Everything together ends within five seconds of SIGTERM; sources leave deliveries some of it.
ENDING_S = 4.3
SOURCES_ENDING_S = 2.7
# How long the process before this one, which is being replaced, may take to end.
HANDOVER_S = 10.0
# The HTTP side shows every second that it is alive.
LEAST_HTTP_S = 10.0
# Of the configuration file: what is taken from it while it all runs.
FOLLOWED = ("sources", "rules", "deliver")


class Service:
    """Sources and an HTTP server, each in threads of their own. One use only."""

    def __init__(self, config: ServeConfig, plugins: Plugins, path: Path | None = None) -> None:
        """Check everything that can be checked before it begins. Raises EdgeregError.

        path: the file that the configuration was read from, which then is watched.
        """
        doors = Doors.of(config)
        for name, source in config.sources.items():
            check_source(name, source, plugins, config.rules)
        if config.tls is not None:
            load_certificate(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), config.tls)
        # First, so that a second process never takes hold of the queues, and one that takes the
        # place of another waits for its end.
        self._state_lock = None if config.state is None else locked(config.state)
        self._socket = _listen(config)
        self._config = config
        self._path = path
        self.deliveries = Deliveries(config.deliver, config.state, config.hung)
        self._shared = SharedTasks(plugins, config.hung)
        self._fleet = Fleet(self._shared, self.deliveries, config.state)
        self._http = Pulse("http")
        self.watch = Watch(self._pulses, self._dead)
        self._watched = path and Watched(_files(config, path), partial(self._reread, path))
        pages = Pages(
            self._fleet,
            self.deliveries,
            self.watch,
            clients=config.clients,
            mistake=self._mistake,
            tasks={name: task.title for name, task in plugins.tasks().items()},
        )
        controls = Controls(self._fleet, path and path.resolve().parent, config.media)
        app = make_app(pages, controls, doors)
        self._settings = _http_settings(config, app, self._http_beats)
        self._settings.load()
        logging.getLogger("uvicorn.error").addFilter(worth_a_line)
        self._scheme = "https" if config.tls else "http"
        self._host = config.host
        self._server = uvicorn.Server(self._settings)
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), name="http", daemon=True
        )

    @property
    def workers(self) -> Mapping[str, Worker]:
        """The sources at work, by name."""
        return self._fleet.workers

    @property
    def address(self) -> str:
        """Where the page is."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{self._scheme}://{host}:{self._socket.getsockname()[1]}/"

    @property
    def answering(self) -> bool:
        """Whether the HTTP side is at work."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Start everything; returns at once."""
        self.deliveries.start()
        self._fleet.follow(self._config.sources, self._config.rules)
        self._thread.start()
        self.watch.start()
        if self._watched:
            self._watched.start()

    def stop(self) -> bool:
        """End everything within ENDING_S; False where a thread hangs in a library."""
        began = time.monotonic()
        self.watch.stop()
        self._server.should_exit = True
        if self._watched:
            self._watched.stop()
        sources = self._fleet.end(began + SOURCES_ENDING_S)
        deliveries = self.deliveries.end(began + ENDING_S)
        self._thread.join(max(0.0, began + ENDING_S - time.monotonic()))
        self._socket.close()
        if self._state_lock is not None:
            self._state_lock.release()
        return sources and deliveries and not self._thread.is_alive()

    @property
    def leaves_on_hang(self) -> bool:
        """Whether the process is to end where something hangs."""
        return self._config.on_hang == "leave"

    async def _http_beats(self) -> None:
        self._http.beat("has answered nobody", max(self._config.hung, LEAST_HTTP_S))

    def _pulses(self) -> list[Pulse]:
        """Of everything that may hang."""
        return [
            self._http,
            *(worker.pulse for worker in self.workers.values()),
            *(pulse for delivery in self.deliveries for pulse in delivery.pulses),
            *self._shared.pulses(),
        ]

    def _dead(self) -> list[str]:
        """A line for each thread that is gone before its time."""
        sources = [f"source {name}" for name, each in self.workers.items() if not each.alive]
        deliveries = [f"delivery {each.name}" for each in self.deliveries if not each.alive]
        return [f"the thread of {name} is gone" for name in (*sources, *deliveries)]

    def _mistake(self) -> str | None:
        """What is wrong with the file, for who looks: without folders and secrets of addresses."""
        told = self._watched.mistake if self._watched else None
        if told is None or self._path is None:
            return told
        return "\n".join(map(shown, told.replace(str(self._path), self._path.name).splitlines()))

    def _reread(self, path: Path) -> None:
        """A watched file is another one: take what it says, and the certificate.

        Raises EdgeregError for a mistake in it, and for changes that need another start.
        """
        config = read_config(path)
        self._fleet.follow(config.sources, config.rules)
        self.deliveries.follow(config.deliver)
        if config.tls is not None and self._settings.ssl is not None:
            load_certificate(self._settings.ssl, config.tls)
        later = [
            name
            for name in ServeConfig.model_fields
            if name not in FOLLOWED and getattr(config, name) != getattr(self._config, name)
        ]
        if later:
            raise EdgeregError(f"{path}: {', '.join(later)}: changes with the next start")


def locked(folder: Path) -> FileLock:
    """The folder of what is remembered, as this process's own; the system takes it back from one
    that dies. Raises EdgeregError."""
    lock = FileLock(folder / "lock", timeout=HANDOVER_S, thread_local=False)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise EdgeregError(
            f"{folder}: another process keeps its state there; end it, or name another folder as "
            "'state'"
        ) from error
    except OSError as error:
        raise EdgeregError(f"{folder}: state can't be kept there: {reason(error)}") from error
    return lock


def _listen(config: ServeConfig) -> socket.socket:
    """A socket that is bound, so that a port that is taken is told before models are loaded."""
    host = config.host.strip("[]")
    try:
        family = socket.getaddrinfo(host, config.port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.create_server((host, config.port), family=family)
        # What is accepted from it has this too. Else an answer's second part waits for the other
        # side's word that it has the first: 40 ms. (asyncio sees to it for sockets of its own.)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        bound(listening)
        return listening
    except OSError as error:
        raise EdgeregError(
            f"can't listen on {config.host}:{config.port}: {reason(error)}"
        ) from error


def _http_settings(
    config: ServeConfig, app: Starlette, beats: Callable[[], Awaitable[None]]
) -> uvicorn.Config:
    """How the HTTP side answers: bounded in all that others send; `beats` is called every second
    that it is alive."""
    return uvicorn.Config(
        app,
        http=BoundedProtocol,
        h11_max_incomplete_event_size=LARGEST_HEAD,
        limit_concurrency=config.clients + MORE_CONNECTIONS,
        log_config=None,
        # Its warnings are of requests that were refused: anybody could fill a disk with them.
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws_max_size=1024,
        lifespan="off",
        timeout_graceful_shutdown=1,
        timeout_notify=1,
        callback_notify=beats,
        ssl_certfile=config.tls.certificate if config.tls else None,
        ssl_keyfile=config.tls.key if config.tls else None,
    )


def _files(config: ServeConfig, path: Path) -> list[Path]:
    """All that is watched: the configuration, certificate and key."""
    return [path, *([config.tls.certificate, config.tls.key] if config.tls else [])]
