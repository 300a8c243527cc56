"""How long `import edgereg` and `edgereg --help` take, each in fresh processes.

    python benchmarks/startup.py [--runs 15]

Ends with 1 if a median is not under the limit of 0.3 s.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time

LIMIT_S = 0.3
CASES = {
    "import edgereg": [sys.executable, "-c", "import edgereg"],
    "edgereg --help": [sys.executable, "-m", "edgereg", "--help"],
}


def seconds(command: list[str], runs: int) -> list[float]:
    """Wall-clock seconds of each of `runs` fresh processes, after one that warms the disk cache."""
    taken = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        taken.append(time.perf_counter() - start)
    return taken[1:]


def main() -> int:
    """Print one line per case; 1 if any is too slow."""
    parser = argparse.ArgumentParser(description="Start-up time of edgereg.")
    parser.add_argument("--runs", type=int, default=15)
    runs = parser.parse_args().runs
    medians = []
    for name, command in CASES.items():
        taken = seconds(command, runs)
        medians.append(statistics.median(taken))
        print(f"{name}: median {medians[-1]:.3f} s, slowest {max(taken):.3f} s of {runs}")
    return int(max(medians) >= LIMIT_S)


if __name__ == "__main__":
    sys.exit(main())
