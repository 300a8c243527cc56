"""The energy of a head, as training, refinement and the exporters see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pydantic import Field
from torch import Tensor

from edgereg_training.loop.recipe import Strict
from edgereg_training.methods.ebm.likelihood import Rule, refine
from edgereg_training.methods.layers import pooled
from edgereg_training.methods.method import Refinement

if TYPE_CHECKING:
    from edgereg_training.methods.ebm.target_energy import TargetEnergy
    from edgereg_training.methods.method import Density, Head


class Ascent(Strict):
    """How an energy is climbed: rule, step_length and decay as in `likelihood.refine`; best: each
    iterate is the best one so far."""

    rule: Rule = "algorithm-1"
    steps: int = Field(default=10, ge=0)
    step_length: float = Field(default=0.02, gt=0)
    decay: float = Field(default=0.5, gt=0, le=1)
    best: bool = False


ALGORITHM_1 = Ascent()


@dataclass(frozen=True)
class HeadEnergy:
    """f(x, y) of all targets of a head.

    network: f of features and of points in its own coordinates; ascent: how refinement climbs it;
    estimate: the head whose value it climbs from, None where a search of its own finds that;
    density: exp f / Z of features, about values [B, D].
    """

    network: TargetEnergy
    ascent: Ascent
    estimate: Head | None
    density: Callable[[Tensor, Tensor], Density]

    def climb(self, features: Tensor, start: Tensor, ascent: Ascent | None = None) -> Refinement:
        """From K starts [B, K, D] in units for each image: a trajectory [B, K, T+1, D] and its
        energies [B, K, T+1]; ascent: another than the head's."""
        how = ascent or self.ascent
        path, energy = refine(
            partial(self.network, pooled(features).detach()),
            self.network.normalise(start).detach(),
            how.steps,
            how.step_length,
            how.decay,
            how.rule,
            how.best,
        )
        return Refinement(self.network.restore(path), energy)
