"""The feature pyramid's trunk: padding that is the same for every picture's size."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from edgereg_training.backbones.timm_models import create, fix_padding
from edgereg_training.detection.objects.backbone import Pyramid
from timm.layers import Conv2dSame


def same_padded(trunk: torch.nn.Module) -> list[str]:
    """The names of the convolutions whose padding is reckoned from the picture's size."""
    return [name for name, module in trunk.named_modules() if isinstance(module, Conv2dSame)]


@pytest.mark.parametrize("sides", [(64, 96), (96, 160), (32, 32)])
def test_fixed_padding_gives_the_maps_of_same_padding(sides: tuple[int, int]) -> None:
    torch.manual_seed(0)
    trunk: Any = create("tf_efficientnet_lite0", False, features_only=True, out_indices=(2, 3, 4))
    trunk.eval().requires_grad_(False)
    assert same_padded(trunk)
    weights = set(trunk.state_dict())
    images = torch.rand(1, 3, *sides)
    expected = trunk(images)
    fix_padding(trunk)
    assert set(trunk.state_dict()) == weights
    for found, whole in zip(trunk(images), expected, strict=True):
        torch.testing.assert_close(found, whole)


def test_a_pyramid_has_no_padding_that_depends_on_the_size() -> None:
    pyramid = Pyramid("tf_efficientnet_lite0", 16, False)
    assert same_padded(pyramid) == []
