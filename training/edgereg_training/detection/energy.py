"""The energy f(x, y) over boxes: PrRoIPool of the features at y, then dense layers."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

from edgereg_training.detection.boxes import from_relative, to_relative
from edgereg_training.methods.ebm.box_spread import box_spread
from edgereg_training.methods.ebm.likelihood import Proposal, nll, refine
from edgereg_training.methods.ebm.prroi import prroi_pool
from edgereg_training.methods.ebm.target_energy import dense_weights
from edgereg_training.methods.ebm.weights import BoxWeights

FEATURE_SCALE = 1 / 8


class BoxEnergyNet(nn.Module):
    """f(x, y) of boxes y given the feature map of x; exp(f) is an unnormalised density.

    The buffer `factors` [4] is what the deviations of x1, y1, x2 and y2 are multiplied by, so that
    their intervals hold what they say (`edgereg calibrate`); 1 as learnt.
    """

    def __init__(self, channels: int, pool: int, hidden: tuple[int, ...]) -> None:
        super().__init__()
        self.pool = pool
        widths = (channels * pool * pool, *hidden, 1)
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
        nn.init.normal_(self.layers[-1].weight, std=0.01)  # type: ignore[arg-type]
        self.register_buffer("factors", torch.ones(4))
        self.register_load_state_dict_pre_hook(_not_calibrated)  # type: ignore[no-untyped-call]

    def forward(self, features: Tensor, boxes: Tensor) -> Tensor:
        """features: float32 [B, C, H/8, W/8]; boxes: [B, N, 4] in image pixels -> f [B, N]."""
        x = prroi_pool(features, boxes, self.pool, FEATURE_SCALE).flatten(2)
        for layer in self.layers[:-1]:
            x = relu(layer(x))
        out: Tensor = self.layers[-1](x)
        return out.squeeze(-1)

    def spread(self, features: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor]:
        """Standard deviations [B, N, 4] in pixels of the edges of boxes [B, N, 4], calibrated, and
        the effective number [B, N] of the samples that they come from."""
        batch, count = boxes.shape[:2]

        def energy(points: Tensor) -> Tensor:
            f: Tensor = self(features, points.reshape(batch, -1, 4))
            return f.reshape(batch * count, -1)

        std, effective = box_spread(energy, boxes.flatten(0, 1))
        std = std.reshape(boxes.shape) * self.get_buffer("factors")
        return std, effective.reshape(batch, count)

    def weights(self) -> BoxWeights:
        """The weights of f, for graphs written without torch."""
        linear = [layer for layer in self.layers if isinstance(layer, nn.Linear)]
        layers = [dense_weights(layer, "relu") for layer in linear[:-1]]
        layers.append(dense_weights(linear[-1], "none"))
        return BoxWeights(self.pool, FEATURE_SCALE, tuple(layers))


def _not_calibrated(module: nn.Module, weights: dict[str, Tensor], prefix: str, *_: object) -> None:
    """Trainings from before there were factors have none."""
    weights.setdefault(f"{prefix}factors", torch.ones(4))


def box_energy_loss(
    net: BoxEnergyNet,
    features: Tensor,
    heads: tuple[Tensor, Tensor],
    proposal: Proposal,
    samples: int,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Mean NLL of true boxes under exp(f) / Z, with `samples` draws for each (EBM paper, eq. 5).

    features: [B, C, H/8, W/8]; heads: boxes [B, N, 4] of positive sides and a mask [B, N] of those
    that count. 0 where the mask is empty.
    """
    boxes, mask = heads
    chosen = boxes[mask]
    if not len(chosen):
        return features.new_zeros(())
    size = (chosen[:, 2:] - chosen[:, :2])[:, None]

    def energy(points: Tensor) -> Tensor:
        """Of relative boxes [K, M, 4] of the K heads that count."""
        everything = boxes[:, :, None].repeat(1, 1, points.shape[1], 1)
        everything[mask] = from_relative(points, size)
        f: Tensor = net(features, everything.flatten(1, 2))
        return f.reshape(everything.shape[:3])[mask]

    return nll(energy, proposal, to_relative(chosen, size[:, 0]), samples, generator)


def refine_boxes(
    net: BoxEnergyNet,
    features: Tensor,
    boxes: Tensor,
    step_length: Tensor,
    decay: float,
    steps: int,
) -> tuple[Tensor, Tensor]:
    """Algorithm 1 of the EBM paper on boxes [B, N, 4], by autograd.

    step_length: [4] in the relative coordinates, whose reference size is that of the initial box.
    Returns the trajectory [B, N, steps + 1, 4] in pixels and the energies [B, N, steps + 1].
    """
    size = boxes[..., 2:] - boxes[..., :2]
    path, energies = refine(
        lambda points: net(features, from_relative(points, size)),
        to_relative(boxes, size),
        steps,
        step_length,
        decay,
    )
    return from_relative(path, size[:, :, None]), energies
