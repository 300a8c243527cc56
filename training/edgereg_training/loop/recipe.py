"""Recipes: one YAML file says everything about a training run, and is validated before it starts.

    problem: regression          # found by the hook `edgereg_problems`
    seed: 1
    epochs: 40
    batch_size: 128
    optimiser: {learning_rate: 2.0e-3, weight_decay: 0.02, warmup_steps: 500}
    options: {...}               # the problem's own keys, validated by the problem

An unknown key or a value out of range raises RecipeError, one line naming the file and the key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import ErrorDetails

from edgereg.core.errors import one_line
from edgereg.core.files import replace_file
from edgereg.core.json_files import read_text
from edgereg_training.loop.errors import RecipeError

MOST_BYTES, MOST_NESTED, MOST_LETTERS = 2**20, 20, 4000
Options = TypeVar("Options", bound=BaseModel)


class Strict(BaseModel):
    """Frozen, and refuses unknown keys: the base of every part of a recipe."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


class OptimiserSettings(Strict):
    """An optimiser and its learning rate over the run, after a linear warm-up.

    name: 'adamw' decays weights apart from the gradient, 'adam' and 'sgd' through it (L2); biases,
    norms and other vectors are not decayed unless `decay_vectors`. momentum: of 'sgd' and
    'rmsprop'; nesterov: of 'sgd'; smoothing: of 'rmsprop' (its alpha).
    rates: factors of the learning rate by part of the network, say {backbone: 0.1}.
    schedule: 'cosine' falls to `final_fraction` of `learning_rate`, 'step' multiplies it by
    `decay` at each of `milestones` (shares of the run, 0..1), 'constant' keeps it.
    gradient_clip: largest norm of all gradients together.
    """

    name: Literal["adam", "adamw", "sgd", "rmsprop"] = "adamw"
    learning_rate: float = Field(default=1e-3, gt=0)
    weight_decay: float = Field(default=0.01, ge=0)
    decay_vectors: bool = False
    betas: tuple[float, float] = (0.9, 0.999)
    momentum: float = Field(default=0.9, ge=0, lt=1)
    nesterov: bool = False
    smoothing: float = Field(default=0.99, gt=0, lt=1)
    rates: dict[str, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)
    schedule: Literal["constant", "step", "cosine"] = "cosine"
    milestones: tuple[float, ...] = ()
    decay: float = Field(default=0.1, gt=0, le=1)
    warmup_steps: int = Field(default=200, ge=0)
    final_fraction: float = Field(default=0.01, ge=0, le=1)
    gradient_clip: float | None = Field(default=None, gt=0)

    @field_validator("milestones")
    @classmethod
    def _shares(cls, milestones: tuple[float, ...]) -> tuple[float, ...]:
        if any(not 0 < share < 1 for share in milestones):
            raise ValueError("milestones are shares of the run, between 0 and 1")
        return milestones


class Recipe(Strict):
    """A whole training run.

    ema: decay of the moving average of the weights that is validated and kept; None: no average.
    precision: 'bf16' computes the network under autocast (on a CPU about twice as fast where the
    processor has AVX512-BF16 or AMX), 'fp16' too, with scaled gradients, on a GPU only. Memory is
    channels_last either way.
    accelerator, devices: where it runs; several devices share each batch (DDP).
    patience: stop after this many epochs without a better validation metric; None: never.
    start_from: training or checkpoint folder whose weights the run starts with (fine-tuning); for
    faces and detection also a model folder.
    frozen: parts of the network that are not trained, say [backbone.trunk.0, 'backbone.*.bn?'].
    threads: PyTorch threads of each process; None leaves its default.
    """

    problem: str
    seed: int = Field(default=1, ge=0, lt=2**31)
    epochs: int = Field(gt=0)
    batch_size: int = Field(default=64, gt=0)
    optimiser: OptimiserSettings = OptimiserSettings()
    ema: float | None = Field(default=None, gt=0, lt=1)
    precision: Literal["fp32", "bf16", "fp16"] = "fp32"
    accelerator: Literal["cpu", "cuda", "auto"] = "cpu"
    devices: int = Field(default=1, gt=0)
    patience: int | None = Field(default=None, gt=0)
    start_from: Path | None = None
    frozen: tuple[str, ...] = ()
    threads: int | None = Field(default=None, gt=0)
    options: dict[str, Any] = Field(default_factory=dict)

    @field_validator("problem")
    @classmethod
    def _not_a_former_one(cls, problem: str) -> str:
        if problem == "headpose":
            raise ValueError(
                "head pose is 'problem: regression' with the option 'target: headpose' now, see "
                "the recipe headpose.yaml that comes with edgereg"
            )
        return problem


