"""What counts as a difference between torch and the engine, and what is rounding."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("torch")

from edgereg_exporters.errors import ExportError
from edgereg_exporters.folder.parity import FAINT, compare, require, visible


def difference(have: list[float], want: list[float]) -> list[Any]:
    arrays = [{"log_density": np.array([row], np.float32)} for row in (have, want)]
    return compare("density", *visible(arrays[0], arrays[1]), {}, ())


def test_the_logarithm_of_next_to_nothing_may_differ() -> None:
    faint = np.log(FAINT) - 2
    require(difference([2.0, 1.0, faint + 2.4], [2.0, 1.0, faint + 1.6]))


@pytest.mark.parametrize(
    "have", [[2.01, 1.0, -20.0], [2.0, 1.01, -20.0], [2.0, 1.0, 0.0], [2.0, 1.0, np.nan]]
)
def test_what_can_be_seen_may_not(have: list[float]) -> None:
    with pytest.raises(ExportError, match="log_density"):
        require(difference(have, [2.0, 1.0, -20.0]))
