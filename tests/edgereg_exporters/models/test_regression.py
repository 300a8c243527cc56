"""What a regression network becomes: energies of each target, and the rule of an ascent."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("onnx")
pytest.importorskip("torch")

from edgereg_exporters.folder.model_card import model_card
from edgereg_exporters.models.regression import exportable_net
from edgereg_training.backbones import parse_backbone
from edgereg_training.loop.recipe import Recipe
from edgereg_training.methods.method import FeatureShape
from edgereg_training.methods.per_target import IndependentHead
from edgereg_training.methods.registry import parse_method
from edgereg_training.regression.net import RegressionNet, build_net
from edgereg_training.regression.problem import problem
from edgereg_training.regression.target import target_of

from edgereg.core.model_spec import ModelSpec, RefinementSettings
from edgereg.models.folder import ModelFolder

BACKBONE: dict[str, Any] = {"name": "edge-xs", "widths": [8], "features": 12}
TARGETS = target_of("headpose", 16).values


def exported(method: dict[str, Any], *, independent: bool = False) -> Any:
    """The Exportable of a new network."""
    settings = parse_method(method)
    backbone = parse_backbone(BACKBONE).build(16)
    if independent:
        net = RegressionNet(backbone, IndependentHead(settings, FeatureShape(12), TARGETS))
    else:
        net = build_net(backbone, settings, TARGETS)
    options = {
        "target": "headpose", "train": ["a"], "validation": ["b"], "size": 16,
        "backbone": BACKBONE, "method": method,
    }  # fmt: skip
    return exportable_net(net, problem(Recipe(problem="regression", epochs=1, options=options)))


@pytest.mark.parametrize(
    "method", [{"name": "ebm"}, {"name": "regcls", "regression": {"name": "ebm"}}]
)
def test_energies_of_each_target_are_not_climbed_and_the_card_says_so(method: Any) -> None:
    made = exported(method, independent=True)
    assert set(made.others) == {"density"}
    assert "before\nrefinement" in made.notes[0]


def test_other_heads_of_each_target_have_nothing_to_note() -> None:
    assert exported({"name": "direct"}, independent=True).notes == ()
    assert exported({"name": "ebm"}).notes == ()


@pytest.mark.parametrize(
    ("rule", "said"),
    [("algorithm-1", "Algorithm 1"), ("algorithm-s1", "Algorithm S1"), ("plain", "none of which")],
)
def test_the_rule_is_in_the_model_and_on_its_card(
    rule: str, said: str, small_model: ModelFolder
) -> None:
    made = exported({"name": "ebm", "refinement": {"rule": rule, "best": True}})
    fields = made.fields["refinement"]
    assert (fields["rule"], fields["best"]) == (rule, True)
    spec: ModelSpec = small_model.spec.model_copy(
        update={"refinement": RefinementSettings(**fields)}
    )
    card = model_card(
        ModelFolder(small_model.path, spec), {"predict": 1, "refine": 1, "density": 1}, [], [], []
    )
    assert said in card
    assert "to the best point of the path" in card
