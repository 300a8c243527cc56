"""From a configuration to sources at work and a server that answers."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path

import uvicorn

from edgereg.core.errors import EdgeregError
from edgereg.core.files import reason
from edgereg.plugins import Plugins
from edgereg.serve.config import ServeConfig, read_config
from edgereg.serve.delivery.base import Delivery
from edgereg.serve.delivery.open import open_delivery
from edgereg.serve.shared import SharedTasks
from edgereg.serve.web import make_app
from edgereg.serve.worker import Worker, check_source

# Everything together ends within five seconds of SIGTERM.
ENDING_S = 4.0


class Service:
    """Workers and an HTTP server, each in threads of their own. One use only."""

    def __init__(self, config: ServeConfig, plugins: Plugins) -> None:
        """Check everything that can be checked before it begins. Raises EdgeregError."""
        token = config.token()
        for name, source in config.sources.items():
            check_source(name, source, plugins)
        # First, so that a second process never takes hold of the queues.
        self._socket = _listen(config)
        shared = SharedTasks(plugins)
        self.deliveries = _deliveries(config)
        self.workers = {
            name: Worker(name, source, shared, self.deliveries)
            for name, source in config.sources.items()
        }
        # No name from elsewhere may lead a browser here, where no token keeps it out.
        local = config.on_loopback and token is None
        app = make_app(
            self.workers, self.deliveries, token=token, local=local, clients=config.clients
        )
        settings = uvicorn.Config(
            app,
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
        try:
            settings.load()
        except OSError as error:
            raise EdgeregError(f"tls: the certificate or key is no good: {error}") from error
        self._scheme = "https" if config.tls else "http"
        self._host = config.host
        self._server = uvicorn.Server(settings)
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), name="http", daemon=True
        )

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
        for worker in self.workers.values():
            worker.start()
        self._thread.start()

    def stop(self) -> bool:
        """End everything within ENDING_S; False where a thread hangs in a library."""
        deadline = time.monotonic() + ENDING_S
        self._server.should_exit = True
        for worker in self.workers.values():
            worker.ask_to_stop()
        ended = [
            worker.join(max(0.0, deadline - time.monotonic())) for worker in self.workers.values()
        ]
        for delivery in self.deliveries:
            ended.append(delivery.stop(max(0.5, deadline - time.monotonic())))
        self._thread.join(max(0.0, deadline - time.monotonic()))
        self._socket.close()
        return all(ended) and not self._thread.is_alive()


def service_of(path: Path, plugins: Plugins) -> Service:
    """What a YAML file describes, not yet started. Raises EdgeregError."""
    return Service(read_config(path), plugins)


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
