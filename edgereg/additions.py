"""What the hooks of plugins return, checked, by name.

Each function raises TypeError or ValueError that says what is wrong with it, in the words of its
author.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import click

    from edgereg.core.tasks import Task

_EVERY_TASK = ("kinds", "marks")
_REGION_TASK = ("prepare", "propose", "conclude")
# Names are typed in commands and stand in tables and in the names of files.
_NAME = re.compile(r"^\w[\w.-]*$")
# What no source should take, but the one that is asked last.
_NOTHING = "edgereg asks whether any text is taken"
_LAST_SOURCE = "video"


def named_tasks(returned: Any) -> dict[str, Task]:
    """Tasks by name."""
    tasks: dict[str, Task] = {}
    for task in _as_list(returned, "tasks"):
        if isinstance(task, type):
            raise TypeError(f"it returned the class {task.__name__} instead of a task, an instance")
        calls = _EVERY_TASK if callable(getattr(task, "open", None)) else _EVERY_TASK + _REGION_TASK
        missing = [call for call in calls if not callable(getattr(task, call, None))]
        missing += [key for key in ("name", "title", "model", "upstream") if not hasattr(task, key)]
        if missing:
            name = getattr(task, "name", task)
            raise TypeError(f"'{name}' is no task: it lacks {', '.join(missing)}")
        _check_task(task)
        _add(tasks, task.name, task)
    return tasks


def _check_task(task: Task) -> None:
    """What a task says of itself is of the right type."""
    if not isinstance(task.name, str) or not _NAME.match(task.name):
        raise TypeError(f"a task is called {task.name!r}; letters, digits, _ and - are a name")
    if not isinstance(task.title, str):
        raise TypeError(f"task '{task.name}': title must be text, not {task.title!r}")
    if task.model is not None and not isinstance(task.model, Path):
        raise TypeError(f"task '{task.name}': model must be a Path, not {task.model!r}")
    if task.upstream is not None and not isinstance(task.upstream, str):
        raise TypeError(f"task '{task.name}': upstream must be a name, not {task.upstream!r}")
    if task.upstream == task.name:
        raise TypeError(f"task '{task.name}' names itself as its upstream")


def named_commands(returned: Any) -> dict[str, click.Command]:
    """Commands by name."""
    import click

    commands: dict[str, click.Command] = {}
    for command in _as_list(returned, "click commands"):
        if not isinstance(command, click.Command) or not command.name:
            raise TypeError(f"{command!r} is no named click command")
        _add(commands, command.name, command)
    return commands


def named_sources(returned: Any) -> dict[str, Any]:
    """Source formats by name; none may take whatever a user types."""
    named = described("source formats", "name", returned)
    for name, each in named.items():
        if not callable(getattr(each, "takes", None)):
            raise TypeError(f"source '{name}' lacks takes, which tells whether a text is its own")
        if name != _LAST_SOURCE and each.takes(_NOTHING):
            raise ValueError(f"source '{name}' takes any text, and nobody else would get one")
    return named


def named_sinks(returned: Any) -> dict[str, Any]:
    """Output formats by ending."""
    named = described("output formats", "ending", returned)
    for ending in named:
        if not ending.startswith(".") or len(ending) == 1:
            raise ValueError(f"an output's ending begins with a dot, such as '.xyz'; not {ending}")
    return named


def described(what: str, key: str, returned: Any) -> dict[str, Any]:
    """Descriptions by the field that names them; each must have a title and something to open."""
    named: dict[str, Any] = {}
    for each in _as_list(returned, what):
        name = getattr(each, key, None)
        make = getattr(each, "open", None) or getattr(each, "load", None)
        if isinstance(each, type) or not isinstance(name, str) or not name or not callable(make):
            raise TypeError(f"{each!r} is none of the {what}: it lacks a {key} or what opens it")
        _add(named, name.lower(), each)
    return named


def named_parts(returned: Any) -> dict[str, object]:
    """Parts of training by name."""
    if not isinstance(returned, Mapping) or not all(isinstance(name, str) for name in returned):
        raise TypeError(f"it returned {type(returned).__name__} instead of a mapping by name")
    return dict(returned)


def _as_list(returned: Any, what: str) -> list[Any]:
    if not isinstance(returned, (list, tuple)):
        raise TypeError(f"it returned {type(returned).__name__} instead of a list of {what}")
    return list(returned)


def _add(named: dict[str, Any], name: str, value: Any) -> None:
    if name in named:
        raise ValueError(f"it returned '{name}' twice")
    named[name] = value
