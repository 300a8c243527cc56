"""`edgereg plugin`: what is installed and what it adds, off and on, a new one, and its check."""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgereg.cli.session import Session, pass_session
from edgereg.cli.tables import show_table
from edgereg.cli.waiting import at_work
from edgereg.core.errors import PluginError
from edgereg.core.shown import harmless

if TYPE_CHECKING:
    from edgereg.authoring.check.findings import Finding
    from edgereg.plugins import Plugins

MOST_SHOWN = 6

# Those of edgereg.authoring.new, which is imported only when a package is made; a test holds the
# two together.
KINDS = (
    "scalar", "points", "boxes", "angles", "map", "step",
    "source", "sink", "engine", "method", "dataset", "command",
)  # fmt: skip


@click.group("plugin")
def command() -> None:
    """List plugins, disable and enable them, begin a new one, check it."""


@command.command("new")
@click.argument("name")
@click.option("--kind", type=click.Choice(KINDS), required=True, help="What it adds to edgereg.")
@click.option(
    "--into",
    type=click.Path(path_type=Path),
    help="Folder to write, which must not hold anything yet (default: edgereg-NAME).",
)
@click.option("--author", default="", help="Whose name stands in the licence.")
@pass_session
def new(session: Session, name: str, kind: str, into: Path | None, author: str) -> None:
    """Write the package of a new plugin NAME, which installs, runs and passes its tests."""
    from edgereg.authoring.new import make_plugin

    if name in session.plugins.entries or name in _taken(session, kind):
        raise click.UsageError(f"'{name}' is taken; edgereg plugin list shows by what")
    folder = into or Path(f"edgereg-{name}")
    for path in make_plugin(name, kind, folder, author or f"the authors of edgereg-{name}"):
        click.echo(path)
    click.echo(f"Now: pip install -e '{folder}[test]', then: pytest {folder}")


def _taken(session: Session, kind: str) -> set[str]:
    """The names that a plugin of this kind can't have."""
    from edgereg.builtin import COMMANDS

    plugins = session.plugins
    if kind == "sink":
        return {ending.removeprefix(".") for ending in plugins.sinks()}
    if kind == "source":
        return {*plugins.sources()}
    if kind == "engine":
        return {*plugins.engines(), "auto"}
    if kind == "command":
        return {*plugins.commands(), *COMMANDS}
    if kind in ("method", "dataset"):
        return {*plugins.training_parts(f"edgereg_{kind}s")}
    return {*plugins.tasks()}


