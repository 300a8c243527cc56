"""The built-in methods by the names that recipes use, and the settings of any method."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from edgereg_training.loop.recipe import parse_named
from edgereg_training.registry import find

if TYPE_CHECKING:
    from edgereg_training.methods.method import MethodSettings

METHODS: dict[str, object] = {
    "direct": "edgereg_training.methods.baselines.direct:DirectSettings",
    "gaussian": "edgereg_training.methods.baselines.gaussian:GaussianSettings",
    "laplace": "edgereg_training.methods.baselines.laplace:LaplaceSettings",
    "mixture": "edgereg_training.methods.baselines.mixture:MixtureSettings",
    "cvae": "edgereg_training.methods.baselines.cvae:CvaeSettings",
    "softmax": "edgereg_training.methods.baselines.softmax:SoftmaxSettings",
    "multiclass": "edgereg_training.methods.baselines.multiclass:MulticlassSettings",
    "hopenet": "edgereg_training.methods.baselines.hopenet:HopenetSettings",
    "or-cnn": "edgereg_training.methods.baselines.ordinal:OrdinalSettings",
    "coral": "edgereg_training.methods.baselines.ordinal:OrdinalSettings",
    "heatmap": "edgereg_training.methods.baselines.heatmap:HeatmapSettings",
    "ebm": "edgereg_training.methods.ebm.head:EnergySettings",
    "regcls": "edgereg_training.methods.regcls.head:RegClsSettings",
    "gllim": "edgereg_training.methods.gllim.head:GllimSettings",
    "bel": "edgereg_training.methods.bel.head:BelSettings",
    "bel-coordinate": "edgereg_training.methods.bel.head:BelSettings",
    "bel-h": "edgereg_training.methods.bel.heatmaps:BelHeatmapSettings",
}


def parse_method(options: Mapping[str, Any]) -> MethodSettings:
    """The settings of a mapping with the key `name`; RecipeError names the first wrong key."""
    settings = find("methods", str(options.get("name")))
    made: MethodSettings = parse_named("method", settings, options)
    return made
