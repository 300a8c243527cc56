"""What every backbone is: uint8 RGB images in, features out; scaling of pixels is inside."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal, Protocol

from torch import Tensor, nn

from edgereg_training.loop.errors import BackboneError
from edgereg_training.methods.method import FeatureShape

Takes = Literal["vector", "map"]


class Backbone(nn.Module, ABC):
    """uint8 [B, S, S, 3] RGB -> features: a vector by `forward`, maps by `maps`.

    streams: where above 1, the vector is that many vectors of equal length one after another, one
    of each target; a head of its own takes each (see `methods.per_target`).
    """

    streams: int = 1

    @abstractmethod
    def maps(self, images: Tensor) -> Tensor:
        """The last maps with spatial extent: [B, C, h, w]."""

    @abstractmethod
    def forward(self, images: Tensor) -> Tensor:
        """The vector g_x that heads take: [B, F]."""

    @abstractmethod
    def shape(self, takes: Takes) -> FeatureShape:
        """The shape of one image's features, as `maps` or `forward` gives them."""


class Deepened(Backbone):
    """A backbone whose vector passes further layers, linear with ReLU, on its way to the head."""

    def __init__(self, inner: Backbone, widths: Sequence[int]) -> None:
        super().__init__()
        if inner.streams > 1:
            raise BackboneError("a backbone with a vector of each target takes no further layers")
        self.inner = inner
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise([inner.shape("vector").channels, *widths]):
            layers += [nn.Linear(inputs, outputs), nn.ReLU()]
        self.layers = nn.Sequential(*layers)
        self._vector = FeatureShape(widths[-1])

    def maps(self, images: Tensor) -> Tensor:
        """The inner backbone's."""
        return self.inner.maps(images)

    def forward(self, images: Tensor) -> Tensor:
        """[B, widths[-1]]."""
        vector: Tensor = self.layers(self.inner(images))
        return vector

    def shape(self, takes: Takes) -> FeatureShape:
        """See `Backbone`."""
        return self._vector if takes == "vector" else self.inner.shape(takes)


class BackboneSettings(Protocol):
    """The keys of a recipe's `backbone`: a `recipe.Strict` model with `name`."""

    @property
    def name(self) -> str:
        """The backbone's name in recipes."""
        ...

    def build(self, size: int) -> Backbone:
        """A new backbone for images of side `size` px, initialised from torch's global generator.

        Raises BackboneError where it can't take this size or its weights can't be had.
        """
        ...


def scaled(images: Tensor, centre: float = 127.5, spread: float = 64.0) -> Tensor:
    """uint8 [B, H, W, 3] -> float32 [B, 3, H, W] about zero (its memory stays channels-last)."""
    return (images.float().permute(0, 3, 1, 2) - centre) * (1.0 / spread)
