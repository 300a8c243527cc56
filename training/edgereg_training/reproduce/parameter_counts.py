"""`parameter-counts`: trainable parameters of the papers' networks, beside BEL's Table 2.

Networks are built without memory (torch's meta device), so nothing is computed but sizes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from edgereg.core.model_spec import Target
from edgereg_training.backbones import build
from edgereg_training.methods.registry import parse_method
from edgereg_training.regression.net import RegressionNet, build_net
from edgereg_training.reproduce.context import Context
from edgereg_training.reproduce.report import Report, Table

# A count agrees where it rounds to the published one, in millions with one decimal, or lies within
# half a unit of that decimal beside it.
TOLERANCE = 0.1
DIRECT: dict[str, Any] = {"name": "direct"}


def bel(code: str, theta: int | None, levels: int) -> dict[str, Any]:
    """The keys of a BEL method."""
    return {"name": "bel", "code": code, "theta": theta, "levels": levels}


@dataclass(frozen=True)
class Case:
    """A network of the paper. published: millions; setting: what was assumed of it; as_keras: count
    what Keras counts, as the authors' code of RAFA-Net is written in it."""

    network: str
    published: float
    backbone: Mapping[str, Any]
    size: int
    targets: int
    method: Mapping[str, Any]
    setting: str
    as_keras: bool = False


def hrnet(points: int, published: float, method: Mapping[str, Any], setting: str) -> Case:
    """HRNetV2-W18 for so many landmarks."""
    backbone = {"name": "hrnetv2-w18-coordinate", "coordinates": 2 * points}
    return Case("HRNetV2-W18", published, backbone, 256, 2 * points, method, setting)


RESNET = {"name": "timm/resnet50"}
RAFANET = {"name": "rafa-net"}
# The codes and bottlenecks are those that BEL's Tables 26 to 29 name for each data set.
CASES = (
    Case("ResNet-50", 23.5, RESNET, 224, 3, DIRECT, "direct, 3 angles"),
    Case("ResNet-50", 23.6, RESNET, 224, 3, bel("B1JDJ", 10, 200), "BEL B1JDJ, theta 10"),
    Case("PilotNet", 1.8, {"name": "pilotnet"}, 66, 1, DIRECT, "direct"),
    Case("PilotNet", 1.8, {"name": "pilotnet"}, 66, 1, bel("B1JDJ", None, 700), "BEL B1JDJ"),
    Case("RAFA-Net", 69.8, RAFANET, 224, 3, DIRECT, "direct, 3 angles"),
    Case("RAFA-Net", 69.8, RAFANET, 224, 3, DIRECT, "direct, 3 angles, as Keras counts", True),
    Case(
        "RAFA-Net", 69.8, RAFANET, 224, 3, bel("B1JDJ", 50, 360),
        "BEL B1JDJ, theta 50, as Keras counts", True,
    ),
    hrnet(29, 10.2, DIRECT, "direct, 29 points (COFW)"),
    hrnet(68, 10.2, DIRECT, "direct, 68 points (300W)"),
    hrnet(29, 10.6, bel("HEXJ", 30, 256), "BEL HEXJ, theta 30, 29 points (COFW)"),
    hrnet(68, 11.2, bel("U", 10, 256), "BEL U, theta 10, 68 points (300W)"),
    hrnet(98, 11.7, bel("B1JDJ", 10, 256), "BEL B1JDJ, theta 10, 98 points (WFLW)"),
    hrnet(19, 10.8, bel("B1JDJ", 30, 256), "BEL B1JDJ, theta 30, 19 points (AFLW)"),
)  # fmt: skip
# The same networks with other last layers, whose counts the paper's figures are within 0.1 M of.
NEAREST = (
    Case(
        "RAFA-Net", 69.8, RAFANET, 224, 3, bel("B1JDJ", 10, 360),
        "theta 10 in place of 50, as Keras counts", True,
    ),
    hrnet(29, 10.6, bel("HEXJ", None, 256), "29 points (COFW): no bottleneck before 16 bits"),
    hrnet(68, 11.2, bel("B1JDJ", 10, 256), "68 points (300W): 65 bits (B1JDJ) in place of U's 255"),
    hrnet(98, 11.7, bel("HEXJ", 10, 256), "98 points (WFLW): 16 bits (HEXJ) in place of 65"),
    hrnet(19, 10.8, bel("HEXJ", 30, 256), "19 points (AFLW): 16 bits (HEXJ) in place of 65"),
)  # fmt: skip


