"""The network of faces: calibrated intervals, and one head of it by itself."""

from __future__ import annotations

import numpy as np
import torch
from edgereg_training.backbones import build
from edgereg_training.faces.batches import Crops
from edgereg_training.faces.calibration import calibrate, covered, temperature
from edgereg_training.faces.net import FacesNet, log_levels
from edgereg_training.faces.sets import Labels
from edgereg_training.methods.bel.head import BelSettings
from edgereg_training.regression.target import target_of

SIZE = 32


def net() -> FacesNet:
    torch.manual_seed(0)
    backbone = build("edge-xs", SIZE)
    shape = backbone.shape("vector")
    heads = {
        name: BelSettings(code="U", levels=41, theta=4).head(shape, target_of(name, SIZE).values)
        for name in ("headpose", "landmarks", "age")
    }
    return FacesNet(backbone, heads).eval()


def crops(count: int = 40) -> Crops:
    rng = np.random.default_rng(0)
    labels = Labels.unknown(count)
    labels.pose[:] = rng.normal(0, 30, (count, 3, 1))
    labels.age[:, 0], labels.age[:, 1] = 19.5, 29.5
    images = rng.integers(0, 256, (count, SIZE, SIZE, 3)).astype(np.uint8)
    return Crops(images, labels)


def test_a_temperature_makes_intervals_hold_their_share() -> None:
    faces, batch = net(), crops(400)
    head = faces.head("headpose")
    with torch.no_grad():
        logits = head.bits(faces.features(torch.from_numpy(batch.images)))
    ends = torch.from_numpy(batch.labels.pose[:, 0])
    found = temperature(head, 0, 6 * logits[0], ends)
    p = torch.softmax(6 * logits[0] @ head.codec.words(0).T / found, -1)
    low, high = head.codec.density((logits[0], *logits[1:])).interval(0.9)
    assert found > 1
    quantiser = head.codec.quantisers[0]
    values = quantiser.low + quantiser.step * torch.arange(p.shape[1])
    assert p.shape[1] == 41
    assert float((p * values).sum(1).abs().mean()) < 100
    assert low.shape == high.shape


def test_unknown_labels_leave_a_temperature_alone() -> None:
    faces = net()
    calibrate(faces, crops())
    assert torch.equal(faces.temperature("landmarks"), torch.ones(136))
    assert not torch.equal(faces.temperature("headpose"), torch.ones(3))


def test_a_temperature_widens_the_density_and_leaves_the_value() -> None:
    faces = net()
    with torch.no_grad():
        features = faces.features(torch.from_numpy(crops(4).images))
        faces.temperature("age").fill_(5.0)
        head, calm = faces.head("age"), faces.calibrated("age")
        assert torch.equal(calm.value(features), head.value(features))
        narrow, wide = head.density(features), calm.density(features)
    uniform = torch.full_like(wide.probabilities[0], 1 / 41)
    assert (wide.probabilities[0] - uniform).abs().max() < 0.5 * (
        narrow.probabilities[0] - uniform
    ).abs().max()


def test_of_an_interval_as_label_a_part_can_be_covered() -> None:
    low, high = torch.tensor([[0.0], [0.0]]), torch.tensor([[5.0], [5.0]])
    exact = torch.tensor([[2.0, 2.0], [7.0, 7.0]])
    assert covered(low, high, exact) == 0.5
    assert covered(low, high, torch.tensor([[0.0, 10.0], [6.0, 8.0]])) == 0.25


def test_log_levels_are_a_distribution() -> None:
    faces = net()
    features = faces.features(torch.from_numpy(crops(3).images))
    for part in log_levels(faces.head("headpose"), features):
        assert torch.allclose(part.exp().sum(1), torch.ones(3))
