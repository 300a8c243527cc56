"""What recipes and training commands can name: methods, backbones, targets, data sets, problems.

The built-in ones come through the same hooks as a plugin's (see `edgereg.hookspecs` and
`edgereg_training.plugin`), and nothing is imported before it is asked for.
"""

from __future__ import annotations

from functools import cache
from pkgutil import resolve_name
from typing import Any, Literal

from edgereg.plugins import Plugins, load_plugins
from edgereg_training.loop.errors import RecipeError

Kind = Literal["methods", "backbones", "targets", "datasets", "problems"]


@cache
def installed_plugins() -> Plugins:
    """The plugins of this environment, loaded once."""
    return load_plugins()


def registered(kind: Kind) -> dict[str, object]:
    """Everything of a kind by name: objects or import paths `module:name`."""
    return installed_plugins().training_parts(f"edgereg_{kind}")


def find(kind: Kind, name: str) -> Any:
    """The object of a name; 'timm/resnet50' is found under 'timm/*' as well.

    Raises RecipeError where there is none, with the names there are and the plugins that could not
    be loaded, and where its module can't be imported.
    """
    known = registered(kind)
    family = f"{name.split('/')[0]}/*"
    if name not in known and family not in known:
        names = ", ".join(sorted(known)) or "none"
        skipped = "".join(f"; {fault}" for fault in installed_plugins().faults)
        raise RecipeError(f"unknown {kind[:-1]} '{name}' in the recipe (known: {names}){skipped}")
    found = known.get(name, known.get(family))
    if not isinstance(found, str):
        return found
    try:
        return resolve_name(found)
    except (ImportError, AttributeError, ValueError) as error:
        raise RecipeError(
            f"{kind[:-1]} '{name}' can't be imported from {found}: {error}"
        ) from error
