"""The graphs of a tracking model, as functions on arrays.

- `predict`: crops uint8 [B, S, S, 3] -> `fused` [B, C, S/8, S/8], `far` [B, D, S/16, S/16]
- `code`: `fused`, `boxes` [B, 4] in crop pixels -> `code` [B, C], what is kept of a first frame
- `condition`: `fused`, `code` -> `features` [B, C, S/8, S/8]
- `refine`, `density` and, where the model has it, `spread`: of every box energy, on these features
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from edgereg.api import FloatArray, Image, RefinementSettings

# Runs the graph of this name.
Run: TypeAlias = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]


@dataclass(frozen=True)
class Networks:
    """size: side of a crop in pixels; search: side of the search region over sqrt(w h) of the
    object; refinement: how far boxes climb; tells_spread: whether there is a graph `spread`."""

    run: Run
    size: int
    search: float
    refinement: RefinementSettings
    tells_spread: bool = False

    def maps(self, crops: Image) -> tuple[FloatArray, FloatArray]:
        """`fused` and `far` of crops [B, S, S, 3]."""
        outputs = self.run("predict", {"images": crops})
        return np.asarray(outputs["fused"]), np.asarray(outputs["far"])

    def code(self, fused: FloatArray, boxes: FloatArray) -> FloatArray:
        """The codes [B, C] of first frames."""
        return np.asarray(self.run("code", {"fused": fused, "boxes": boxes})["code"])

    def condition(self, fused: FloatArray, code: FloatArray) -> FloatArray:
        """The features [B, C, S/8, S/8] on which boxes are judged."""
        outputs = self.run("condition", {"fused": fused, "code": code})
        return np.asarray(outputs["features"])

    def refine(
        self, features: FloatArray, boxes: FloatArray, steps: int
    ) -> tuple[FloatArray, FloatArray]:
        """Paths [B, K, T + 1, 4] of boxes [B, K, 4] in crop pixels, energies [B, K, T + 1]."""
        inputs = {
            "features": features,
            "initial": boxes.astype(np.float32),
            "step_length": np.array(self.refinement.step_length, np.float32),
            "decay": np.array(self.refinement.decay, np.float32),
            "steps": np.array(steps, np.int64),
        }
        outputs = self.run("refine", inputs)
        return np.asarray(outputs["trajectory"]), np.asarray(outputs["energy"])

    def log_density(self, features: FloatArray, boxes: FloatArray) -> npt.NDArray[np.float32]:
        """f [B, G] of boxes [B, G, 4] in crop pixels."""
        inputs = {"features": features, "grid": boxes.astype(np.float32)}
        return np.asarray(self.run("density", inputs)["log_density"])

    def spread(self, features: FloatArray, boxes: FloatArray) -> npt.NDArray[np.float32]:
        """Standard deviations [B, K, 4] of the edges of boxes [B, K, 4], all in crop pixels."""
        inputs = {"features": features, "final": boxes.astype(np.float32)}
        return np.asarray(self.run("spread", inputs)["std"])
