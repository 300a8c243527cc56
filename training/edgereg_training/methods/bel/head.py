"""BEL as a method: `bel` of a feature vector, `bel-coordinate` of a map for each coordinate.

Each target is quantised to levels, each level has a code word, and each target has a head of its
own that gives the bits' logits z. The density is exact for independent bits and a uniform prior on
the code words C: p(level k | x) = softmax(C z)_k, uniform within a level. "Label Encoding for
Regression Networks" (ICLR 2022).
"""

from __future__ import annotations

import math
from typing import Annotated, Literal

import torch
from pydantic import Field, ValidationInfo, field_validator
from torch import Tensor, nn

from edgereg.core.model_spec import Target
from edgereg_training.loop.recipe import Strict
from edgereg_training.methods.bel import code_words as bel
from edgereg_training.methods.densities import Levels
from edgereg_training.methods.method import FeatureShape, Head
from edgereg_training.methods.target_range import check_targets, refuse_nan

DEFAULT_LEVELS = 200
Count = Annotated[int, Field(ge=2)]


class BelSettings(Strict):
    """The methods `bel` and `bel-coordinate` (BEL-H, of heatmaps, is in `heatmaps`).

    code, decoder, loss: see `bel`. levels: of every target, or a list with one number for each,
    spread over its range; or step: units a level; neither: 200 levels. theta: width of the linear
    bottleneck before the bits; None: none. reflected: False takes the plain form of B1JDJ, B2JDJ or
    HEXJ (the paper's Table 16).
    """

    name: Literal["bel", "bel-coordinate"] = "bel"
    code: bel.Code = "B1JDJ"
    decoder: bel.Decoder = "GEN-EX"
    loss: bel.Loss = "CE"
    levels: Count | tuple[Count, ...] | None = None
    step: float | None = Field(default=None, gt=0)
    theta: int | None = Field(default=16, gt=0)
    reflected: bool = True

    @field_validator("decoder")
    @classmethod
    def _of_this_code(cls, decoder: str, info: ValidationInfo) -> str:
        code = info.data.get("code", "")
        if decoder.startswith("BEL-") and decoder != f"BEL-{code}":
            raise ValueError(f"{decoder} decodes the code {decoder[-1]} only, not {code}")
        return decoder

    @field_validator("step")
    @classmethod
    def _levels_or_step(cls, step: float | None, info: ValidationInfo) -> float | None:
        if step is not None and info.data.get("levels") is not None:
            raise ValueError("give levels or step, not both")
        return step

    @field_validator("reflected")
    @classmethod
    def _in_segments(cls, reflected: bool, info: ValidationInfo) -> bool:
        code = info.data.get("code")
        if not reflected and code not in bel.SEGMENTED:
            raise ValueError(f"only {', '.join(bel.SEGMENTED)} can be plain, not {code}")
        return reflected

    def head(self, features: FeatureShape, targets: tuple[Target, ...]) -> BelHead:
        """A head for a vector (`bel`) or maps (`bel-coordinate`) of features."""
        codec = BitCodec(self, targets)
        if self.name == "bel":
            bits: VectorBits | MapBits = VectorBits(features.channels, codec.bits(), self.theta)
        else:
            bits = MapBits(features, codec.bits(), self.theta)
        return BelHead(self, targets, codec, bits)

    def quantisers(self, targets: tuple[Target, ...]) -> tuple[bel.Quantiser, ...]:
        """The levels of each target; the first is its lowest value, the last its highest or more.

        ValueError where `levels` are not as many as the targets.
        """
        levels = self.levels or DEFAULT_LEVELS
        counts = levels if isinstance(levels, tuple) else (levels,) * len(targets)
        if len(counts) != len(targets):
            raise ValueError(f"{len(counts)} numbers of levels for {len(targets)} targets")
        found = []
        for target, count in zip(targets, counts, strict=True):
            span = target.high - target.low
            if self.step is None:
                found.append(bel.Quantiser(target.low, span / (count - 1), count))
            else:
                # A whole number of steps must not become one more by rounding of the division.
                steps = math.ceil(span / self.step - 1e-9)
                found.append(bel.Quantiser(target.low, self.step, max(2, steps + 1)))
        return tuple(found)


