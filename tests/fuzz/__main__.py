"""Fuzz for as long as you like: `python -m tests.fuzz 10000 --keep findings [--only media-gif]`.

Runs from the repository's root. What goes wrong is printed and kept, with the file that did it; the
same numbers make the same files again.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.campaign import campaign, keep
from tests.fuzz.targets import targets


def main() -> int:
    """Exit code 1 where anything was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", type=int, help="how many")
    parser.add_argument("--start", type=int, default=0, help="number of the first case")
    parser.add_argument("--only", default="", help="targets whose names begin so")
    parser.add_argument("--keep", type=Path, default=Path("findings"), help="where findings go")
    given = parser.parse_args()
    began, count = time.monotonic(), 0
    with tempfile.TemporaryDirectory() as folder:
        known = targets(Path(folder) / "seeds", given.only)
        print(f"{len(known)} targets: {', '.join(target.name for target in known)}", flush=True)
        cases = range(given.start, given.start + given.cases)
        for finding in campaign(Path(folder), cases, given.only):
            count += 1
            keep(finding, given.keep, known)
            print(f"{finding.case.target} {finding.case.number}: {finding.what}", flush=True)
    took = time.monotonic() - began
    print(f"{given.cases} cases in {took:.0f} s, {count} findings")
    return int(count > 0)


if __name__ == "__main__":
    sys.exit(main())
