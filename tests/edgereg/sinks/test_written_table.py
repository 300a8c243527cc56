"""Every container and encoder, written and read back, as docs/formats.md says."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from edgereg.sinks.containers import CONTAINERS
from tests.edgereg.sources.formats_table import table

from .written_table import HEAD, SOUNDS, WAYS, Way, tried


@pytest.mark.parametrize("way", WAYS, ids=lambda way: f"{way.ending}-{way.encoder}")
def test_what_is_written_is_read_back(way: Way, tmp_path: Path) -> None:
    missing = [each for each in SOUNDS if each not in av.codecs_available]
    if missing:
        pytest.skip(f"this PyAV has no {', '.join(missing)}")
    assert tried(way, tmp_path) in table(HEAD)


def test_every_container_is_in_the_table() -> None:
    assert {line.split("`")[1] for line in table(HEAD)} == {*CONTAINERS}
