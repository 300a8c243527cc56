"""The bundled recipe says nothing that the problem does not know."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")

import edgereg_training
from edgereg_training.detection.problem import DetectionOptions
from edgereg_training.loop.errors import RecipeError
from edgereg_training.loop.recipe import load_recipe, parse_options


def test_the_bundled_recipe_is_valid() -> None:
    recipe = load_recipe(Path(str(edgereg_training.__file__)).parent / "recipes" / "heads.yaml")
    options = parse_options(DetectionOptions, recipe)
    assert recipe.problem == "detection"
    assert options.runtime.long_side % 32 == 0


def test_imagenets_weights_are_of_the_lite_network_alone() -> None:
    recipe = load_recipe(Path(str(edgereg_training.__file__)).parent / "recipes" / "heads.yaml")
    other = recipe.model_copy(update={"options": {**recipe.options, "network": "dense"}})
    with pytest.raises(RecipeError, match=r"'imagenet' is of 'network: lite' alone"):
        parse_options(DetectionOptions, other)
