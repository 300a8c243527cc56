"""One trial of a provider, in a process that may end by it: see `proof`.

`python -m edgereg.engines.trial FILE PROVIDER` runs the graph on the provider and on the CPU. It
ends with 0 where they agree, or with 1 and the reason on stderr.
"""

from __future__ import annotations

import sys
from pathlib import Path

from edgereg.engines.onnx import CPU, OnnxEngine
from edgereg.engines.probe import probe_of
from edgereg.engines.proof import check
from edgereg.engines.select import load_on


def try_provider(file: Path, provider: str) -> int:
    """The exit code."""
    try:
        inputs = probe_of(file)
        expected = OnnxEngine(file, CPU, threads=1).run(inputs)
        check(load_on(file, provider, 1), inputs, expected)
    except Exception as error:  # a provider may raise anything
        print(" ".join(str(error).split()) or type(error).__name__, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(try_provider(Path(sys.argv[1]), sys.argv[2]))
