"""What is to be checked: an installed plugin, or a package that lies in a folder."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

from edgereg.core.errors import PluginError, one_line
from edgereg.plugins import GROUP

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True)
class Target:
    """A plugin by the name and value of its entry point; folder: where its package lies."""

    name: str
    value: str
    folder: str = ""

    @property
    def places(self) -> list[str]:
        """Where its modules lie, if it is not installed."""
        return [self.folder, str(Path(self.folder) / "src")] if self.folder else []

    def load(self) -> ModuleType:
        """Import it, as its entry point would."""
        return import_module(self.value)


def targets_of(what: str) -> list[Target]:
    """The plugins that a name or a path stands for. Raises PluginError where there is none."""
    installed = entry_points(group=GROUP)
    if what in installed.names:
        return [Target(what, installed[what].value)]
    folder = Path(what)
    project = folder / "pyproject.toml"
    if not folder.is_dir():
        names = ", ".join(sorted(installed.names))
        raise PluginError(f"{what}: neither a folder nor an installed plugin ({names})")
    try:
        table = tomllib.loads(project.read_text(encoding="utf-8"))
        named = table["project"]["entry-points"][GROUP]
        return [Target(name, str(value), str(folder.resolve())) for name, value in named.items()]
    except FileNotFoundError as error:
        raise PluginError(f"{folder}: has no pyproject.toml, so it is no package") from error
    except (OSError, ValueError) as error:
        raise PluginError(f"{project}: can't be read ({one_line(error)})") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise PluginError(
            f'{project}: names no plugin; it needs [project.entry-points."{GROUP}"]'
        ) from error
