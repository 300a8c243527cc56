"""What was changed over HTTP, kept so that it is there again after a restart."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from edgereg.core.errors import EdgeregError
from edgereg.core.files import part_of, reason, replace_file
from edgereg.core.json_files import read_text
from edgereg.serve.config import SourceConfig
from edgereg.serve.strict import Name, Strict

log = logging.getLogger(__name__)


class Change(Strict):
    """How a source differs from what the configuration file says of it.

    base: what the file said when it was changed, None where nothing. now: what holds instead,
    None where it was removed. stopped: it is kept, and does not run.
    """

    base: SourceConfig | None = None
    now: SourceConfig | None
    stopped: bool = False


_CHANGES = TypeAdapter(dict[Name, Change])


def read_changes(path: Path) -> dict[str, Change]:
    """The changes in a file; none where there is no file, or, with a warning, no good one."""
    if not path.exists():
        return {}
    try:
        return _CHANGES.validate_json(read_text(path))
    except (OSError, ValueError) as error:
        why = "holds what this version does not know"
        why = why if isinstance(error, ValidationError) else reason(error)
        log.warning("%s: %s; the sources are those of the configuration", path, why)
        return {}


def write_changes(path: Path, changes: Mapping[str, Change]) -> None:
    """Whole or not at all, for this user's eyes alone: addresses hold passwords.

    Raises EdgeregError where it can't be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for each in (path, part_of(path)):
            each.touch(mode=0o600)
        replace_file(path, _CHANGES.dump_json(dict(changes), indent=1))
    except OSError as error:
        raise EdgeregError(f"{path}: the change can't be kept: {reason(error)}") from error
