"""One backbone with a head of levels (BEL) for each of pose, landmarks and age."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from edgereg_training.backbones.backbone import Backbone
from edgereg_training.methods.bel.calibrated import NEUTRAL, CalibratedHead
from edgereg_training.methods.bel.head import BelHead

TARGETS = ("headpose", "landmarks", "age")
# Ages of children are the narrowest densities and the most often wrong: what a temperature would
# widen most are the others.
BLURRED = ("age",)


class FacesNet(nn.Module):
    """uint8 [B, S, S, 3] -> one vector, which each of the heads takes.

    temperature_<target>, slope_<target>, blur_<target> [D]: of its `CalibratedHead`.
    """

    def __init__(self, backbone: Backbone, heads: Mapping[str, BelHead]) -> None:
        super().__init__()
        self.backbone = backbone
        self.heads = nn.ModuleDict(heads)
        for target, head in heads.items():
            for name, number in NEUTRAL.items():
                self.register_buffer(
                    f"{name}_{target}", torch.full((len(head.targets),), float(number))
                )

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
        """The head of one of TARGETS with calibrated densities, whose numbers are the network's."""
        made = CalibratedHead(self.head(target), target in BLURRED)
        for name in NEUTRAL:
            setattr(made, name, self.get_buffer(f"{name}_{target}"))
        return made


def log_levels(head: BelHead, features: Tensor) -> list[Tensor]:
    """log p_k of each number, before calibration: [B, N_d]."""
    logits = head.bits(features)
    return [torch.log_softmax(z @ head.codec.words(index).T, -1) for index, z in enumerate(logits)]
