"""Finished parts of studies on disk: a JSON file for each, found by the hash of its key."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from edgereg.core.files import replace_file

# Plain JSON values: everything that decides the result stands in the key.
Key: TypeAlias = dict[str, Any]
Cell: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Cells:
    """The cells of one study in `folder`."""

    folder: Path

    def read(self, key: Key) -> Cell | None:
        """The result of a key, or None; a file that is damaged or of another key counts as none."""
        try:
            content = json.loads(self._path(key).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        if not isinstance(content, dict) or content.get("key") != _plain(key):
            return None
        result = content.get("result")
        return result if isinstance(result, dict) else None

    def write(self, key: Key, result: Cell) -> None:
        """Keep a result; written whole or not at all."""
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"key": _plain(key), "result": result}, indent=1)
        replace_file(path, text.encode())

    def _path(self, key: Key) -> Path:
        text = json.dumps(_plain(key), sort_keys=True)
        return self.folder / f"{hashlib.sha256(text.encode()).hexdigest()[:24]}.json"


def _plain(key: Key) -> Any:
    return json.loads(json.dumps(key))
