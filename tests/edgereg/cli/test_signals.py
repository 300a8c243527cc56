"""SIGTERM ends any command within seconds, with exit code 1."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to send")

# Plugins whose task hangs, in Python and in a library that hears no signal.
HANGING = {
    "sleeps": "time.sleep(600)",
    "computes": "hashlib.pbkdf2_hmac('sha256', b'a', b'b', 2 * 10**9)",
}
RUN = """
import hashlib, sys, time
from edgereg.cli import signals
from edgereg.cli.main import leave
from edgereg.cli.watching import watch
from edgereg.pipeline.staged import StagedPipeline
from edgereg.sources.open import open_source
from edgereg.pipeline import staged, steps

class Hanging:
    def write(self, result):
        pass
    def close(self):
        print("closed", flush=True)

def hang(work):
    print("hangs", flush=True)
    {hang}

with signals.signals_interrupt():
    pipeline = StagedPipeline(open_source(sys.argv[1]), [], [Hanging()])
    pipeline._steps.insert(0, steps.Step("hang", hang))
    from edgereg.pipeline.channel import Channel
    pipeline._channels.append(Channel(4))
    pipeline._threads = pipeline._make_threads()
    _, interrupted = watch(pipeline, None)
leave(int(interrupted))
"""
ALONE = """
import hashlib
from edgereg.cli import signals
with signals.signals_interrupt():
    print("hangs", flush=True)
    {hang}
"""


def ended_by_sigterm(code: str, *arguments: str) -> tuple[int, float, str]:
    """Exit code, seconds from SIGTERM to the end, what was said."""
    child = subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "hangs\n"
    time.sleep(0.5)  # so that it is inside what hangs
    began = time.monotonic()
    child.send_signal(signal.SIGTERM)
    said, _ = child.communicate(timeout=60)
    return child.returncode, time.monotonic() - began, said


@pytest.mark.parametrize("how", HANGING)
def test_a_task_that_hangs_does_not_hold_up_the_end(how: str) -> None:
    from edgereg.demo.clip import CLIP

    code, took, said = ended_by_sigterm(RUN.format(hang=HANGING[how]), str(CLIP))
    assert code == 1, said
    assert took < 5
    assert "closed" in said


def test_a_command_that_hears_nothing_is_ended() -> None:
    code, took, said = ended_by_sigterm(ALONE.format(hang=HANGING["computes"]))
    assert (code, "Error: interrupted" in said) == (1, True), said
    assert took < 6


def test_the_command_ends_while_it_loads(tmp_path: Path) -> None:
    """Before the pipeline runs: the signal comes as soon as there is a process."""
    code = (
        "import sys; from edgereg.cli import run; from edgereg import assembly; import time;"
        "assembly.load = lambda *_: (print('hangs', flush=True), time.sleep(600));"
        "from edgereg.cli.main import main; main(['run', sys.argv[1]])"
    )
    from edgereg.demo.clip import CLIP

    ended, took, said = ended_by_sigterm(code, str(CLIP))
    assert (ended, said.strip()) == (1, "Error: interrupted")
    assert took < 5
