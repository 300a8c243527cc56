"""A head of levels whose density is calibrated: 90 % intervals that hold 90 % of what is measured.

The density as it was learnt, p_k = softmax(C z)_k, has its logits divided by a temperature ("On
Calibration of Modern Neural Networks", ICML 2017) that may depend on how wide it is, T =
temperature * s^slope with s its standard deviation in levels: one pair of numbers makes intervals
right of easy pictures, with narrow densities, and of hard ones alike. Where the head is blurred,
the result is convolved with a Gaussian of `blur` levels, which widens the narrowest densities most.
`calibration` finds the numbers.
"""

from __future__ import annotations

import torch
from torch import Tensor

from edgereg_training.methods.bel.head import BelHead
from edgereg_training.methods.densities.levels import Levels
from edgereg_training.methods.method import Head

# The numbers of a head that is not calibrated yet.
NEUTRAL = {"temperature": 1, "slope": 0, "blur": 0}


class CalibratedHead(Head):
    """Its value is that of the density as it was learnt, which is the better estimate.

    temperature, slope, blur: [D]. blurred: whether `blur` is used.
    """

    temperature: Tensor
    slope: Tensor
    blur: Tensor

    def __init__(self, head: BelHead, blurred: bool = False) -> None:
        super().__init__()
        self.head, self.blurred = head, blurred
        self.targets, self.takes = head.targets, head.takes
        for name, number in NEUTRAL.items():
            self.register_buffer(name, torch.full((len(head.targets),), float(number)))

    def loss(
        self, features: Tensor, targets: Tensor, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """The head's."""
        return self.head.loss(features, targets, generator)

    def value(self, features: Tensor) -> Tensor:
        """The head's: [B, D]."""
        return self.head.value(features)

    def scores(self, features: Tensor) -> list[Tensor]:
        """C z, the logits of levels before calibration: [B, D, N] once where all targets have as
        many levels, else [B, 1, N_d] of each."""
        logits, codec = self.head.bits(features), self.head.codec
        if len({quantiser.levels for quantiser in codec.quantisers}) == 1:
            return [torch.stack(logits, 1) @ codec.words(0).T]
        return [z[:, None] @ codec.words(index).T for index, z in enumerate(logits)]

    def density(self, features: Tensor) -> Levels:
        """p(level | x), calibrated."""
        parts, start = [], 0
        for part in self.scores(features):
            rows = slice(start, start + part.shape[1])
            blur = self.blur[rows] if self.blurred else None
            parts.append(calibrated(part, self.temperature[rows], self.slope[rows], blur))
            start = rows.stop
        quantisers = self.head.codec.quantisers
        low = tuple(quantiser.low for quantiser in quantisers)
        step = tuple(quantiser.step for quantiser in quantisers)
        if len(parts) == 1:
            return Levels.of(parts[0], low, step)
        return Levels(tuple(part[:, 0] for part in parts), low, step)


def calibrated(scores: Tensor, temperature: Tensor, slope: Tensor, blur: Tensor | None) -> Tensor:
    """Probabilities [B, D, N] of scores [B, D, N] by numbers [D]; see the module."""
    p = tempered(scores, log_spread(torch.softmax(scores, -1)), temperature, slope)
    return p if blur is None else (p[..., None, :] @ kernels(blur, p.shape[-1]))[..., 0, :]


def tempered(scores: Tensor, spread: Tensor, temperature: Tensor, slope: Tensor) -> Tensor:
    """Before any kernel; spread: `log_spread` [B, D] of the density as it was learnt."""
    return torch.softmax(scores * (torch.exp(-slope * spread) / temperature)[..., None], -1)


def log_spread(p: Tensor) -> Tensor:
    """The logarithm of the standard deviation in levels, a level's own width included: [B, D]."""
    index = torch.arange(p.shape[-1], dtype=p.dtype)
    centred = index - (p @ index)[..., None]
    return 0.5 * torch.log((p * centred.square()).sum(-1) + 1 / 12)


def kernels(blur: Tensor, levels: int) -> Tensor:
    """Of each width [D] in levels a matrix [N, N] whose rows are Gaussians of sum 1."""
    index = torch.arange(levels, dtype=blur.dtype)
    distance = (index[:, None] - index).square()
    # Narrower than a tenth of a level it is the identity.
    return torch.softmax(-0.5 * distance / blur.clamp(min=0.1).square()[:, None, None], -1)
