"""The plugin API: every promised name is there, and importing it costs nothing."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import edgereg.api as api


def promised() -> dict[str, str]:
    """Name -> module, from the `import ... as` lines for type checkers."""
    tree = ast.parse(Path(str(api.__file__)).read_text(encoding="utf-8"))
    blocks = [node for node in tree.body if isinstance(node, ast.If)]
    imports = [node for node in blocks[0].body if isinstance(node, ast.ImportFrom)]
    return {name.asname or "": str(node.module) for node in imports for name in node.names}


def test_lazy_names_are_the_typed_names() -> None:
    assert promised() == api._HOME_OF


def test_every_name_loads() -> None:
    for name, module in api._HOME_OF.items():
        assert getattr(api, name) is getattr(sys.modules[module], name)
        assert name in dir(api)


def test_unknown_name() -> None:
    assert not hasattr(api, "NoSuchName")


def test_import_for_a_hook_is_light() -> None:
    code = "import sys; from edgereg.api import hookimpl; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"numpy", "pydantic", "cv2"} & set(loaded)
