"""Logs as JSON lines, in files that never outgrow their bound."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgereg.core.errors import EdgeregError

pytest.importorskip("yaml")

from edgereg.serve.config import LogConfig
from edgereg.serve.logs import set_up


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("edgereg")
    handlers, level, our_level = root.handlers[:], root.level, ours.level
    yield
    for each in root.handlers[:]:
        if each not in handlers:
            root.removeHandler(each)
            each.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    ours.setLevel(our_level)


def test_a_line_is_an_object_that_says_where(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "edgereg.log"
    set_up(LogConfig(file=path, format="json"))
    log = logging.getLogger("edgereg.serve.worker")
    log.warning("source '%s': no frame\nfor 5 s", "door", extra={"source": "door"})
    log.debug("not this")
    logging.getLogger("uvicorn").info("nor this")
    (line,) = path.read_text().splitlines()
    said = json.loads(line)
    assert said.pop("at").endswith("Z")
    assert said == {
        "level": "warning",
        "from": "edgereg.serve.worker",
        "source": "door",
        "text": "source 'door': no frame\nfor 5 s",
    }


def test_old_files_go(tmp_path: Path) -> None:
    set_up(LogConfig(file=tmp_path / "edgereg.log", megabytes=0.001, keep=2))
    for number in range(200):
        logging.getLogger("edgereg").info("line %d", number)
    files = sorted(tmp_path.iterdir())
    assert [each.name for each in files] == ["edgereg.log", "edgereg.log.1", "edgereg.log.2"]
    assert all(each.stat().st_size <= 1000 for each in files)
    assert "line 199" in files[0].read_text()


def test_a_place_that_can_not_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EdgeregError, match=r"log: .* can't be written"):
        set_up(LogConfig(file=tmp_path / "file" / "edgereg.log"))
