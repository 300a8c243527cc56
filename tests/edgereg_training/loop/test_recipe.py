"""Recipes: what is read, and the one line that tells what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from edgereg_training.loop.errors import RecipeError
from edgereg_training.loop.problem import problem_of
from edgereg_training.loop.recipe import Recipe, Strict, load_recipe, parse_options, save_recipe
from edgereg_training.registry import registered


def written(folder: Path, text: str) -> Path:
    path = folder / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_saved_recipe_reads_back_equal(tmp_path: Path) -> None:
    recipe = Recipe(problem="regression", epochs=3, start_from=Path("runs/x"), options={"a": [1]})
    save_recipe(recipe, tmp_path / "r.yaml")
    assert load_recipe(tmp_path / "r.yaml") == recipe


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("problem: x\nepochs: 1\nepoch: 2", r"recipe.yaml: unknown key 'epoch' \(known here: "),
        ("problem: x", r"recipe.yaml: 'epochs': Field required"),
        ("problem: x\nepochs: 0", r"'epochs': Input should be greater than 0"),
        (
            "problem: x\nepochs: 1\noptimiser: {lr: 1}",
            r"unknown key 'optimiser.lr' \(known here: betas, .*weight_decay\)",
        ),
        (
            "problem: x\nepochs: 1\nprecision: fp8",
            r"'precision': Input should be 'fp32', 'bf16' or 'fp16'",
        ),
        (
            "problem: x\nepochs: 1\noptimiser: {milestones: [0.5, 40]}",
            r"'optimiser.milestones': .*shares of the run",
        ),
        ("[1, 2]", r"a recipe is a mapping of keys"),
        ("a: [", r"is not valid YAML"),
        ("[" * 5000, r"nested deeper than 20"),
        ("a: &a [1]\nb: [*a, *a]", r"repeats a part"),
        ("a: " + "9" * 5000, r"a word of 5000 letters"),
        ("a: 2001-99-99", r"is not valid YAML"),
        ("? [a]\n: 1", r"is not valid YAML"),
        ("!!python/object:os.system x", r"is not valid YAML"),
        ("a" * 2**21, r"larger than 1 MiB"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(RecipeError, match=message) as caught:
        load_recipe(written(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"none.yaml: can't read the recipe"):
        load_recipe(tmp_path / "none.yaml")


class Options(Strict):
    """Options of a made-up problem."""

    width: int = 3


def test_options_are_validated_with_their_path() -> None:
    assert parse_options(Options, Recipe(problem="p", epochs=1, options={"width": 4})).width == 4
    with pytest.raises(RecipeError, match=r"recipe of p: unknown key 'options.wide'"):
        parse_options(Options, Recipe(problem="p", epochs=1, options={"wide": 4}))


def test_an_unknown_problem_lists_the_known_ones() -> None:
    with pytest.raises(RecipeError, match=", ".join(sorted(registered("problems")))):
        problem_of(Recipe(problem="nothing", epochs=1))


def test_a_problem_that_trains_on_the_cpu_only() -> None:
    with pytest.raises(RecipeError, match="'detection' trains on 'accelerator: cpu' only"):
        problem_of(Recipe(problem="detection", epochs=1, accelerator="cuda"))


def test_the_former_problem_of_head_pose_says_what_to_write(tmp_path: Path) -> None:
    path = written(tmp_path, "problem: headpose\nepochs: 1\n")
    with pytest.raises(RecipeError, match="'problem: regression' with the option 'target") as info:
        load_recipe(path)
    assert str(path) in str(info.value)
    assert "\n" not in str(info.value)


def test_the_shipped_recipes_are_valid() -> None:
    folder = Path(__file__).parents[3] / "training" / "edgereg_training" / "recipes"
    recipes = [load_recipe(path) for path in folder.glob("*.yaml")]
    assert recipes
    assert {recipe.problem for recipe in recipes} <= set(registered("problems"))
