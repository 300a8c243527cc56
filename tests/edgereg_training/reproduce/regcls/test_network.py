"""The compiled trainer against torch, and one cell of the 1-D study."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("numba")

from edgereg_training.methods.regcls.classes import classification_loss  # noqa: E402
from edgereg_training.reproduce.regcls.fits import compute_pairs, pair_key  # noqa: E402
from edgereg_training.reproduce.regcls.network import (  # noqa: E402
    Network,
    Protocol,
    batch_mean_mse,
    new_network,
    predict,
    train_network,
)

functional = torch.nn.functional


def torch_parts(network: Network) -> list[torch.Tensor]:
    body = network.body
    shapes = ((0, (6, 1)), (6, (6,)), (12, (15, 6)), (102, (15,)), (117, (1, 15)), (132, (1,)))
    parts = [body[start : start + int(np.prod(s))].reshape(s) for start, s in shapes]
    return [
        torch.tensor(part, dtype=torch.float64, requires_grad=True)
        for part in (*parts, network.head)
    ]


def torch_outputs(parts: list[torch.Tensor], x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    hidden = torch.relu(functional.linear(x[:, None], parts[0], parts[1]))
    features = torch.relu(functional.linear(hidden, parts[2], parts[3]))
    regressed = functional.linear(features, parts[4], parts[5])[:, 0]
    return regressed, features @ parts[6][:15] + parts[6][15]


def train_with_torch(
    network: Network, x: Any, y: Any, labels: Any, keep: Any, protocol: Protocol, seed: int
) -> list[torch.Tensor]:
    """The protocol, spelled out in float64 with torch's own Adam and cross-entropy."""
    parts, rng = torch_parts(network), np.random.default_rng(seed)
    adam = torch.optim.Adam(parts, protocol.learning_rate, weight_decay=protocol.decay)
    steps = len(x) // protocol.batch
    for _ in range(protocol.epochs):
        order = rng.permutation(len(x))[: steps * protocol.batch]
        seen = labels[order]
        if (keep < 1).any():
            seen = np.where(rng.random(len(seen)) < keep[seen], seen, -1)
        for chosen, those in zip(np.split(order, steps), np.split(seen, steps), strict=True):
            output, logits = torch_outputs(parts, torch.from_numpy(x[chosen]))
            loss = protocol.weight * (output - torch.from_numpy(y[chosen])).square().mean()
            if logits.shape[1]:
                loss = loss + classification_loss(logits, torch.from_numpy(those))
            adam.zero_grad()
            loss.backward()
            adam.step()
    return parts


# The last one ignores whole batches.
@pytest.mark.parametrize(("classes", "keep"), [(0, 1.0), (5, 1.0), (64, 0.3), (5, 0.0)])
def test_training_is_torchs(classes: int, keep: float) -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, 1000)
    y = np.sin(9 * x)
    labels = rng.integers(0, max(classes, 1), 1000)
    keeps = np.full(classes, keep)
    protocol = Protocol(1e-2, 100.0, epochs=4)
    network = new_network(classes, np.random.default_rng(1))
    parts = train_with_torch(network, x, y, labels, keeps, protocol, 2)
    train_network(network, x, y, labels, keeps, protocol, np.random.default_rng(2))
    body = np.concatenate([part.detach().numpy().ravel() for part in parts[:6]])
    assert np.allclose(network.body, body, atol=2e-5)
    assert np.allclose(network.head, parts[6].detach().numpy(), atol=2e-5)
    output, _ = torch_outputs(torch_parts(network), torch.from_numpy(x))
    assert np.allclose(predict(network, x), output.detach().numpy(), atol=1e-6)


def test_new_networks_are_xavier_uniform() -> None:
    network = new_network(1024, np.random.default_rng(0))
    bound = np.sqrt(6 / (15 + 1024))
    assert not network.head[15].any()
    assert 0.99 * bound < np.abs(network.head[:15]).max() <= bound
    assert not network.body[102:117].any()


def test_the_error_is_the_mean_of_batch_means() -> None:
    network = Network(np.zeros(133, np.float32), np.zeros((16, 0), np.float32))
    y = np.array([1.0, 1.0, 3.0])
    assert batch_mean_mse(network, np.zeros(3), y, batch=2) == pytest.approx((1 + 9) / 2)


def test_a_cell_has_every_arm_and_can_be_repeated() -> None:
    key = pair_key("clean", "severe", 6, 0, (4, 16), balanced=True) | {"epochs": 3}
    found = compute_pairs(key)
    assert [pair["classes"] for pair in found["pairs"]] == [4, 16]
    assert all(pair["made"] <= pair["classes"] for pair in found["pairs"])
    for pair in found["pairs"]:
        errors = [pair[split][arm] for split in ("test", "validation") for arm in pair["test"]]
        assert set(pair["test"]) == {"reg", "weighted", "regcls"}
        assert len(set(errors)) == 6
        assert all(0 < error < 10 for error in errors)
    assert compute_pairs(key) == found
