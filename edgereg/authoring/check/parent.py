"""Starts the process that tries a plugin, and names what it crashed, hung or left by."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from edgereg.authoring.check.findings import Finding, read_journal
from edgereg.authoring.check.target import Target

# How much longer than its own limit the process may take to end by itself.
GRACE_S = 5.0
CRASH = "the traceback shows the line; C code is called with what it does not expect"
HANG = "the traceback shows where it waited; give what may not come a time limit"
LEFT = "raise an error instead of leaving: sys.exit and os._exit end everybody's run"


def check_plugin(target: Target, *, time_s: float = 60.0, memory_mb: int = 4096) -> list[Finding]:
    """Everything found about one plugin, in the order in which it was tried.

    time_s: for all of it; memory_mb: where the system can limit that. Raises nothing that the
    plugin does.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        journal, trace = Path(folder) / "journal", Path(folder) / "trace"
        journal.touch()
        trace.touch()
        settings = {
            "target": asdict(target),
            "journal": str(journal),
            "trace": str(trace),
            "time_s": time_s,
            "memory_mb": memory_mb,
        }
        module = "edgereg.authoring.check.child"
        command = [sys.executable, "-m", module, json.dumps(settings)]
        try:
            done = subprocess.run(
                command, capture_output=True, timeout=time_s + GRACE_S, check=False
            )
            code, said, errors = done.returncode, done.stdout, done.stderr
        except subprocess.TimeoutExpired as slow:
            code, said, errors = 1, slow.stdout or b"", slow.stderr or b""
        findings, doing, ended = read_journal(journal)
        where = trace.read_text(encoding="utf-8", errors="replace")
    if code or not ended:
        findings.append(_end(code, doing, time_s, where or errors.decode(errors="replace")))
    if said:
        text = said.decode(errors="replace").strip().splitlines()[0][:60]
        mend = "use the module logging: standard output is for results"
        findings.append(Finding("warning", "output", f"it prints ('{text}' ...)", mend))
    return findings


def _end(code: int, doing: str, time_s: float, trace: str) -> Finding:
    """Why the process did not come to its end."""
    what = doing or "the end of the program"
    if trace.startswith("Timeout"):
        return Finding("error", "time", f"{what} did not end in {time_s:g} s", HANG, trace)
    if code < 0 or trace.startswith("Fatal") or "access violation" in trace:
        name = signal.Signals(-code).name if code < 0 else "a crash"
        return Finding("error", "crash", f"{what} ended the process ({name})", CRASH, trace)
    return Finding("error", "end", f"{what} ended the process (exit code {code})", LEFT, trace)