def load_recipe(path: Path) -> Recipe:
    """The recipe of a YAML file; raises RecipeError naming the file and the first wrong key."""
    try:
        content = bounded_yaml(read_text(path, MOST_BYTES))
    except OSError as error:
        raise RecipeError(f"{path}: can't read the recipe ({error})") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise RecipeError(f"{path}: is not valid YAML ({one_line(error)})") from error
    if not isinstance(content, dict):
        raise RecipeError(f"{path}: a recipe is a mapping of keys, see docs/training.md")
    return _validated(Recipe, content, str(path), "")


def bounded_yaml(text: str) -> Any:
    """What a YAML text holds. Raises YAMLError, and ValueError where it nests too deeply, repeats
    parts of itself, or has a number of too many digits."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MOST_NESTED:
            raise ValueError(f"it is nested deeper than {MOST_NESTED}")
        if isinstance(event, yaml.AliasEvent):
            raise ValueError("it repeats a part by '*'; write it out")
        if isinstance(event, yaml.ScalarEvent) and len(event.value) > MOST_LETTERS:
            raise ValueError(f"it has a word of {len(event.value)} letters")
    return yaml.safe_load(text)


def parse_options(options_class: type[Options], recipe: Recipe) -> Options:
    """The problem's own options; raises RecipeError naming the problem and the first wrong key."""
    return _validated(options_class, recipe.options, f"recipe of {recipe.problem}", "options.")


def with_options(recipe: Recipe, **given: object) -> Recipe:
    """The recipe with these options in place of its own."""
    return recipe.model_copy(update={"options": {**recipe.options, **given}})


def with_folders(recipe: Recipe, folders: Sequence[Path]) -> Recipe:
    """The recipe for other folders of data, of which it says nothing but their names."""
    return with_options(recipe, data=[str(folder) for folder in folders], training_data="")


def parse_named(what: str, settings: type[Options], options: Mapping[str, Any]) -> Options:
    """The settings of a part with the key `name`, say a method; RecipeError names the first wrong
    key and `what` it is of."""
    try:
        return settings.model_validate(dict(options))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise RecipeError(f"{what} '{options['name']}': '{key}': {_said(first)}") from error


def save_recipe(recipe: Recipe, path: Path) -> None:
    """Write the recipe as YAML, defaults included, so that it can be read by `load_recipe`."""
    text = yaml.safe_dump(recipe.model_dump(mode="json"), sort_keys=False)
    replace_file(path, text.encode())


def _validated(model: type[Options], content: dict[str, Any], where: str, prefix: str) -> Options:
    try:
        return model.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        key = prefix + ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            known = ", ".join(sorted(owner(model, first["loc"]).model_fields))
            raise RecipeError(f"{where}: unknown key '{key}' (known here: {known})") from error
        raise RecipeError(f"{where}: '{key}': {_said(first)}") from error


def _said(error: ErrorDetails) -> str:
    """pydantic's message, without what it puts before a validator's own words."""
    return error["msg"].removeprefix("Value error, ")


def owner(model: type[BaseModel], location: tuple[int | str, ...]) -> type[BaseModel]:
    """The part of a recipe that the last key of `location` was given to."""
    for key in location[:-1]:
        inner = model.model_fields[str(key)].annotation if key in model.model_fields else None
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            break
        model = inner
    return model
