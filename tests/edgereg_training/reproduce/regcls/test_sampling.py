"""The 1-D data are the authors', by value."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from edgereg_training.methods.regcls.classes import equalised_classes, label  # noqa: E402
from edgereg_training.reproduce.regcls.sampling import (  # noqa: E402
    DATA_SEEDS,
    SAMPLINGS,
    Sampling,
    Setting,
    dataset,
    sine_functions,
)


def test_the_ten_functions() -> None:
    found = sine_functions()
    assert [(f.c, f.d) for f in (*found[:3], found[-1])] == [(22, 7), (25, 8), (18, 6), (28, 9)]
    assert [f.a for f in found[:3]] == pytest.approx([0.844422, 0.040484, 0.485928], abs=1e-6)
    assert tuple(np.random.RandomState(0).randint(0, 10_000, 5)) == DATA_SEEDS


@pytest.mark.parametrize(
    ("setting", "sampling", "count", "x0", "y_mean"),
    [
        ("clean", "severe", 21705, 0.1531967591, 0.3616182920),
        ("clean", "uniform", 20138, 0.8837069041, -0.0027013672),
        ("noisy", "uniform", 19096, 0.4209871901, None),
    ],
)
def test_fingerprints(
    setting: Setting, sampling: Sampling, count: int, x0: float, y_mean: float | None
) -> None:
    train = dataset(setting, sampling, 0, 0).train
    assert len(train.x) == len(train.y) == count
    assert train.x[0] == pytest.approx(x0, abs=1e-9)
    if y_mean is not None:
        assert train.y.mean() == pytest.approx(y_mean, abs=1e-9)


def test_the_severe_set_to_the_last_figure_given() -> None:
    train = dataset("clean", "severe", 0, 0).train
    assert train.y[0] == pytest.approx(0.3843502918, abs=1e-9)
    assert train.x.mean() == pytest.approx(-0.0494094858, abs=1e-9)


@pytest.mark.parametrize(
    ("sampling", "made"),
    [("severe", (3, 10, 152)), ("moderate", (5, 18, 283)), ("uniform", (14, 62, 942))],
)
def test_equalised_classes_of_the_papers_data(sampling: Sampling, made: tuple[int, ...]) -> None:
    targets = torch.from_numpy(dataset("clean", sampling, 0, 0).train.y)
    found = [equalised_classes(targets, count) for count in (16, 64, 1024)]
    assert tuple(len(classes.keep) for classes in found) == made
    if sampling == "severe":
        counts = [torch.bincount(label(targets, classes.edges)) for classes in found]
        assert counts[0].tolist() == [1138, 1450, 19117]
        assert (int(counts[1].min()), int(counts[1].max())) == (221, 5244)
        assert (int(counts[2].min()), int(counts[2].max())) == (13, 370)


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_shifted_splits_take_turns(sampling: Sampling) -> None:
    found = dataset("ood", sampling, 3, 1)
    third = np.floor((found.train.x + 1) / (2 / 9)).astype(int) % 3
    # The intervals' right ends reach a little into the next one.
    assert set(np.unique(third)) <= {0, 1}
    assert (third == 0).mean() > 0.6
    for split in (found.train, found.validation, found.test):
        assert np.allclose(split.y, sine_functions()[3](split.x))


def test_noise_is_in_every_split() -> None:
    found = dataset("noisy", "mild", 2, 0, 0.2)
    for split in (found.train, found.validation, found.test):
        assert np.std(split.y - sine_functions()[2](split.x)) == pytest.approx(0.2, abs=0.01)
