"""`edgereg serve`: many sources, watched from a browser."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgereg.cli.session import Session, pass_session
from edgereg.cli.signals import note_stuck, signals_ignored
from edgereg.core.errors import EdgeregError

if TYPE_CHECKING:
    from edgereg.serve.server import Service

LOOK_S = 0.5


@click.command("serve")
@click.argument("config", type=click.Path(path_type=Path))
@pass_session
def command(session: Session, config: Path) -> int:
    """Run the sources of a YAML file until stopped, and show them on a page.

    CONFIG: names the sources, with their tasks, settings and outputs (docs/serve.md).
    """
    from edgereg.serve import systemd
    from edgereg.serve.arenas import keep_few
    from edgereg.serve.config import read_config
    from edgereg.serve.logs import set_up
    from edgereg.serve.server import Service

    keep_few()
    read = read_config(config)
    set_up(read.log)
    session.tasks()
    service = Service(read, session.plugins, config)
    service.start()
    click.echo(f"{len(service.workers)} sources on {service.address}")
    systemd.notify(systemd.READY)
    try:
        why = _wait(service)
    except KeyboardInterrupt:
        with signals_ignored():
            systemd.notify(systemd.STOPPING)
            if not service.stop():
                note_stuck("service")
        return 0
    if not service.stop():
        note_stuck("service")
    raise EdgeregError(why)


def _wait(service: Service) -> str:
    """Wait while it is at work; returns why it is at its end."""
    while service.answering:
        if service.leaves_on_hang and (faults := service.watch.faults()):
            return f"{'; '.join(faults)}; it ends, to be started again"
        time.sleep(LOOK_S)
    return "the HTTP side ended; --debug and the log above say more"
