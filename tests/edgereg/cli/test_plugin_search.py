"""`edgereg plugin search` on the terminal."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.edgereg.authoring.test_index import served


def test_the_command(call: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    with served() as address:
        assert call("plugin", "search", "look", "--index", address) == 0
        table = capsys.readouterr().out
        assert call("plugin", "search", "cars", "--index", address) == 1
    assert "edgereg-gaze" in table
    assert "edgereg-hands" not in table
    assert call("plugin", "search", "--index", "http://127.0.0.1:9/simple/") == 1
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 2
    assert "http://127.0.0.1:9/simple/: can't be reached: Connection" in said[-1]
