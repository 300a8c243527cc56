"""What the installed plugins add, as a test asks for it."""

from __future__ import annotations

import pytest

from edgereg.core.tasks import Task
from edgereg.plugins import Plugins, load_plugins


def installed() -> Plugins:
    """Every installed plugin, those that are disabled here, too."""
    plugins = load_plugins(())
    plugins.call_all()
    return plugins


def installed_task(name: str) -> Task:
    """A task of an installed plugin. Fails with what is wrong with plugins where there is none."""
    plugins = installed()
    task = plugins.tasks().get(name)
    if task is None:
        told = "\n".join(map(str, plugins.faults)) or "is the package installed (pip install -e .)?"
        pytest.fail(f"no plugin adds a task '{name}'\n{told}", pytrace=False)
    return task
