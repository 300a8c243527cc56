"""The plugin hooks in one task and imports nothing heavy before that."""

from __future__ import annotations

import subprocess
import sys

from edgereg_landmarks import plugin


def test_one_task() -> None:
    (task,) = plugin.edgereg_tasks()
    assert (task.name, task.upstream) == ("landmarks", "detection")


def test_importing_the_plugin_is_light() -> None:
    code = (
        "import sys, edgereg_landmarks.plugin;"
        "print([m for m in ('numpy', 'cv2', 'torch', 'onnxruntime') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
