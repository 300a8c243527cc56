"""The README's two commands: what they say is what runs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def command(name: str) -> str:
    found = re.search(rf"<!-- command: {name} -->\n```console\n(.+)\n```", README)
    assert found is not None, f"the README has no command '{name}'"
    return found.group(1)


def test_first_screen_has_both_commands_and_a_picture() -> None:
    first_screen = "\n".join(README.splitlines()[:30])
    assert command("demo") in first_screen
    assert command("tests") in first_screen
    assert re.search(r"!\[.+\]\(docs/images/.+\.png\)", first_screen)


def test_commands_set_everything_up() -> None:
    assert command("demo").startswith("python3 -m venv ")
    assert command("demo").endswith("/edgereg demo")
    assert command("tests").startswith("python3 -m venv ")
    assert command("tests").endswith("/python -m pytest -n 2 --dist worksteal")


@pytest.mark.skipif(sys.platform == "win32", reason="the test run is a shell script")
def test_the_test_run_executes_the_command_of_the_readme() -> None:
    script = ROOT / ".ci" / "run"
    done = subprocess.run(["bash", script, "--print"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == command("tests")
    assert 'bash -c "$command"' in script.read_text(encoding="utf-8")
