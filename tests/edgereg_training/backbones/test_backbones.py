"""Backbones: shapes as announced, weights from files, and what is refused."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("timm")

from edgereg_training.backbones import build, parse_backbone  # noqa: E402
from edgereg_training.backbones.registry import BACKBONES  # noqa: E402
from edgereg_training.loop.errors import BackboneError, RecipeError  # noqa: E402
from edgereg_training.methods.method import FeatureShape  # noqa: E402
from edgereg_training.methods.registry import parse_method  # noqa: E402
from edgereg_training.regression.net import build_net  # noqa: E402
from safetensors.torch import save_file  # noqa: E402

from edgereg.core.model_spec import Target  # noqa: E402

SMALL = "timm/mobilenetv3_small_050"
SIZES = {"rafa-net": 160, "hrnetv2-w18-coordinate": 64, "efficientnet-lite0": 64}


def pictures(size: int) -> Any:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (2, size, size, 3), generator=generator, dtype=torch.uint8)


@pytest.mark.parametrize("name", [*sorted(set(BACKBONES) - {"timm/*"}), SMALL])
def test_features_have_the_announced_shapes(name: str) -> None:
    size = SIZES.get(name, 48)
    torch.manual_seed(0)
    backbone = build(name, size).eval()
    with torch.no_grad():
        vector, maps = backbone(pictures(size)), backbone.maps(pictures(size))
    assert backbone.shape("vector") == FeatureShape(vector.shape[1])
    assert backbone.shape("map") == FeatureShape(*maps.shape[1:])
    assert vector.shape[1] % backbone.streams == 0
    assert torch.isfinite(vector).all()
    assert not torch.equal(vector[0], vector[1])


def test_the_smallest_network_is_small() -> None:
    """Multiply-adds of edge-xs at 40 px: at most 5 million."""
    total = 0

    def count(module: Any, inputs: Any, output: Any) -> None:
        nonlocal total
        area = output[0, 0].numel() if output.ndim == 4 else 1
        total += module.weight.numel() * area

    backbone = build("edge-xs", 40).eval()
    for module in backbone.modules():
        if isinstance(module, torch.nn.Conv2d | torch.nn.Linear):
            module.register_forward_hook(count)
    backbone(pictures(40)[:1])
    assert 1e6 < total < 5e6


@pytest.mark.parametrize(
    ("name", "size", "message"),
    [
        ("edge-m", 40, "40 px: this network takes multiples of 16 px"),
        ("rafa-net", 96, "96 px: RAFA-Net's regions need 160 px"),
        ("hrnetv2-w18-coordinate", 72, "72 px: HRNet takes multiples of 32 px"),
        ("timm/resnet51", 64, "timm has no model 'resnet51'"),
    ],
)
def test_what_cannot_be_built_is_named(name: str, size: int, message: str) -> None:
    with pytest.raises(BackboneError, match=message):
        build(name, size)


def test_an_unknown_backbone_lists_the_known_ones() -> None:
    with pytest.raises(RecipeError, match=r"unknown backbone 'edge' .*edge-m.*timm/"):
        parse_backbone({"name": "edge"})


@pytest.mark.parametrize("ending", [".safetensors", ".pth"])
def test_weights_come_from_a_file(tmp_path: Path, ending: str) -> None:
    torch.manual_seed(1)
    source = build(SMALL, 48)
    weights = source.model.state_dict() | {"classifier.weight": torch.zeros(3, 3)}
    path = tmp_path / f"weights{ending}"
    if ending == ".pth":
        torch.save({"state_dict": weights}, path)
    else:
        save_file(weights, path)
    loaded = build(SMALL, 48, weights=path)
    assert torch.equal(source.eval()(pictures(48)), loaded.eval()(pictures(48)))


class Payload:
    """Would run code when unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (print, ("executed",))


def test_files_that_are_not_these_weights_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "weights.pth"
    torch.save({"state_dict": {"conv": torch.zeros(1)}}, path)
    with pytest.raises(BackboneError, match="holds weights of another model"):
        build(SMALL, 48, weights=path)
    torch.save({"state_dict": Payload()}, path)
    with pytest.raises(BackboneError, match="more than tensors"):
        build(SMALL, 48, weights=path)
    assert "executed" not in capsys.readouterr().out
    with pytest.raises(BackboneError, match="can't read weights"):
        build(SMALL, 48, weights=tmp_path / "none.pth")


def test_pretrained_weights_without_a_connection(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def offline(*arguments: Any, **options: Any) -> None:
        raise socket.gaierror("Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", offline)
    monkeypatch.setattr("urllib.request.getproxies", dict)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(BackboneError, match=r"offline.*give a file with 'weights: FILE'") as caught:
        build("timm/resnet18", 64, pretrained=True)
    assert "\n" not in str(caught.value)


def angles(count: int) -> tuple[Target, ...]:
    return tuple(Target(name=f"a{i}", unit="degree", low=-90, high=90) for i in range(count))


@pytest.mark.parametrize("method", ["direct", "bel", "ebm"])
def test_a_head_of_each_stream_sees_its_own_features(method: str) -> None:
    torch.manual_seed(2)
    backbone = build("hrnetv2-w18-coordinate", 64, coordinates=3)
    net = build_net(backbone, parse_method({"name": method}), angles(3)).eval()
    features = torch.rand(4, 3 * 64)
    changed = features.clone()
    changed[:, 64:128] = 0
    before, after = net.head.value(features), net.head.value(changed)
    assert torch.equal(before[:, [0, 2]], after[:, [0, 2]])
    density = net.head.density(features)
    low, high = density.interval(0.9)
    assert (low < high).all()
    assert density.log_prob(before[:, None].detach()).shape == (4, 1)
    loss = net.head.loss(features, before.detach(), torch.Generator().manual_seed(0))["loss"]
    assert torch.isfinite(loss)
    refinement = net.head.refine(features, before.detach())
    assert (refinement is not None) == (method == "ebm")
    if refinement is not None:
        assert refinement.trajectory.shape[2] == 3


def test_streams_and_targets_must_agree() -> None:
    backbone = build("hrnetv2-w18-coordinate", 64, coordinates=4)
    with pytest.raises(RecipeError, match="predicts 4 targets, not 3"):
        build_net(backbone, parse_method({"name": "direct"}), angles(3))