@command.command("check")
@click.argument("what", metavar="[PATH|NAME]", default=".")
@click.option(
    "--time",
    "time_s",
    type=click.FloatRange(min=1),
    default=60.0,
    show_default=True,
    help="Seconds that all of it may take.",
)
@click.option(
    "--memory",
    "memory_mb",
    type=click.IntRange(min=256),
    default=4096,
    show_default=True,
    help="Megabytes that it may use, where the system can tell.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def check(what: str, time_s: float, memory_mb: int, as_json: bool) -> int:
    """Try a plugin in a process of its own: the package in a folder, or an installed one.

    Imports it, calls its hooks, and uses what they add: tasks on ordinary, empty, tiny and tall
    frames. Each finding comes with its mend. Fails where there is an error; warnings are advice.
    """
    from edgereg.authoring.check.parent import check_plugin
    from edgereg.authoring.check.target import targets_of

    try:
        targets = targets_of(what)
    except PluginError as error:
        raise click.UsageError(str(error)) from error
    failed, tables = False, {}
    for target in targets:
        with at_work(f"checking plugin '{target.name}'"):
            findings = check_plugin(target, time_s=time_s, memory_mb=memory_mb)
        failed |= any(each.level == "error" for each in findings)
        tables[target.name] = findings
        if not as_json:
            click.echo(f"plugin '{target.name}' ({target.value})")
            for each in findings:
                _show_finding(each)
    if as_json:
        click.echo(json.dumps({name: [asdict(e) for e in each] for name, each in tables.items()}))
    return int(failed)


def _show_finding(finding: Finding) -> None:
    colour = {"ok": "green", "warning": "yellow", "error": "red"}[finding.level]
    level = click.style(f"{finding.level:8}", fg=colour)
    click.echo(f"{level}{finding.subject}: {harmless(finding.said)}")
    if finding.mend:
        click.echo(f"        {finding.mend}")
    for line in finding.traceback.rstrip().splitlines():
        click.echo(f"          {harmless(line)}")


@command.command("list")
@pass_session
def list_plugins(session: Session) -> None:
    """Show every installed plugin: its version, its state, what it adds, where it lies."""
    plugins = session.plugins
    plugins.call_all()
    for hook in {hook for name in plugins.entries for hook in plugins.hooks_of(name)}:
        if hook not in plugins.called:
            plugins.training_parts(hook)
    faulty = {fault.plugin for fault in plugins.faults if fault.skipped}
    rows = []
    for name in plugins.entries:
        state = "disabled" if name in plugins.disabled else "faulty" if name in faulty else "ok"
        rows.append(
            (name, plugins.version(name), state, _added(plugins, name), plugins.place(name))
        )
    show_table(("plugin", "version", "state", "adds", "where"), rows)
    session.report_faults()


def _added(plugins: Plugins, name: str) -> str:
    """What a plugin adds: `tasks: a, b; commands: c`; many of a sort only by their number."""
    parts = []
    for hook in plugins.hooks_of(name):
        names = [what for what, owner in plugins.owners(hook).items() if owner == name]
        shown = ", ".join(names) if len(names) <= MOST_SHOWN else str(len(names))
        parts.append(f"{hook.removeprefix('edgereg_')}: {shown or 'none'}")
    return "; ".join(parts)


@command.command("search")
@click.argument("word", default="")
@click.option(
    "--index",
    metavar="URL",
    envvar="PIP_INDEX_URL",
    default="https://pypi.org/simple/",
    show_default=True,
    help="The package index to ask.",
)
def search_index(word: str, index: str) -> int:
    """Find plugins in the package index, by a WORD in their name or summary; without, all.

    The only command that asks a server. Plugins are packages that are called edgereg-NAME.
    Their authors alone answer for what they do.
    """
    from edgereg.authoring.index import search

    with at_work("asking the package index for its packages"):
        found = search(word, index)
    if not found:
        click.echo(f"nothing called edgereg-... says '{word}'" if word else "none", err=True)
        return 1
    rows = [(each.name, each.version, _installed(each.name), each.summary) for each in found]
    show_table(("package", "version", "installed", "summary"), rows)
    click.echo("pip install PACKAGE installs one; edgereg plugin check NAME tries it")
    return 0


def _installed(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


@command.command("gallery")
@click.argument("page", type=click.Path(path_type=Path), default="gallery.md")
@click.option(
    "--source",
    "sources",
    multiple=True,
    metavar="[TASK=]SOURCE",
    help="What tasks run on, all or one of them (default: the bundled clip).",
)
@pass_session
def gallery(session: Session, page: Path, sources: tuple[str, ...]) -> int:
    """Write a PAGE of every installed task, with a picture of how each draws.

    Fails where a task could not be run; the page says why.
    """
    from edgereg.authoring.gallery import write_gallery
    from edgereg.demo.clip import CLIP

    names = session.plugins.tasks()
    parts = [each.partition("=") for each in sources]
    own = {name: path for name, equals, path in parts if equals and name in names}
    given = [each for each in sources if each.partition("=")[0] not in own]
    if len(given) > 1:
        raise click.UsageError("--source: more than one for all tasks")
    whole = given[0] if given else CLIP
    with at_work("running every task") as said:
        failed = write_gallery(session.plugins, page, whole, own, said)
    session.report_faults()
    click.echo(page)
    if failed:
        click.echo(f"without a picture: {', '.join(failed)}", err=True)
    return int(bool(failed))


@command.command("disable")
@click.argument("name")
@pass_session
def disable(session: Session, name: str) -> None:
    """Leave plugin NAME out from now on."""
    from edgereg.plugins import read_disabled, write_disabled

    _known(session, name)
    write_disabled(read_disabled() | {name})
    click.echo(f"Plugin '{name}' is disabled; undo with: edgereg plugin enable {name}")


@command.command("enable")
@click.argument("name")
@pass_session
def enable(session: Session, name: str) -> None:
    """Load plugin NAME again."""
    from edgereg.plugins import read_disabled, write_disabled

    _known(session, name)
    write_disabled(read_disabled() - {name})
    click.echo(f"Plugin '{name}' is enabled.")


def _known(session: Session, name: str) -> None:
    names = session.plugins.entries
    if name not in names:
        raise click.UsageError(f"no plugin '{name}' is installed; installed: {', '.join(names)}")
