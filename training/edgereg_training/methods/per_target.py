"""One head of each target, each on its own part of the features (HRNet's coordinates, RAFA-Net)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from edgereg.core.model_spec import Target
from edgereg_training.methods.method import Density, FeatureShape, Head, MethodSettings, Refinement

NOT_REFINED = (
    "## Refinement\n\n"
    "Each target has an energy of its own, on features of its own. The values are those before\n"
    "refinement: these graphs climb only an energy that all targets share."
)


@dataclass(frozen=True)
class IndependentDensity:
    """The product of D densities of one target each."""

    parts: tuple[Density, ...]

    def mean(self) -> Tensor:
        """[B, D]."""
        return torch.cat([part.mean() for part in self.parts], dim=1)

    def mode(self) -> Tensor:
        """[B, D]."""
        return torch.cat([part.mode() for part in self.parts], dim=1)

    def std(self) -> Tensor:
        """[B, D]."""
        return torch.cat([part.std() for part in self.parts], dim=1)

    def interval(self, level: float) -> tuple[Tensor, Tensor]:
        """[B, D] twice."""
        low, high = zip(*(part.interval(level) for part in self.parts), strict=True)
        return torch.cat(low, dim=1), torch.cat(high, dim=1)

    def log_prob(self, points: Tensor) -> Tensor:
        """[B, G, D] -> [B, G]."""
        columns = points.chunk(len(self.parts), dim=2)
        parts = zip(self.parts, columns, strict=True)
        return torch.stack([part.log_prob(column) for part, column in parts]).sum(0)


class IndependentHead(Head):
    """Features [B, D * F]: target d is predicted from the d-th F numbers. Losses are summed."""

    def __init__(
        self, settings: MethodSettings, features: FeatureShape, targets: tuple[Target, ...]
    ) -> None:
        """Raises ValueError where the method takes maps, or the features can't be cut equally."""
        super().__init__()
        channels, rest = divmod(features.channels, len(targets))
        if rest:
            raise ValueError(f"{features.channels} features can't be shared by {len(targets)}")
        self.targets = targets
        self.heads = nn.ModuleList(
            settings.head(FeatureShape(channels), (target,)) for target in targets
        )
        if any(head.takes == "map" for head in self._heads()):
            raise ValueError("a backbone with a vector of each target has no maps for this method")

    def loss(
        self, features: Tensor, targets: Tensor, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """The sum over targets of each part of the loss."""
        sums: dict[str, Tensor] = {}
        for head, own, column in self._parts(features, targets):
            for name, value in head.loss(own, column, generator).items():
                sums[name] = sums[name] + value if name in sums else value
        return sums

    def value(self, features: Tensor) -> Tensor:
        """[B, D] in units."""
        return torch.cat([head.value(own) for head, own in self._split(features)], dim=1)

    def density(self, features: Tensor) -> IndependentDensity:
        """Independent targets."""
        return IndependentDensity(tuple(h.density(own) for h, own in self._split(features)))

    def fit(self, features: Tensor, targets: Tensor) -> None:
        """Each head on its own."""
        for head, own, column in self._parts(features, targets):
            head.fit(own, column)

    def refine(self, features: Tensor, start: Tensor) -> Refinement | None:
        """Each energy on its own; the energies are summed."""
        found = [head.refine(own, y) for head, own, y in self._parts(features, start)]
        climbed = [refinement for refinement in found if refinement is not None]
        if len(climbed) < len(found):
            return None
        trajectory = torch.cat([refinement.trajectory for refinement in climbed], dim=2)
        return Refinement(trajectory, torch.stack([r.energy for r in climbed]).sum(0))

    def notes(self) -> tuple[str, ...]:
        """Says that graphs do not climb the energies, where each target has one."""
        return (NOT_REFINED,) if any(head.energy() for head in self._heads()) else ()

    def _heads(self) -> list[Head]:
        return [head for head in self.heads if isinstance(head, Head)]

    def _split(self, features: Tensor) -> list[tuple[Head, Tensor]]:
        parts = features.chunk(len(self.targets), dim=1)
        return list(zip(self._heads(), parts, strict=True))

    def _parts(self, features: Tensor, targets: Tensor) -> list[tuple[Head, Tensor, Tensor]]:
        columns = targets.chunk(len(self.targets), dim=1)
        return [(*pair, c) for pair, c in zip(self._split(features), columns, strict=True)]
