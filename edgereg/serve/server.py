"""From a configuration to sources at work and a server that answers."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import uvicorn

from edgereg.core.errors import EdgeregError
from edgereg.core.files import reason
from edgereg.plugins import Plugins
from edgereg.serve.config import ServeConfig, read_config
from edgereg.serve.control import Controls
from edgereg.serve.delivery.base import Delivery
from edgereg.serve.delivery.open import open_delivery
from edgereg.serve.fleet import Fleet
from edgereg.serve.guard import Doors
from edgereg.serve.shared import SharedTasks
from edgereg.serve.tls import load_certificate
from edgereg.serve.watching import Watched
from edgereg.serve.web import Pages, make_app
from edgereg.serve.worker import Worker, check_source

# Everything together ends within five seconds of SIGTERM.
ENDING_S = 4.0


class Service:
    """Sources and an HTTP server, each in threads of their own. One use only."""

    def __init__(self, config: ServeConfig, plugins: Plugins, path: Path | None = None) -> None:
        """Check everything that can be checked before it begins. Raises EdgeregError.

        path: the file that the configuration was read from, which then is watched.
        """
        doors = Doors.of(config)
        for name, source in config.sources.items():
            check_source(name, source, plugins)
        if config.tls is not None:
            load_certificate(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), config.tls)
        # First, so that a second process never takes hold of the queues.
        self._socket = _listen(config)
        self._config = config
        self.deliveries = _deliveries(config)
        self._fleet = Fleet(SharedTasks(plugins), self.deliveries, config.state)
        self._watched = path and Watched(_files(config, path), partial(self._reread, path))
        pages = Pages(
            self._fleet,
            self.deliveries,
            clients=config.clients,
            mistake=lambda: self._watched.mistake if self._watched else None,
        )
        controls = Controls(self._fleet, path and path.resolve().parent, config.media)
        self._settings = uvicorn.Config(
            make_app(pages, controls, doors),
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            ws_max_size=1024,
            lifespan="off",
            timeout_graceful_shutdown=1,
            ssl_certfile=config.tls.certificate if config.tls else None,
            ssl_keyfile=config.tls.key if config.tls else None,
        )
        self._settings.load()
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
        for delivery in self.deliveries:
            delivery.start()
        self._fleet.follow(self._config.sources)
        self._thread.start()
        if self._watched:
            self._watched.start()

    def stop(self) -> bool:
        """End everything within ENDING_S; False where a thread hangs in a library."""
        deadline = time.monotonic() + ENDING_S
        self._server.should_exit = True
        if self._watched:
            self._watched.stop()
        ended = [self._fleet.end(deadline)]
        for delivery in self.deliveries:
            ended.append(delivery.stop(max(0.5, deadline - time.monotonic())))
        self._thread.join(max(0.0, deadline - time.monotonic()))
        self._socket.close()
        return all(ended) and not self._thread.is_alive()

    def _reread(self, path: Path) -> None:
        """A watched file is another one: take what it says of sources, and the certificate.

        Raises EdgeregError for a mistake in it, and for changes that need another start.
        """
        config = read_config(path)
        self._fleet.follow(config.sources)
        if config.tls is not None and self._settings.ssl is not None:
            load_certificate(self._settings.ssl, config.tls)
        later = [
            name
            for name in ServeConfig.model_fields
            if name != "sources" and getattr(config, name) != getattr(self._config, name)
        ]
        if later:
            raise EdgeregError(f"{path}: {', '.join(later)}: changes with the next start")


def service_of(path: Path, plugins: Plugins) -> Service:
    """What a YAML file describes, not yet started. Raises EdgeregError."""
    return Service(read_config(path), plugins, path)


def _deliveries(config: ServeConfig) -> list[Delivery]:
    """Opened, since a queue may say that it can't be. Raises EdgeregError."""
    if config.deliver and config.state is None:
        raise EdgeregError("state: name a folder for what is to be delivered")
    state = config.state or Path()
    return [open_delivery(name, each, state) for name, each in config.deliver.items()]


def _listen(config: ServeConfig) -> socket.socket:
    """A socket that is bound, so that a port that is taken is told before models are loaded."""
    host = config.host.strip("[]")
    try:
        family = socket.getaddrinfo(host, config.port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, config.port), family=family)
    except OSError as error:
        raise EdgeregError(
            f"can't listen on {config.host}:{config.port}: {reason(error)}"
        ) from error


def _files(config: ServeConfig, path: Path) -> list[Path]:
    """All that is watched: the configuration, certificate and key."""
    return [path, *([config.tls.certificate, config.tls.key] if config.tls else [])]
