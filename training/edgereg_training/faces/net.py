"""One backbone with a head of levels (BEL) for each of pose, landmarks and age."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from edgereg_training.backbones.backbone import Backbone
from edgereg_training.methods.bel.head import BelHead
from edgereg_training.methods.densities.levels import Levels
from edgereg_training.methods.method import Head

TARGETS = ("headpose", "landmarks", "age")


class FacesNet(nn.Module):
    """uint8 [B, S, S, 3] -> one vector, which each of the heads takes.

    temperature_<target> [D]: by which the logits of each number's density are divided; see
    `calibration`.
    """

    def __init__(self, backbone: Backbone, heads: Mapping[str, BelHead]) -> None:
        super().__init__()
        self.backbone = backbone
        self.heads = nn.ModuleDict(heads)
        for target, head in heads.items():
            self.register_buffer(f"temperature_{target}", torch.ones(len(head.targets)))

    def features(self, images: Tensor) -> Tensor:
        """float32 [B, F]."""
        vector: Tensor = self.backbone(images)
        return vector.float()

    def head(self, target: str) -> BelHead:
        """The head of one of TARGETS, with its densities as they were learnt."""
        found = self.heads[target]
        assert isinstance(found, BelHead)  # noqa: S101  (built so)
        return found

    def calibrated(self, target: str) -> CalibratedHead:
        """The head of one of TARGETS with calibrated densities."""
        return CalibratedHead(self.head(target), self.temperature(target))

    def temperature(self, target: str) -> Tensor:
        """Of each number of a target: [D]."""
        return self.get_buffer(f"temperature_{target}")


def log_levels(head: BelHead, features: Tensor) -> list[Tensor]:
    """log p_k of each number, before calibration: [B, N_d]."""
    logits = head.bits(features)
    return [torch.log_softmax(z @ head.codec.words(index).T, -1) for index, z in enumerate(logits)]


class CalibratedHead(Head):
    """A head of levels whose density has its logits divided by temperatures [D]; the value is that
    of the density as it was learnt, which is the better estimate."""

    temperature: Tensor

    def __init__(self, head: BelHead, temperature: Tensor) -> None:
        super().__init__()
        self.head = head
        self.targets, self.takes = head.targets, head.takes
        self.register_buffer("temperature", temperature.clone())

    def loss(
        self, features: Tensor, targets: Tensor, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """The head's."""
        return self.head.loss(features, targets, generator)

    def value(self, features: Tensor) -> Tensor:
        """The head's: [B, D]."""
        return self.head.value(features)

    def density(self, features: Tensor) -> Levels:
        """p(level | x), calibrated."""
        logits = self.head.bits(features)
        calm = [z / self.temperature[index] for index, z in enumerate(logits)]
        return self.head.codec.density(tuple(calm))