def parameters(model: nn.Module) -> int:
    """Trainable numbers of a network."""
    return sum(parameter.numel() for parameter in model.parameters())


def keras_extras(model: nn.Module) -> int:
    """What Keras counts beyond `parameters`: running statistics, the vector of each spectral norm,
    and biases of convolutions, which its ResNet-50 has and ours does not."""
    count = 0
    for name, buffer in model.named_buffers():
        if name.endswith(("running_mean", "running_var", "._u")):
            count += buffer.numel()
    convolutions = [m for m in model.modules() if isinstance(m, nn.Conv2d)]
    return count + sum(m.out_channels for m in convolutions if m.bias is None)


def network(case: Case) -> RegressionNet:
    """The case's network on the meta device."""
    targets = tuple(
        Target(name=f"y{index}", unit="", low=0, high=255) for index in range(case.targets)
    )
    options = {key: value for key, value in case.backbone.items() if key != "name"}
    with torch.device("meta"):
        backbone = build(case.backbone["name"], case.size, **options)
        return build_net(backbone, parse_method(case.method), targets)


def counted(case: Case) -> float:
    """Millions of parameters."""
    model = network(case)
    return (parameters(model) + (keras_extras(model) if case.as_keras else 0)) / 1e6


def agrees(case: Case, count: float) -> bool:
    """Whether the published figure, of one decimal, is this count's."""
    return abs(count - case.published) < TOLERANCE


def run(context: Context) -> Report:
    """Count all cases; `context` is not needed, there is nothing to train."""
    counts = [(case, counted(case)) for case in CASES]
    columns = ("network", "form", "paper, M", "ours, M", "difference, M", "agrees within 0.1 M")
    return Report(
        tables=(
            Table("Trainable parameters", columns, _rows(counts)),
            Table(
                "Last layers that the paper's figures fit",
                columns,
                _rows([(case, counted(case)) for case in NEAREST]),
                "Only the layers from a coordinate's features to its bits differ.",
            ),
        ),
        findings=findings(counts),
        method=(
            "Networks are built by name as recipes do and their trainable numbers counted. Layer "
            "sizes follow the code that BEL's authors published, codes and bottlenecks (theta) the "
            "paper's Tables 26 to 29."
        ),
    )


def _rows(counts: Sequence[tuple[Case, float]]) -> tuple[tuple[str | float, ...], ...]:
    return tuple(
        (
            case.network, case.setting, case.published, round(count, 3),
            round(count - case.published, 3), "yes" if agrees(case, count) else "no",
        )
        for case, count in counts
    )  # fmt: skip


def findings(counts: Sequence[tuple[Case, float]]) -> tuple[str, ...]:
    """What agrees, and the layer that explains it where something does not."""
    direct = {case.targets: count for case, count in counts if case.method is DIRECT}
    coordinates = 58
    # 1024 -> 10 -> 1 in place of 1024 -> 1, each with biases.
    narrow = direct[coordinates] + coordinates * (1024 * 10 + 10 + 11 - 1025) / 1e6
    agreeing = sum(agrees(case, count) for case, count in counts)
    encoded = [(c, n) for c, n in counts if c.network == "HRNetV2-W18" and c.method is not DIRECT]
    more = ", ".join(f"{n - c.published:.2f} M ({c.targets // 2} points)" for c, n in encoded)
    return (
        f"{agreeing} of {len(counts)} counts agree with the paper within 0.1 M.",
        f"HRNetV2-W18 with BEL has more parameters here: {more}. What explains it are the layers "
        "from a coordinate's 1024 numbers to its bits. The printed figures fit the same network "
        "with other last layers (second table): without the bottleneck for COFW, and with the "
        "number of bits of another code for 300W, WFLW and AFLW.",
        "HRNetV2-W18, direct: one linear map of 1024 numbers to each coordinate makes fewer "
        "parameters than the published 10.2 M. With a bottleneck of ten numbers before it, which "
        f"the authors' code can switch on, 29 points (COFW) have {narrow:.2f} M; the paper does "
        "not say.",
        "RAFA-Net: ours has 0.2 M fewer trainable parameters than the figure. The authors' network "
        "is written in Keras, which counts running statistics, and whose ResNet-50 has biases in "
        "its convolutions; counted so, direct regression agrees. With BEL and theta 50 the "
        "bottlenecks of three angles, 3 x 2048 x 50 numbers, are what is too much: theta 10 fits.",
    )
