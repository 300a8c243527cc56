"""One backbone with a head of levels (BEL) for each of pose, landmarks and age."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from edgereg_training.backbones.backbone import Backbone
from edgereg_training.methods.bel.head import BelHead

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

    def temperature(self, target: str) -> Tensor:
        """Of each number of a target: [D]."""
        return self.get_buffer(f"temperature_{target}")


def log_levels(head: BelHead, features: Tensor) -> list[Tensor]:
    """log p_k of each number, before calibration: [B, N_d]."""
    logits = head.bits(features)
    return [torch.log_softmax(z @ head.codec.words(index).T, -1) for index, z in enumerate(logits)]


def apply_temperatures(net: FacesNet, target: str) -> BelHead:
    """The head with its densities calibrated, by its last layers' weights; changes the net."""
    head = net.head(target)
    for bits, temperature in zip(head.bits.heads, net.temperature(target), strict=True):
        last = [layer for layer in bits.modules() if isinstance(layer, nn.Linear)][-1]
        with torch.no_grad():
            last.weight.div_(temperature)
            if last.bias is not None:
                last.bias.div_(temperature)
    net.temperature(target).fill_(1.0)
    return head
