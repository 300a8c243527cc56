"""Power and memory as the device reports them: `tegrastats` on a Jetson, `nvidia-smi` elsewhere.

Both are programs that write a line every so often; a line is read into watts and megabytes.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import fmean

INTERVAL_MS = 100
# How long a meter may take to its first line.
FIRST_S = 3.0
# All of the board's or module's power; a Jetson has at most one of them.
INPUT_RAILS = ("VIN", "VDD_IN", "POM_5V_IN")


@dataclass(frozen=True)
class Reading:
    """One line: power in watts, memory in use in megabytes; None: not reported."""

    watts: float | None
    memory_mb: float | None


def read_tegrastats(line: str) -> Reading:
    """A line of `tegrastats`: RAM used/total, and rails as NAME now/average in mW.

    The board's input rail is the total where there is one; else the rails are added up.
    """
    rails = {
        name: int(now)
        for name, now in re.findall(r"\b(VIN|(?:VDD|VIN|POM)_\w+) (\d+)(?:mW)?/\d+(?:mW)?", line)
    }
    total = next((rails[name] for name in INPUT_RAILS if name in rails), None)
    if total is None and rails:
        total = sum(rails.values())
    memory = re.search(r"\bRAM (\d+)/\d+MB", line)
    return Reading(
        None if total is None else total / 1000, None if memory is None else float(memory.group(1))
    )


def read_nvidia_smi(line: str) -> Reading:
    """A line of `power.draw, memory.used` without units; what a GPU does not tell is [N/A]."""
    cells = [cell.strip() for cell in line.split(",")]
    numbers = [float(cell) if re.fullmatch(r"\d+(\.\d+)?", cell) else None for cell in cells]
    return Reading(numbers[0], numbers[1] if len(numbers) > 1 else None)


def find_meter() -> tuple[list[str], Callable[[str], Reading]] | None:
    """The command that reports power here and how to read its lines, or None."""
    if shutil.which("tegrastats"):
        return ["tegrastats", "--interval", str(INTERVAL_MS)], read_tegrastats
    if shutil.which("nvidia-smi"):
        query = ["--query-gpu=power.draw,memory.used", "--format=csv,noheader,nounits", "--id=0"]
        return ["nvidia-smi", *query, f"--loop-ms={INTERVAL_MS}"], read_nvidia_smi
    return None


class Meter:
    """Collects readings in the background while the block runs."""

    def __init__(
        self, command: list[str] | None = None, read: Callable[[str], Reading] | None = None
    ) -> None:
        """command, read: as `find_meter` gives them, which is asked where they are left out."""
        found = find_meter() if command is None or read is None else (command, read)
        self._command = found[0] if found else None
        self._read = found[1] if found else None
        self._process: subprocess.Popen[str] | None = None
        self._thread: threading.Thread | None = None
        self._readings: list[Reading] = []

    def __enter__(self) -> Meter:
        if self._command is not None:
            try:
                self._process = subprocess.Popen(
                    self._command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
                )
            except OSError:
                return self
            self._thread = threading.Thread(target=self._collect, daemon=True)
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None and self._thread is not None:
            self._process.terminate()
            self._process.wait()
            self._thread.join()

    def _collect(self) -> None:
        if self._process is None or self._process.stdout is None or self._read is None:
            return
        for line in self._process.stdout:
            self._readings.append(self._read(line))

    def wait_for_memory(self) -> float | None:
        """Memory in use now: of the first line that tells it; None where none comes in time."""
        deadline = time.monotonic() + FIRST_S
        while self.memory_mb is None and self.running and time.monotonic() < deadline:
            time.sleep(INTERVAL_MS / 1000)
        return self.memory_mb

    @property
    def running(self) -> bool:
        """Whether there is a device that tells something."""
        return self._thread is not None and self._thread.is_alive()

    def clear(self) -> None:
        """Forget what was read so far."""
        self._readings = []

    @property
    def watts(self) -> float | None:
        """Mean power since `clear`."""
        known = [reading.watts for reading in list(self._readings) if reading.watts is not None]
        return fmean(known) if known else None

    @property
    def memory_mb(self) -> float | None:
        """Most memory in use since `clear`."""
        readings = list(self._readings)
        known = [reading.memory_mb for reading in readings if reading.memory_mb is not None]
        return max(known) if known else None
