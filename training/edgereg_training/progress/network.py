"""What is seen in every frame, a memory of what was seen, and the head of any method on it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from edgereg.core.model_spec import Target
from edgereg_training.backbones.backbone import Backbone
from edgereg_training.methods.method import MethodSettings, vector_head


class ProgressNet(nn.Module):
    """A backbone on every frame and a gated recurrent unit of `memory` numbers, which knows nothing
    of frames to come; the head takes the memory."""

    def __init__(
        self, backbone: Backbone, memory: int, method: MethodSettings, target: Target
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.unit = nn.GRUCell(backbone.shape("vector").channels, memory)
        self.head = vector_head(method, memory, target)

    def look(self, images: Tensor) -> Tensor:
        """What is seen in each of N frames uint8 [N, S, S, 3], float32 [N, F]."""
        found: Tensor = self.backbone(images.to(self.unit.weight_ih.device))
        return found.float()

    def remember(self, features: Tensor, memory: Tensor) -> Tensor:
        """The memory [B, H] after one more frame [B, F] each."""
        after: Tensor = self.unit(features, memory)
        return after

    def memories(self, frames: Tensor) -> Tensor:
        """The memory after every frame of clips uint8 [B, T, S, S, 3], from none on: [B, T, H]."""
        count, length = frames.shape[:2]
        seen = self.look(frames.reshape(-1, *frames.shape[2:])).reshape(count, length, -1)
        memory = seen.new_zeros(count, self.unit.hidden_size)
        kept = []
        for moment in range(length):
            memory = self.remember(seen[:, moment], memory)
            kept.append(memory)
        return torch.stack(kept, 1)

    def loss(
        self, frames: Tensor, progress: Tensor, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """The head's, over the frames [B, T] whose progress is a number."""
        memories = self.memories(frames).float()
        wanted = progress.to(memories.device)
        known = wanted.isfinite()
        with torch.autocast(memories.device.type, enabled=False):
            return self.head.loss(memories[known], wanted[known][:, None], generator)
