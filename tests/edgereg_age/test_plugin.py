"""The plugin hooks in one task and imports nothing heavy before that."""

from __future__ import annotations

import subprocess
import sys

from edgereg_age import plugin


def test_one_task() -> None:
    (task,) = plugin.edgereg_tasks()
    assert (task.name, task.upstream) == ("age", "detection")


def test_importing_the_plugin_is_light() -> None:
    code = (
        "import sys, edgereg_age.plugin;"
        "print([m for m in ('numpy', 'cv2', 'torch', 'onnxruntime') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
