"""Operators that are written with others: the same numbers, and graphs that TensorRT takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("onnxscript")
pytest.importorskip("onnxruntime")

import torch
from edgereg_exporters.folder.tensorrt_rules import refusals
from edgereg_exporters.graphs.decompositions import diagonal, logsumexp
from edgereg_exporters.graphs.traced import Signature, trace
from torch.export import Dim


@pytest.mark.parametrize(("dim1", "dim2"), [(-2, -1), (1, 2), (0, 1)])
def test_diagonal(dim1: int, dim2: int) -> None:
    matrix = torch.randn(3, 3, 3)
    matrix[0, 1, 0] = torch.inf
    wanted = torch.diagonal(matrix, 0, dim1, dim2)
    assert torch.equal(diagonal(matrix, 0, dim1, dim2), wanted)


@pytest.mark.parametrize(("shape", "offset"), [((4, 3, 3), 1), ((4, 3, 2), 0)])
def test_other_diagonals_are_left_to_torch(shape: tuple[int, ...], offset: int) -> None:
    assert diagonal(torch.zeros(shape), offset, 1, 2) is NotImplemented


@pytest.mark.parametrize("keepdim", [False, True])
@pytest.mark.parametrize("dim", [[1], [-1], [0, 2]])
def test_logsumexp(dim: list[int], keepdim: bool) -> None:
    values = 100 * torch.randn(4, 5, 6) - 500
    values[:, 2, :] = -torch.inf
    wanted = torch.logsumexp(values, dim, keepdim)
    torch.testing.assert_close(logsumexp(values, dim, keepdim), wanted)
    torch.testing.assert_close(
        logsumexp(torch.full((2, 3), -torch.inf), [1]), torch.full((2,), -torch.inf)
    )


class Normal(torch.nn.Module):  # type: ignore[misc]
    """The log-density of a Gaussian with a Cholesky factor, mixed with a wide one."""

    def forward(self, points: Any) -> Any:
        factor = torch.eye(3) + 0.1 * torch.ones(3, 3).tril() * points.mean().tanh()
        white = torch.linalg.solve_triangular(factor, points[..., None], upper=False)[..., 0]
        narrow = -0.5 * white.square().sum(-1) - factor.diagonal(dim1=-2, dim2=-1).log().sum()
        return torch.logsumexp(torch.stack([narrow, narrow - 300], -1), -1)


def test_a_density_far_from_its_mode(run: Callable[..., Any]) -> None:
    """Computed as TensorRT computes: without an operator that keeps sums of exponentials finite."""
    points = torch.randn(7, 3, generator=torch.Generator().manual_seed(0)) * 30
    signature = Signature(("points",), ("density",), ({0: Dim("N")},))
    model = trace(Normal(), (points,), signature, "density")
    used = {node.op_type for node in model.graph.node}
    assert not used & {"EyeLike", "Trilu", "ReduceLogSumExp"}
    assert refusals(model) == []
    with torch.no_grad():
        wanted = Normal()(points).numpy()
    assert wanted.min() < -200
    np.testing.assert_allclose(run(model, points=points.numpy())["density"], wanted, rtol=1e-4)
