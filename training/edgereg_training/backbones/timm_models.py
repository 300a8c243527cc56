"""Any model of timm as a backbone: `{name: timm/resnet50, pretrained: true}`."""

from __future__ import annotations

import socket
import urllib.request
from pathlib import Path
from typing import Any

import torch
from pydantic import Field
from timm.layers.conv2d_same import Conv2dSame
from torch import Tensor, nn
from torch.nn.functional import conv2d, pad

from edgereg.core.errors import one_line
from edgereg_training.backbones.backbone import Backbone, Takes
from edgereg_training.loop.errors import BackboneError
from edgereg_training.loop.recipe import Strict
from edgereg_training.methods.method import FeatureShape

PREFIX = "timm/"
# Of ImageNet, where a model does not name its own.
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class TimmSettings(Strict):
    """pretrained: take timm's ImageNet weights, which needs a connection the first time.
    weights: take them from this file instead (.safetensors, or .pth with tensors only)."""

    name: str = Field(pattern=f"^{PREFIX}.+")
    pretrained: bool = False
    weights: Path | None = None

    def build(self, size: int) -> Backbone:
        """Raises BackboneError for a name that timm does not know, weights that can't be had, or
        a model that can't take images of this side."""
        model = create(self.name.removeprefix(PREFIX), self.pretrained and self.weights is None)
        if self.weights is not None:
            load_file_weights(model, self.weights)
        return TimmNet(model, size, self.name)


class TimmNet(Backbone):
    """A timm model without its classifier; images are normalised as it was trained."""

    mean: Tensor
    std: Tensor

    def __init__(self, model: nn.Module, size: int, name: str) -> None:
        super().__init__()
        self.model = model
        self._name = name
        config: dict[str, Any] = getattr(model, "pretrained_cfg", {})
        for key, usual in (("mean", _MEAN), ("std", _STD)):
            values = 255 * torch.tensor(config.get(key, usual)).reshape(1, 3, 1, 1)
            self.register_buffer(key, values, persistent=False)
        self._vector, self._maps = self._shapes(size)

    def maps(self, images: Tensor) -> Tensor:
        """[B, C, h, w]; raises BackboneError for models whose features are no maps."""
        found: Tensor = self.model.forward_features(self._scaled(images))  # type: ignore[operator]
        if found.ndim != 4:
            raise BackboneError(f"{self._name} has no feature maps")
        return found

    def forward(self, images: Tensor) -> Tensor:
        """[B, F], pooled."""
        found: Tensor = self.model(self._scaled(images))
        return found

    def shape(self, takes: Takes) -> FeatureShape:
        """See `Backbone`."""
        if takes == "map" and self._maps is None:
            raise BackboneError(f"{self._name} has no feature maps")
        return self._vector if takes == "vector" or self._maps is None else self._maps

    def _scaled(self, images: Tensor) -> Tensor:
        return (images.float().permute(0, 3, 1, 2) - self.mean) / self.std

    def _shapes(self, size: int) -> tuple[FeatureShape, FeatureShape | None]:
        """Of images of this side, by running one through the model."""
        image = torch.zeros(1, size, size, 3, dtype=torch.uint8)
        self.model.eval()
        try:
            with torch.no_grad():
                vector = self(image)
                maps = self.model.forward_features(self._scaled(image))  # type: ignore[operator]
        except (AssertionError, RuntimeError) as error:
            reason = one_line(error)
            raise BackboneError(
                f"{self._name} can't take images of {size} px ({reason})"
            ) from error
        self.model.train()
        found = FeatureShape(vector.shape[1])
        return found, FeatureShape(*maps.shape[1:]) if maps.ndim == 4 else None


def create(name: str, pretrained: bool, **options: Any) -> nn.Module:
    """A timm model without classifier; see `TimmSettings` for the errors."""
    import timm

    if not timm.is_model(name):
        raise BackboneError(f"timm has no model '{name}'; timm.list_models() names them")
    if pretrained and not in_reach(timm.get_pretrained_cfg(name)):
        raise _unreachable(name, "offline, and not in the cache")
    try:
        made: nn.Module = timm.create_model(
            name, pretrained=pretrained, **{"num_classes": 0} | options
        )
    except Exception as error:
        if not pretrained:
            raise
        # The hub's client raises errors of several libraries.
        raise _unreachable(name, type(error).__name__) from error
    return made


def _unreachable(name: str, reason: str) -> BackboneError:
    return BackboneError(
        f"can't fetch the weights of timm/{name} ({reason}): give a file with 'weights: FILE', or "
        "'pretrained: false'"
    )


def in_reach(config: Any) -> bool:
    """Whether weights are in the cache or within reach; the hub would try for a minute."""
    from huggingface_hub import try_to_load_from_cache

    if urllib.request.getproxies():
        return True
    try:
        socket.getaddrinfo("huggingface.co", 443)
    except OSError:
        hub = getattr(config, "hf_hub_id", None)
        return hub is not None and isinstance(try_to_load_from_cache(hub, "model.safetensors"), str)
    return True


def load_file_weights(model: nn.Module, path: Path) -> None:
    """Load a file's weights by name; those of a classifier are left out.

    Raises BackboneError where the file can't be read, or does not have all of the model's weights.
    """
    weights = read(path)
    wanted = model.state_dict()
    missing = [name for name in wanted if name not in weights]
    other = [
        name for name in wanted if name in weights and weights[name].shape != wanted[name].shape
    ]
    if missing or other:
        name = (missing + other)[0]
        raise BackboneError(
            f"{path}: holds weights of another model ('{name}' is missing or of another shape)"
        )
    model.load_state_dict({name: weights[name] for name in wanted})


def read(path: Path) -> dict[str, Tensor]:
    """The tensors of a file; BackboneError where it can't be read."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        # weights_only: a file of tensors, from which nothing is executed.
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, SafetensorError, ValueError, EOFError, KeyError) as error:
        reason = one_line(error)
        raise BackboneError(f"{path}: can't read weights ({reason})") from error
    except Exception as error:
        # torch's UnpicklingError, when there is more than tensors in the file.
        raise BackboneError(f"{path}: holds more than tensors; refused") from error
    weights = content.get("state_dict", content) if isinstance(content, dict) else {}
    return {name: value for name, value in weights.items() if isinstance(value, Tensor)}


class DividedConv2d(nn.Conv2d):
    """TensorFlow's convolution with 'same' padding of sides that are multiples of the stride: what
    it pads is then the same for all of them."""

    def forward(self, maps: Tensor) -> Tensor:
        """Maps [B, C, H, W] -> [B, C', H / stride, W / stride]."""
        whole = [k - s for k, s in zip(self.kernel_size, self.stride, strict=True)]
        rows, columns = (max(0, number) for number in whole)
        around = (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2)
        return conv2d(pad(maps, around), self.weight, self.bias, self.stride, 0, 1, self.groups)


def fix_padding(trunk: nn.Module) -> None:
    """Give the trunk's strided convolutions a padding that does not depend on the picture's size.

    Else a trace for free sizes reckons with remainders within remainders, which takes hours.
    """
    for module in list(trunk.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, Conv2dSame) and child.dilation == (1, 1):
                rows, columns = child.kernel_size
                down, right = child.stride
                fixed = DividedConv2d(
                    child.in_channels, child.out_channels, (rows, columns), (down, right),
                    groups=child.groups, bias=child.bias is not None,
                )  # fmt: skip
                fixed.load_state_dict(child.state_dict())
                setattr(module, name, fixed)