class BitCodec(nn.Module):
    """Targets [B, D] in units <-> bit logits, a tuple of [B, bits_d]."""

    def __init__(self, settings: BelSettings, targets: tuple[Target, ...]) -> None:
        super().__init__()
        check_targets(targets)
        self.settings = settings
        self.quantisers = settings.quantisers(targets)
        for index, quantiser in enumerate(self.quantisers):
            words = bel.code_matrix(
                settings.code, quantiser.levels, spare=False, reflected=settings.reflected
            )
            self.register_buffer(f"words_{index}", torch.from_numpy(words).float(), False)

    def words(self, index: int) -> Tensor:
        """The code matrix of target `index`: float [levels, bits]."""
        return self.get_buffer(f"words_{index}")

    def bits(self) -> tuple[int, ...]:
        """Number of bits of each target."""
        return tuple(self.words(index).shape[1] for index in range(len(self.quantisers)))

    def loss(self, logits: tuple[Tensor, ...], targets: Tensor) -> Tensor:
        """The settings' loss, summed over targets; a mean over the batch.

        Raises TrainingError where a target is not finite.
        """
        refuse_nan(targets)
        parts = [
            bel.loss(z, quantiser.position(targets[:, d]), self.words(d), self.settings.loss)
            for d, (z, quantiser) in enumerate(zip(logits, self.quantisers, strict=True))
        ]
        return torch.stack(parts).sum()

    def value(self, logits: tuple[Tensor, ...], decoder: bel.Decoder) -> Tensor:
        """Decoded targets in units: [B, D]."""
        if self._alike():
            position = bel.decode_words(torch.stack(logits, 1), self.words(0), decoder)
        else:
            positions = [bel.decode_words(z, self.words(d), decoder) for d, z in enumerate(logits)]
            position = torch.stack(positions, 1)
        low = position.new_tensor([quantiser.low for quantiser in self.quantisers])
        return low + position.new_tensor([q.step for q in self.quantisers]) * position

    def density(self, logits: tuple[Tensor, ...]) -> Levels:
        """The posterior over levels."""
        low = tuple(quantiser.low for quantiser in self.quantisers)
        step = tuple(quantiser.step for quantiser in self.quantisers)
        if self._alike():
            together = torch.softmax(torch.stack(logits, 1) @ self.words(0).T, -1)
            return Levels.of(together, low, step)
        posterior = tuple(torch.softmax(z @ self.words(d).T, -1) for d, z in enumerate(logits))
        return Levels(posterior, low, step)

    def _alike(self) -> bool:
        """Whether all targets have one code matrix."""
        return len({quantiser.levels for quantiser in self.quantisers}) == 1


class VectorBits(nn.Module):
    """A linear head of each target: features [B, F] -> logits, [B, bits] each."""

    def __init__(self, features: int, bits: tuple[int, ...], theta: int | None) -> None:
        super().__init__()
        self.heads = nn.ModuleList(_linear(features, theta, count) for count in bits)

    def forward(self, features: Tensor) -> tuple[Tensor, ...]:
        """See the class."""
        return tuple(head(features) for head in self.heads)


class MapBits(nn.Module):
    """The paper's head on HRNet: one channel of the maps becomes one coordinate's bits.

    Maps [B, C, H, W] -> 1x1 convolution -> 2x2 maximum -> 1x1 convolution to a channel for each
    target -> each channel flattened -> theta -> bits.
    """

    def __init__(self, features: FeatureShape, bits: tuple[int, ...], theta: int | None) -> None:
        super().__init__()
        # Maps of one row or column can't be halved.
        pool = 2 if min(features.height, features.width) > 1 else 1
        cells = (features.height // pool) * (features.width // pool)
        self.channels = nn.Sequential(
            *_pointwise(features.channels, features.channels),
            nn.MaxPool2d(pool),
            *_pointwise(features.channels, len(bits)),
        )
        self.heads = nn.ModuleList(_linear(cells, theta, count) for count in bits)

    def forward(self, maps: Tensor) -> tuple[Tensor, ...]:
        """See the class."""
        flat = self.channels(maps).flatten(2)
        return tuple(head(flat[:, index]) for index, head in enumerate(self.heads))


class BelHead(Head):
    """Bits, their codec, and the density over levels; see the module."""

    def __init__(
        self,
        settings: BelSettings,
        targets: tuple[Target, ...],
        codec: BitCodec,
        bits: VectorBits | MapBits,
    ) -> None:
        super().__init__()
        self.targets = targets
        self.takes = "vector" if isinstance(bits, VectorBits) else "map"
        self.decoder: bel.Decoder = settings.decoder
        self.codec = codec
        self.bits = bits

    def loss(
        self, features: Tensor, targets: Tensor, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """The settings' loss, summed over targets."""
        return {"loss": self.codec.loss(self.bits(features), targets)}

    def value(self, features: Tensor) -> Tensor:
        """The settings' decoder: [B, D]."""
        return self.decoded(features, self.decoder)

    def decoded(self, features: Tensor, decoder: bel.Decoder) -> Tensor:
        """Any decoder's value: [B, D]."""
        return self.codec.value(self.bits(features), decoder)

    def density(self, features: Tensor) -> Levels:
        """p(level | x), uniform within a level."""
        return self.codec.density(self.bits(features))


def _linear(features: int, theta: int | None, bits: int) -> nn.Module:
    return nn.Linear(features, bits) if theta is None else bel.Bottleneck(features, theta, bits)


def _pointwise(inputs: int, outputs: int) -> tuple[nn.Module, ...]:
    return nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
