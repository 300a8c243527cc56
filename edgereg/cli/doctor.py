"""`edgereg doctor`: what is installed, what works, and what would mend the rest."""

from __future__ import annotations

import platform
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import click

from edgereg.cli.extras import CORE, PURPOSES, installation, requirements, version
from edgereg.cli.session import Session, pass_session
from edgereg.cli.tables import show_table
from edgereg.cli.waiting import at_work

# Qt can be installed and yet not load, for want of the system's libraries.
PROOFS = {"app": "import PySide6.QtWidgets, pyqtgraph, superqt", "cpu": "import onnxruntime"}

# What was written against the published interface and never ran on the hardware it is for.
COMPARE = "never tried on hardware by its authors: compare its results; docs/engines.md"
UNTRIED = {"tensorrt": COMPARE, "ort-tensorrt": COMPARE, "cuda": COMPARE}
ELSEWHERE = ("FP16 and INT8 on a GPU", "a Jetson", "a Triton server")
JETSON = Path("/etc/nv_tegra_release")
SHADOWED = {
    "cv2": "pip uninstall opencv-python-headless in this environment; docs/jetson.md",
    "tensorrt": "pip uninstall tensorrt in this environment; docs/jetson.md",
}


@dataclass(frozen=True)
class Finding:
    """One line of the diagnosis; fix is empty where all is well."""

    subject: str
    state: str
    fix: str = ""
    serious: bool = False


@click.command("doctor")
@pass_session
def command(session: Session) -> int:
    """Check what is installed and what works.

    Names what is missing and what mends it. Fails if something that every use of edgereg needs
    does not work.
    """
    from edgereg import __version__

    host = f"{platform.system()} {platform.release()} {platform.machine()}"
    click.echo(f"edgereg {__version__}, Python {platform.python_version()}, {host}")
    with at_work("trying engines, plugins and tasks"):
        findings = [*_extras(), *_engines(), *_plugins(session), *_tasks(session)]
    rows = [(found.subject, found.state, found.fix) for found in findings]
    show_table(("what", "state", "what to do"), rows)
    return int(any(found.serious for found in findings))


def _extras() -> Iterator[Finding]:
    required = requirements()
    for extra, purpose in PURPOSES.items():
        versions = {name: version(name) for name in required.get(extra, ())}
        missing = [name for name, found in versions.items() if found is None]
        state = ", ".join(f"{name} {found}" for name, found in versions.items() if found)
        subject = f"{extra}: {purpose}"
        if missing:
            lacking = f"missing: {', '.join(missing)}"
            yield Finding(subject, lacking, installation(extra), serious=extra == CORE)
        elif extra in PROOFS and (failure := _failure(PROOFS[extra])):
            yield Finding(subject, failure, "install what it names with the system's packages")
        else:
            yield Finding(subject, state)


def _failure(code: str) -> str:
    """The last line that running `code` in a fresh Python complains with, or nothing."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    complaint = done.stderr.strip().splitlines() or [f"ended with {done.returncode}"]
    return complaint[-1] if done.returncode else ""


def _engines() -> Iterator[Finding]:
    from edgereg.core.errors import EngineError
    from edgereg.engines.select import list_providers

    try:
        statuses = list_providers()
    except EngineError as error:
        yield Finding("engines", str(error), "pip install 'edgereg[cpu]'", serious=True)
        return
    for row in statuses:
        if row.status != "absent":
            fix = row.reason if row.status == "fails" else UNTRIED.get(row.short, "")
            yield Finding(f"engine {row.short}", row.status, fix)
    untried = ", ".join([*(f"--engine {name}" for name in UNTRIED), *ELSEWHERE])
    yield Finding("never tried on hardware", untried, "docs/engines.md: what was checked instead")
    for package, wanted in SHADOWED.items():
        if (place := _shadowing(package)) is not None:
            yield Finding(f"{package} of the system", f"is hidden by {place}", wanted)


def _shadowing(package: str) -> Path | None:
    """On a Jetson: a package of pip that hides the system's own, which knows the board."""
    if not JETSON.exists():
        return None
    found = find_spec(package)
    if found is None or found.origin is None:
        return None
    place = Path(found.origin).parent
    return None if place.is_relative_to("/usr/lib") else place


def _plugins(session: Session) -> Iterator[Finding]:
    plugins = session.plugins
    plugins.call_all()
    for name in sorted(plugins.disabled & set(plugins.entries)):
        yield Finding(f"plugin {name}", "disabled", f"edgereg plugin enable {name}")
    for fault in plugins.faults:
        yield Finding(f"plugin {fault.plugin}", fault.reason, fault.fix, serious=True)


def _tasks(session: Session) -> Iterator[Finding]:
    """Run a frame through every task on the CPU."""
    from edgereg.authoring.check.tasks import faults_of
    from edgereg.core.errors import EdgeregError
    from edgereg.pipeline.loading import Loading, load_task

    plugins = session.plugins
    tasks = plugins.tasks()
    foreign = plugins.foreign("edgereg_tasks")
    for name, task in tasks.items():
        subject, fix = f"task {name}", "reinstall edgereg"
        if name in foreign:
            fix = f"edgereg plugin check {foreign[name]}; edgereg plugin disable {foreign[name]}"
        try:
            loaded = load_task(task, Loading(engine="cpu"))
        except EdgeregError as error:
            yield Finding(subject, str(error), fix, serious=True)
            continue
        what = f"{loaded.spec.name} {loaded.spec.version}" if loaded.spec else "no model"
        faults = faults_of(task, loaded)
        if faults:
            yield Finding(subject, f"'{faults[0].step}' failed: {faults[0].reason}", fix, True)
        else:
            yield Finding(subject, f"{what}; ran a frame")
