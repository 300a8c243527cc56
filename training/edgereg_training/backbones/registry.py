"""The built-in backbones by the names that recipes use, and the settings of any backbone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from edgereg_training.loop.recipe import parse_named
from edgereg_training.registry import find

if TYPE_CHECKING:
    from edgereg_training.backbones.backbone import Backbone, BackboneSettings

_HERE = "edgereg_training.backbones"
BACKBONES: dict[str, object] = {
    "edge-xs": f"{_HERE}.edge:EdgeXsSettings",
    "edge-s": f"{_HERE}.edge:EdgeSSettings",
    "edge-m": f"{_HERE}.edge:EdgeMSettings",
    "efficientnet-lite0": f"{_HERE}.efficientnet_lite:Lite0Settings",
    "hrnetv2-w18-coordinate": f"{_HERE}.hrnet:HrnetSettings",
    "pilotnet": f"{_HERE}.pilotnet:PilotNetSettings",
    "rafa-net": f"{_HERE}.rafanet:RafaNetSettings",
    # Any model of timm is a backbone: 'timm/resnet50'.
    "timm/*": f"{_HERE}.timm_models:TimmSettings",
}


def parse_backbone(options: Mapping[str, Any]) -> BackboneSettings:
    """The settings of a mapping with the key `name`; RecipeError names the first wrong key."""
    settings = find("backbones", str(options.get("name")))
    made: BackboneSettings = parse_named("backbone", settings, options)
    return made


def build(name: str, size: int, **options: Any) -> Backbone:
    """A new backbone for images of side `size` px.

    Raises RecipeError for an unknown name or option, BackboneError where it can't be built.
    """
    return parse_backbone({"name": name, **options}).build(size)
