"""`edgereg plugin new`: a plugin's package of any kind, which installs, runs and passes its tests.

The files are Jinja templates: `templates/common` goes into every package, `templates/kinds/KIND`
into those of one kind, where each may stand on one that several kinds share.
"""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from edgereg.core.errors import PluginError

TEMPLATES = Path(__file__).with_name("templates")
ENDING = ".jinja"
# The folder of a package is called so in `templates`.
PACKAGE = "package"
# Importable with edgereg_ before it, and a word that commands take without quotes.
_NAME = re.compile(r"^[a-z][a-z0-9]*([_-][a-z0-9]+)*$")


@dataclass(frozen=True)
class Kind:
    """What differs between the kinds of plugin outside their templates.

    hook: the function that edgereg calls. module: of the package, holds what the hook returns.
    extra: of edgereg, which the package needs. title: one line for people. requires: distributions
    that it needs besides. model: whether it has a model folder, which its `make_model.py` writes.
    """

    hook: str
    module: str
    extra: str
    title: str
    requires: tuple[str, ...] = ()
    model: bool = False


KINDS = {
    "scalar": Kind("edgereg_tasks", "task", "cpu", "a number of every frame", model=True),
    "points": Kind("edgereg_tasks", "task", "cpu", "named points in every frame", model=True),
    "boxes": Kind("edgereg_tasks", "task", "cpu", "boxes in every frame", model=True),
    "angles": Kind("edgereg_tasks", "task", "cpu", "angles of every frame", model=True),
    "map": Kind("edgereg_tasks", "task", "cpu", "a map of every frame", model=True),
    "step": Kind("edgereg_tasks", "task", "cpu", "a number with a memory of the clip"),
    "source": Kind("edgereg_sources", "source", "cpu", "frames from somewhere else"),
    "sink": Kind("edgereg_sinks", "sink", "cpu", "an output format"),
    "engine": Kind("edgereg_engines", "engine", "cpu", "another runner of models", ("onnx>=1.17",)),
    "method": Kind("edgereg_methods", "method", "train", "a training method"),
    "dataset": Kind("edgereg_datasets", "dataset", "train", "a data set to train on"),
    "command": Kind("edgereg_commands", "command", "cpu", "a command of edgereg"),
}


def make_plugin(name: str, kind: str, folder: Path, author: str) -> list[Path]:
    """Write the package of a plugin into a folder, and its model where the kind has one.

    Returns the files. Raises PluginError where the name is none, the folder holds something or a
    file can't be written; ModuleNotFoundError without the packages of the extra `author`.
    """
    if not _NAME.match(name):
        raise PluginError(
            f"'{name}' is no name for a plugin; take small letters, digits and hyphens, such as "
            "'gaze' or 'street-signs'"
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise PluginError(f"{folder} is there already; take another name or another --into")
    texts = _rendered(name, kind, author)
    if KINDS[kind].model:
        import_module("onnx")  # before anything is written: make_model.py needs it
    try:
        for path, text in texts.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise PluginError(f"{folder}: can't be written: {error.strerror}") from error
    if KINDS[kind].model:
        _make_model(folder)
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _rendered(name: str, kind: str, author: str) -> dict[Path, str]:
    """The texts of all files, by their paths in the package."""
    import jinja2

    loader = jinja2.FileSystemLoader(TEMPLATES)
    # The files are Python and Markdown: nothing in them is to be escaped for HTML.
    environment = jinja2.Environment(  # noqa: S701
        loader=loader,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    package = "edgereg_" + name.replace("-", "_")
    words = {
        "name": name,
        "package": package,
        "project": f"edgereg-{name.replace('_', '-')}",
        "object": "".join(part.capitalize() for part in re.split("[_-]", name)),
        "author": author,
        "kind": kind,
        "of": KINDS[kind],
    }
    texts = {}
    for place in ("common", f"kinds/{kind}"):
        for template in sorted((TEMPLATES / place).rglob(f"*{ENDING}")):
            inside = template.relative_to(TEMPLATES / place).with_suffix("")
            parts = [package if part == PACKAGE else part for part in inside.parts]
            text = environment.get_template(template.relative_to(TEMPLATES).as_posix())
            texts[Path(*parts)] = text.render(words)
    return texts


def _make_model(folder: Path) -> None:
    made = subprocess.run(
        [sys.executable, "make_model.py"], cwd=folder, capture_output=True, text=True, check=False
    )
    if made.returncode:
        reason = (made.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise PluginError(f"{folder}: make_model.py failed ({reason}); run it there to see where")
