"""The data of the GLLiM studies: poses of three distributions, and features learned elsewhere.

The paper starts from a network trained for another task. Here that is where eyes, nose and mouth
of rendered people lie, of whom the studies use no other picture; all distributions and methods
share its features. (A network trained for age hardly tells poses apart.)
"""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from safetensors.torch import load_file, save

from edgereg.core.arrays import FloatArray
from edgereg.core.files import replace_file
from edgereg.core.model_spec import Target
from edgereg_training.backbones import build
from edgereg_training.backbones.backbone import Backbone
from edgereg_training.methods.baselines.direct import DirectSettings
from edgereg_training.regression.net import RegressionNet, features_of
from edgereg_training.regression.target import TrainingTarget, Unchanged, target_of
from edgereg_training.render.shards import iter_shards
from edgereg_training.reproduce.context import Context
from edgereg_training.reproduce.image_study import (
    POSE,
    SIZE,
    Budget,
    Heads,
    load_heads,
    problem_on,
    recipe_of,
    train_model,
)

DISTRIBUTIONS = {"biwi": "near-Gaussian", "s2g": "S2G", "ssv": "SSV"}
# Of the network of `image_study.Budget`.
FEATURES = 128
SPLITS = ("train", "val", "test")
LANDMARK_SEED = 11
# Of the 68: outer corners of the eyes, tip of the nose, corners of the mouth.
LANDMARKS = (36, 45, 30, 48, 54)
# Their places in sides of the head's box from its middle; the studies' shifts hardly change them.
PLACES = TrainingTarget(
    name="places",
    label="landmarks",
    values=tuple(
        Target(name=f"{axis}{index}", unit="head", low=-1.0, high=1.0)
        for index in LANDMARKS
        for axis in "xy"
    ),
    geometry=Unchanged(),
)
# The largest share of the training heads that a fit gets, so that seeds differ in their examples.
WHOLE = 3 / 4


@dataclass(frozen=True)
class Size:
    """train, validation, test: heads used of each distribution; biwi: heads rendered of that one
    (as many as other studies render), whose rest the features are learned from; epochs of that;
    seeds: of fits in closed form; deep_seeds: of fine-tuning; steps: gradient steps of that."""

    train: int
    validation: int
    test: int
    biwi: tuple[int, int, int]
    epochs: int
    seeds: int
    deep_seeds: int
    steps: int


FULL = Size(4000, 1000, 2000, (12000, 2000, 3000), 8, 10, 3, 300)
QUICK = Size(1200, 500, 1000, (3000, 500, 1000), 3, 3, 2, 60)


@dataclass(frozen=True)
class Sources:
    """Where a study's data lie, by name in the folder of rendered data: `folders` as
    {distribution: (train, val, test)}, `extractor` the weights of the backbone."""

    folders: dict[str, tuple[str, ...]]
    extractor: str


def size_of(context: Context) -> Size:
    """The study's size."""
    return QUICK if context.quick else FULL


def examples(context: Context) -> int:
    """How many training heads a fit gets."""
    return round(WHOLE * size_of(context).train)


def prepare(context: Context, distributions: tuple[str, ...]) -> Sources:
    """Render what is not there yet, and train the network for landmarks once."""
    size = size_of(context)
    # Building people takes longer than rendering them, and the quick form is for minutes.
    people = 60 if context.quick else 300
    folders = {}
    for distribution in dict.fromkeys(("biwi", *distributions)):
        counts = (size.train, size.validation, size.test)
        counts = size.biwi if distribution == "biwi" else counts
        made = (
            context.heads(count, split, distribution, people=people)
            for count, split in zip(counts, SPLITS, strict=True)
        )
        folders[distribution] = tuple(folder.name for folder in made)
    train, validation, _ = folders["biwi"]
    budget = Budget(epochs=size.epochs)
    name = f"landmarks-{budget.backbone}-e{budget.epochs}-n{size.train}-{train}.safetensors"
    if not (context.data / name).is_file():
        learn_landmarks(context.data, train, validation, size, budget, context.data / name)
    return Sources(folders, name)


def learn_landmarks(
    data: Path, train: str, validation: str, size: Size, budget: Budget, out: Path
) -> None:
    """Train the network for landmarks and keep its backbone."""
    everybody = with_places(data / train)
    known = everybody.identities[: size.train]
    others = everybody.take(np.flatnonzero(~np.isin(everybody.identities, known)))
    check = with_places(data / validation).take(np.arange(size.validation))
    folders = data / train, data / validation
    recipe = recipe_of("pose", {"name": "direct"}, folders, budget, LANDMARK_SEED)
    trained = train_model(problem_on(recipe, others, check, PLACES), recipe)
    replace_file(out, save(trained.net.backbone.state_dict()))


def with_places(folder: Path) -> Heads:
    """Heads with the landmarks' places as targets."""
    places = []
    for shard in iter_shards(folder):
        corners = shard["box"].reshape(-1, 2, 2)
        middle, side = corners.mean(1), np.ptp(corners, axis=1).max(1)
        offset = shard["landmarks"][:, LANDMARKS] - middle[:, None]
        places.append((offset / side[:, None, None]).reshape(len(offset), -1))
    heads = load_heads(folder, "pose")
    targets = np.concatenate(places).astype(np.float32)
    return replace(heads, examples=replace(heads.examples, targets=targets))


def load_backbone(path: Path) -> Backbone:
    """The network that was trained for landmarks, without its output."""
    backbone = build(Budget().backbone, SIZE)
    backbone.load_state_dict(load_file(path))
    return backbone.eval()


def images_of(data: Path, folders: tuple[str, ...], size: Size) -> tuple[Heads, ...]:
    """Poses and crops to train, validate and test on."""
    counts = (size.train, size.validation, size.test)
    return tuple(
        load_heads(data / folder, "pose").take(np.arange(count))
        for folder, count in zip(folders, counts, strict=True)
    )


@dataclass(frozen=True)
class FeatureSet:
    """features float32 [N, D] of the shared network and poses float32 [N, 3] in degrees."""

    features: FloatArray
    poses: FloatArray


def feature_sets(data: Path, sources: Sources, distribution: str, size: Size) -> list[FeatureSet]:
    """Train, validation and test features of a distribution; computed once, then read."""
    folders = sources.folders[distribution]
    path = data / folders[0] / f"features-{size.train}-{sources.extractor}.npz"
    if not path.is_file():
        write_features(data, sources, distribution, size, path)
    with np.load(path) as file:
        return [FeatureSet(file[f"features_{s}"], file[f"poses_{s}"]) for s in SPLITS]


def write_features(data: Path, sources: Sources, distribution: str, size: Size, path: Path) -> None:
    """Compute the features of a distribution and keep them."""
    backbone = load_backbone(data / sources.extractor)
    targets = target_of(POSE, SIZE).values
    net = RegressionNet(backbone, DirectSettings().head(backbone.shape("vector"), targets))
    arrays = {}
    sets = images_of(data, sources.folders[distribution], size)
    for split, images in zip(SPLITS, sets, strict=True):
        arrays[f"features_{split}"] = features_of(net, images.centres).numpy()
        arrays[f"poses_{split}"] = images.targets
    content = io.BytesIO()
    np.savez(content, **arrays)  # type: ignore[arg-type]
    replace_file(path, content.getvalue())
