"""Points at which an energy is evaluated, in its coordinates; the same ones for every image.

Drawn once rather than in every call, so that an exporter finds them as constants of the graph.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.quasirandom import SobolEngine

from edgereg_training.methods.ebm.likelihood import Proposal

GRID = 1024
SEED = 0


def scattered(widths: Sequence[float]) -> Tensor:
    """GRID points over D ranges of these widths about 0: [1, GRID, D]; even steps where D = 1."""
    if len(widths) == 1:
        unit = torch.linspace(0, 1, GRID)[:, None]
    else:
        engine = SobolEngine(len(widths), scramble=True, seed=SEED)  # type: ignore[no-untyped-call]
        unit = engine.draw(GRID)
    return torch.tensor(widths) * (unit - 0.5)[None]


def offsets(proposal: Proposal, count: int) -> Tensor:
    """Samples of a proposal: [1, count, D]."""
    return proposal.sample((1, count), torch.Generator().manual_seed(SEED))


def best(points: Tensor, f: Tensor) -> Tensor:
    """Of points [B, S, D] those of the greatest f [B, S]: [B, D]."""
    chosen = f.argmax(1)[:, None, None].expand(-1, -1, points.shape[-1])
    return points.gather(1, chosen)[:, 0]
