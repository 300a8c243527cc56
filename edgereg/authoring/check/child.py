"""The process that tries one plugin: `python -m edgereg.authoring.check.child SETTINGS`.

Follow it from top to bottom: import, hooks, and then everything that the hooks return is used as a
run would use it. It prints nothing: what comes out is the plugin's own.
"""

from __future__ import annotations

import faulthandler
import json
import sys
import time
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from edgereg.authoring.check.findings import Journal
from edgereg.authoring.check.surroundings import changes, mend_of, surroundings
from edgereg.authoring.check.target import Target
from edgereg.plugins import GROUP, SLOW_S, PluginFault, Plugins, load_plugins

# Packages that take long to import, or that no device has.
HEAVY = ("torch", "tensorflow", "cv2", "onnxruntime", "scipy", "pandas", "matplotlib", "numpy")
MENDS = {
    "importing": "the traceback says where; python -c 'import {value}' shows the same",
    "hooks in": "compare with the table of hooks in docs/plugins.md",
    "made for version": "set EDGEREG_API to the version that you tested with",
    "no function": "mark a function with @hookimpl and call it as a hook of docs/plugins.md",
    "adds": "choose another name",
    "failed": "compare what the hook returns with its line in docs/plugins.md",
    "takes a name": "choose another name for the entry point",
}


def main(settings: dict[str, Any]) -> None:
    """Try the plugin that the settings name, and write the journal that they name."""
    limit_memory(int(settings["memory_mb"]))
    journal = Journal(Path(settings["journal"]))
    with Path(settings["trace"]).open("w", encoding="utf-8") as trace:
        faulthandler.enable(trace)
        faulthandler.dump_traceback_later(settings["time_s"], exit=True, file=trace)
        target = Target(**settings["target"])
        plugins = load(target, journal)
        if not journal.failed:
            use(plugins, target, journal)
        faulthandler.cancel_dump_traceback_later()
        journal.end()
        faulthandler.disable()


def limit_memory(megabytes: int) -> None:
    """Let what asks for more raise MemoryError, where the system can do that."""
    try:
        import resource
    except ModuleNotFoundError:  # on Windows
        return
    most = megabytes * 2**20
    resource.setrlimit(resource.RLIMIT_DATA, (most, resource.getrlimit(resource.RLIMIT_DATA)[1]))


def load(target: Target, journal: Journal) -> Plugins:
    """Import the plugin beside edgereg's own, and call its hooks."""
    own = [each for each in entry_points(group=GROUP) if each.dist and each.dist.name == "edgereg"]
    for each in own:
        each.load()
    sys.path[:0] = target.places
    before, known = surroundings(), set(sys.modules)
    with journal.step(f"importing {target.value}"):
        start = time.perf_counter()
        plugins = load_plugins((), [*(each for each in own if each.name != target.name), target])
        took = time.perf_counter() - start
    for change in changes(before, surroundings()):
        journal.add("error", "import", f"it changes {change}", mend_of(change))
    heavy = ", ".join(name for name in HEAVY if name in set(sys.modules) - known)
    if took > SLOW_S:
        said = f"takes {took:.1f} s, for which every command waits; it imports {heavy or 'much'}"
        journal.add("warning", "import", said, "import inside the hooks, or where it is used")
    elif plugins.manager.has_plugin(target.name):
        journal.add("ok", "import", f"{1000 * took:.0f} ms" + (f", with {heavy}" if heavy else ""))
    with journal.step("calling its hooks"):
        plugins.call_all()
        for hook in {*plugins.hooks_of(target.name)} - plugins.called:
            plugins.training_parts(hook)
    for fault in plugins.faults:
        if fault.plugin == target.name and fault.skipped:
            journal.add("error", "plugin", fault.reason, _mend(fault, target), fault.traceback)
    return plugins


def _mend(fault: PluginFault, target: Target) -> str:
    for words, mend in MENDS.items():
        if words in fault.reason:
            return mend.format(value=target.value)
    return fault.fix


def use(plugins: Plugins, target: Target, journal: Journal) -> None:
    """Use everything that the plugin adds."""
    from edgereg.authoring.check.others import try_other
    from edgereg.authoring.check.tasks import try_task

    for hook in plugins.hooks_of(target.name):
        mine = [name for name, owner in plugins.owners(hook).items() if owner == target.name]
        for name in mine:
            before = surroundings()
            if hook == "edgereg_tasks":
                try_task(plugins, name, journal)
            else:
                try_other(hook, plugins, name, journal)
            for change in changes(before, surroundings()):
                subject = f"{hook.removeprefix('edgereg_')} {name}"
                journal.add("error", subject, f"using it changes {change}", mend_of(change))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
