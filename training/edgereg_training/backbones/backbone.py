"""What every backbone is: uint8 RGB images in, features out; scaling of pixels is inside."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Literal, Protocol

from torch import Tensor, nn

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
