"""The 1-D study's unit of work: one training set, every number of classes, three arms.

The arms of a pair are trained on the same data, with initial weights and batches of their own:

    reg        MSE
    weighted   weight * MSE, which weakens the fixed weight decay as reg+cls does, without classes
    regcls     weight * MSE + CE
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from edgereg_training.methods.regcls.classes import (
    Classes,
    equalised_classes,
    label,
    uniform_classes,
)
from edgereg_training.reproduce.regcls.network import (
    Network,
    Protocol,
    batch_mean_mse,
    new_network,
    train_network,
)
from edgereg_training.reproduce.regcls.sampling import (
    NOISE,
    Sampling,
    Setting,
    Split,
    dataset,
)

ARMS = ("reg", "weighted", "regcls")
TRAIN_SEEDS = (0, 421, 8125, 2481, 849)
CLASSES = (4, 16, 64, 256, 1024)
LEARNING_RATE: dict[str, float] = {"clean": 1e-3, "noisy": 1e-2, "ood": 1e-4}
WEIGHT: dict[str, float] = {"clean": 1e2, "noisy": 1e3, "ood": 1e4}


def pair_key(
    setting: Setting,
    sampling: Sampling,
    function: int,
    index: int,
    classes: tuple[int, ...] = CLASSES,
    weight: float | None = None,
    noise: float = NOISE,
    balanced: bool = False,
    arms: tuple[str, ...] = ARMS,
) -> dict[str, Any]:
    """The key of a cell; weight None: the paper's for the setting."""
    return {
        "setting": setting,
        "sampling": sampling,
        "function": function,
        "index": index,
        "classes": list(classes),
        "weight": WEIGHT[setting] if weight is None else weight,
        "noise": noise if setting == "noisy" else 0.0,
        "balanced": balanced,
        "arms": list(arms),
        "learning_rate": LEARNING_RATE[setting],
        "epochs": Protocol(1.0).epochs,
    }


def compute_pairs(key: dict[str, Any]) -> dict[str, Any]:
    """Mean squared errors on the uniform sampling's test split, and on its validation split.

    {"pairs": [{"classes": 64, "made": 10, "test": {arm: MSE}, "validation": {arm: MSE}}, ...]}
    """
    function, index, noise = key["function"], key["index"], key["noise"]
    train = dataset(key["setting"], key["sampling"], function, index, noise).train
    uniform = dataset(key["setting"], "uniform", function, index, noise)
    pairs = []
    for wanted in key["classes"]:
        if key["balanced"]:
            classes = equalised_classes(torch.from_numpy(train.y), wanted)
        else:
            classes = uniform_classes(float(train.y.min()), float(train.y.max()), wanted)
        pair: dict[str, Any] = {"classes": wanted, "made": len(classes.keep)}
        pair |= {"test": {}, "validation": {}}
        for arm in key["arms"]:
            network = trained(arm, train, classes, key, wanted)
            pair["test"][arm] = batch_mean_mse(network, uniform.test.x, uniform.test.y)
            held_out = uniform.validation
            pair["validation"][arm] = batch_mean_mse(network, held_out.x, held_out.y)
        pairs.append(pair)
    return {"pairs": pairs}


def trained(arm: str, train: Split, classes: Classes, key: dict[str, Any], wanted: int) -> Network:
    """The network of a cell, trained."""
    words = (TRAIN_SEEDS[key["index"]], key["function"], wanted, ARMS.index(arm))
    rng = np.random.default_rng(words)
    weight = 1.0 if arm == "reg" else key["weight"]
    protocol = Protocol(key["learning_rate"], weight, epochs=key["epochs"])
    count = len(classes.keep) if arm == "regcls" else 0
    network = new_network(count, rng)
    labels = label(torch.from_numpy(train.y), classes.edges).numpy()
    keep = classes.keep.numpy()[:count]
    train_network(network, train.x, train.y, labels, keep, protocol, rng)
    return network
