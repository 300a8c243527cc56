"""What the training loop asks of a problem: five small members, no base class.

    @dataclass(frozen=True)
    class MyProblem:
        metric = "mae"                        # validation metric to minimise

        def build(self) -> Net                # a new network, initialised from torch's global RNG
        def steps(self) -> int                # batches in an epoch
        def batches(self, epoch, rng)         # iterator of `steps()` batches (any type), made only
                                              # from `epoch` and the numpy generator `rng`
        def loss(self, model, batch, generator)   # {"loss": scalar tensor, other parts to log ...}
        def validate(self, model)             # {"mae": 4.2, ...}, called in eval mode, no gradient

`batches` runs in a background thread; it must not touch torch's global RNG. `loss` draws random
numbers only from `generator` (a CPU torch.Generator). Both generators are functions of the
recipe's seed and the epoch, so a resumed run continues bit for bit.

Recipes find a problem through the hook `edgereg_problems`, which gives its `ProblemKind`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Protocol, TypeVar, runtime_checkable

from edgereg_training.loop.errors import RecipeError, TrainingError
from edgereg_training.registry import find

if TYPE_CHECKING:
    import numpy as np
    import torch
    from torch import nn

    from edgereg_training.facts import TaskFacts
    from edgereg_training.loop.recipe import Recipe

Net = TypeVar("Net", bound="nn.Module")
Batch = TypeVar("Batch")


class Problem(Protocol[Net, Batch]):
    """A model, its data and its loss; see the module's docstring."""

    @property
    def metric(self) -> str:
        """Name of the validation metric that decides which epoch is best; lower is better."""
        ...

    def build(self) -> Net:
        """A new network."""
        ...

    def steps(self) -> int:
        """Number of batches of an epoch, > 0."""
        ...

    def batches(self, epoch: int, rng: np.random.Generator) -> Iterator[Batch]:
        """The batches of one epoch (epochs count from 0)."""
        ...

    def loss(self, model: Net, batch: Batch, generator: torch.Generator) -> dict[str, torch.Tensor]:
        """Scalars by name; 'loss' is minimised, all are logged as their mean over the epoch."""
        ...

    def validate(self, model: Net) -> dict[str, float]:
        """Metrics on the validation set; must hold `metric`."""
        ...


@runtime_checkable
class StartsFromModel(Protocol):
    """What a problem may have besides: `start_from` in its recipes can name a model folder then."""

    def read_back(self, model: nn.Module, folder: Path) -> None:
        """The folder's weights into a new network; TrainingError where they are of another."""
        ...


def whole_batches(count: int, batch_size: int, what: str) -> int:
    """Batches of an epoch of `count` examples; TrainingError where they don't fill one.

    what: the examples' name in the plural, for the error.
    """
    if count < batch_size:
        raise TrainingError(
            f"{count} {what} an epoch are less than one batch of {batch_size}: lower batch_size or "
            "give more data"
        )
    return count // batch_size


@dataclass(frozen=True)
class ProblemKind:
    """A problem as recipes name it.

    make: import path `module:name` of a function `(Recipe) -> Problem`, which parses its own keys
    with `recipe.parse_options`; facts: of the task that its models do, where that is no training
    target's; cpu_only: whether its batches stay on the CPU; with_data: import path of a function
    `(Recipe, folders) -> Recipe` that puts data of the user's into a recipe, with what follows
    from them (classes, units), None where a recipe must name its data.
    """

    make: str
    facts: TaskFacts | None = None
    cpu_only: bool = False
    with_data: str | None = None


def problem_of(recipe: Recipe) -> Problem[nn.Module, object]:
    """The recipe's problem with its options; raises RecipeError where it does not exist."""
    kind: ProblemKind = find("problems", recipe.problem)
    if kind.cpu_only and recipe.accelerator != "cpu":
        raise RecipeError(f"problem '{recipe.problem}' trains on 'accelerator: cpu' only")
    made: Problem[nn.Module, object] = resolve_name(kind.make)(recipe)
    return made


def recipe_on(recipe: Recipe, folders: Sequence[Path]) -> Recipe:
    """The recipe with data of the user's in place of its own.

    Raises RecipeError where its problem takes none, TrainingError where they can't be read.
    """
    kind: ProblemKind = find("problems", recipe.problem)
    if kind.with_data is None:
        raise RecipeError(
            f"recipes of problem '{recipe.problem}' name their data themselves: copy the recipe "
            "and change its options, without --data"
        )
    given: Recipe = resolve_name(kind.with_data)(recipe, folders)
    return given
