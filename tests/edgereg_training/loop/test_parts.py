"""The small parts of the loop: schedule, moving average, prefetching, log, bootstrap."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from edgereg_training.loop.bootstrap import figure, mean_figure  # noqa: E402
from edgereg_training.loop.errors import RecipeError  # noqa: E402
from edgereg_training.loop.log import append_log, cut_log, read_log  # noqa: E402
from edgereg_training.loop.optimiser import (  # noqa: E402
    freeze,
    learning_rate,
    make_optimiser,
    train_mode,
)
from edgereg_training.loop.prefetch import prefetch  # noqa: E402
from edgereg_training.loop.recipe import OptimiserSettings  # noqa: E402
from edgereg_training.loop.weights import copy_weights, update_average  # noqa: E402


def test_schedule_warms_up_and_falls_to_its_final_fraction() -> None:
    settings = OptimiserSettings(learning_rate=1.0, warmup_steps=10, final_fraction=0.1)
    rates = [learning_rate(settings, step, 110) for step in range(111)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[10] == max(rates) == pytest.approx(1.0)
    assert rates[60] == pytest.approx(0.55)
    assert rates[110] == pytest.approx(0.1)


def test_schedule_in_steps_and_constant() -> None:
    steps = OptimiserSettings(
        learning_rate=1.0, warmup_steps=2, schedule="step", milestones=(0.5, 0.75), decay=0.1
    )
    rates = [learning_rate(steps, step, 100) for step in (0, 2, 49, 50, 74, 75)]
    assert rates == pytest.approx([0.5, 1, 1, 0.1, 0.1, 0.01])
    constant = OptimiserSettings(learning_rate=0.3, warmup_steps=0, schedule="constant")
    assert {learning_rate(constant, step, 100) for step in range(100)} == {0.3}


@pytest.mark.parametrize("name", ["adam", "adamw", "sgd"])
def test_vectors_are_decayed_only_where_the_recipe_says_so(name: str) -> None:
    for decayed in (False, True):
        settings = OptimiserSettings(name=name, weight_decay=0.5, decay_vectors=decayed)
        optimiser = make_optimiser(torch.nn.Linear(2, 2), settings)
        assert [g["weight_decay"] for g in optimiser.param_groups] == [0.5, 0.5 * decayed]
        assert type(optimiser).__name__.lower() == name


def test_average_follows_weights_and_copies_counters() -> None:
    weights = {"w": torch.zeros(2), "n": torch.tensor(0)}
    average = copy_weights(weights)
    weights["w"] += 1
    weights["n"] += 7
    update_average(average, weights, 0.9, step=1000)
    assert average["w"].tolist() == pytest.approx([0.1, 0.1])
    assert average["n"].item() == 7
    update_average(average, weights, 0.999, step=0)
    assert average["w"][0] > 0.9


def test_prefetch_keeps_order_and_raises_the_producer_s_error() -> None:
    def numbers() -> Iterator[int]:
        yield from range(5)
        raise ValueError("no more")

    items = prefetch(numbers())
    seen = [next(items) for _ in range(5)]
    with pytest.raises(ValueError, match="no more"):
        next(items)
    assert seen == list(range(5))


def test_prefetch_ends_its_thread_when_closed() -> None:
    before = threading.active_count()
    items = prefetch(iter(range(10**9)))
    next(items)
    items.close()
    assert threading.active_count() == before


def test_log_skips_a_cut_off_line_and_can_be_cut(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    for epoch in (1, 2, 3):
        append_log(path, {"epoch": epoch, "loss": 1 / 3})
    with path.open("a", encoding="utf-8") as file:
        file.write('{"epoch": 4, "lo')
    assert [line["epoch"] for line in read_log(path)] == [1, 2, 3]
    assert read_log(path)[0]["loss"] == 0.333333
    cut_log(path, 2)
    assert [line["epoch"] for line in read_log(path)] == [1, 2]


def test_bootstrap_interval_of_a_mean() -> None:
    values = np.random.default_rng(1).normal(5, 2, 400)
    found = mean_figure("x", values, "px")
    assert found.value == pytest.approx(values.mean())
    assert found.high - found.low == pytest.approx(2 * 1.96 * 2 / 20, rel=0.15)


def test_bootstrap_resamples_alike_so_that_differences_pair() -> None:
    values = np.arange(50.0)
    drawn: list[list[int]] = [[], []]
    for store in drawn:
        figure("x", 50, lambda chosen, s=store: s.append(chosen.sum()) or 0.0, resamples=3)
    assert drawn[0] == drawn[1]
    shifted = mean_figure("d", (values + 1) - values)
    assert (shifted.low, shifted.high) == (1.0, 1.0)


def test_bootstrap_of_nothing() -> None:
    with pytest.raises(ValueError, match="no examples"):
        mean_figure("x", np.zeros(0))


def two_parts() -> Any:
    return torch.nn.ModuleDict(
        {
            "backbone": torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4)),
            "head": torch.nn.Linear(4, 2),
        }
    )


def test_rates_by_part_scale_their_parameters_only() -> None:
    net = two_parts()
    rates = {"backbone": 0.1, "backbone.1": 0.5}
    optimiser = make_optimiser(net, OptimiserSettings(name="rmsprop", rates=rates))
    assert isinstance(optimiser, torch.optim.RMSprop)
    scales = {id(p): group["scale"] for group in optimiser.param_groups for p in group["params"]}
    found = {name: scales[id(p)] for name, p in net.named_parameters()}
    assert found["backbone.0.weight"] == found["backbone.0.bias"] == 0.1
    assert found["backbone.1.weight"] == 0.5
    assert found["head.weight"] == 1.0
    with pytest.raises(RecipeError, match="trains no part 'neck'"):
        make_optimiser(net, OptimiserSettings(rates={"neck": 2.0}))


def test_a_pattern_freezes_every_part_that_it_names() -> None:
    net = two_parts()
    freeze(net, ("*.1",))
    assert [name for name, p in net.named_parameters() if not p.requires_grad] == [
        "backbone.1.weight", "backbone.1.bias"
    ]  # fmt: skip
    train_mode(net, ("*.1",))
    assert not net["backbone"][1].training
    assert net["backbone"][0].training


def test_frozen_parts_and_their_statistics_stay() -> None:
    net = two_parts()
    freeze(net, ("backbone",))
    assert [name for name, p in net.named_parameters() if p.requires_grad] == [
        "head.weight", "head.bias"
    ]  # fmt: skip
    train_mode(net, ("backbone",))
    before = net["backbone"][1].running_mean.clone()
    net["backbone"](torch.randn(8, 3))
    assert torch.equal(net["backbone"][1].running_mean, before)
    assert net["head"].training
    with pytest.raises(RecipeError, match="no part 'neck'"):
        freeze(net, ("neck",))
