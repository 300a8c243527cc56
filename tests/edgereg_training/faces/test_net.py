"""The network of faces: calibrated intervals, and one head of it by itself."""

from __future__ import annotations

import numpy as np
import torch
from edgereg_training.backbones import build
from edgereg_training.faces.batches import Crops
from edgereg_training.faces.calibration import calibrate_faces
from edgereg_training.faces.net import FacesNet, log_levels
from edgereg_training.faces.sets import Labels
from edgereg_training.methods.bel.calibration import covered
from edgereg_training.methods.bel.head import BelSettings
from edgereg_training.regression.target import target_of

SIZE = 32
AGES = torch.tensor([[19.5, 29.5]])


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


def test_heads_are_calibrated_on_two_kinds_of_faces() -> None:
    faces = net()
    calibrate_faces(faces, (crops(), crops()))
    assert torch.equal(faces.calibrated("landmarks").temperature, torch.ones(136))
    assert not torch.equal(faces.calibrated("headpose").temperature, torch.ones(3))
    age = faces.calibrated("age")
    assert age.blurred
    features = faces.features(torch.from_numpy(crops().images))
    with torch.no_grad():
        held = covered(*(end[:, 0] for end in age.density(features).interval(0.9)), AGES)
        assert torch.equal(age.value(features), faces.head("age").value(features))
    assert held.mean() > 0.87


def test_the_numbers_of_a_calibrated_head_are_the_networks() -> None:
    faces = net()
    faces.calibrated("age").blur.fill_(5.0)
    assert faces.state_dict()["blur_age"].tolist() == [5.0]


def test_log_levels_are_a_distribution() -> None:
    faces = net()
    features = faces.features(torch.from_numpy(crops(3).images))
    for part in log_levels(faces.head("headpose"), features):
        assert torch.allclose(part.exp().sum(1), torch.ones(3))
