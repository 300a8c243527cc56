from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("onnxscript")

import torch
from edgereg_exporters.errors import ExportError
from edgereg_exporters.graphs.predict import export_predict
from edgereg_exporters.models.trial_images import trial_images


class Tiny(torch.nn.Module):  # type: ignore[misc]
    """uint8 images -> their convolved mean, and a feature map at half the size."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Conv2d(3, 4, 3, 2, 1, bias=False), torch.nn.BatchNorm2d(4), torch.nn.ReLU()
        )

    def forward(self, images: Any) -> tuple[Any, Any]:
        features = self.layers(images.float().permute(0, 3, 1, 2) / 255)
        return features.mean((2, 3)), features


class Stubborn(torch.nn.Module):  # type: ignore[misc]
    """Decides by the pictures' content, which no exporter can follow."""

    def forward(self, images: Any) -> Any:
        return images.float() if images.sum() > 3 else -images.float()


@pytest.fixture
def tiny() -> Any:
    torch.manual_seed(0)
    net = Tiny()
    net.layers[1].running_mean.normal_()
    return net.eval()


def outputs(net: Any, images: Any) -> Any:
    with torch.no_grad():
        return [tensor.numpy() for tensor in net(torch.from_numpy(images))]


def test_batch_and_sides_are_free(run: Callable[..., Any], tiny: Any) -> None:
    example = torch.from_numpy(trial_images(1, 16, 24))
    model = export_predict(tiny, example, ("mean", "features"), 8)
    for shape in ((1, 16, 24), (3, 8, 40), (2, 48, 16)):
        images = trial_images(*shape, seed=1)
        found = run_uint8(model, images)
        for have, want in zip(found, outputs(tiny, images), strict=True):
            np.testing.assert_allclose(have, want, atol=1e-5)


def test_fixed_sides_stay_fixed_and_normalisation_is_merged(tiny: Any) -> None:
    example = torch.from_numpy(trial_images(2, 16, 16))
    model = export_predict(tiny, example, ("mean", "features"), None)
    sides = [d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim]
    assert sides[1:] == [16, 16, 3]
    assert sides[0] == 0
    assert [item.name for item in model.graph.output] == ["mean", "features"]
    assert "BatchNormalization" not in {node.op_type for node in model.graph.node}
    assert model.ir_version <= 10
    assert [(item.domain, item.version) for item in model.opset_import] == [("", 18)]


def test_the_file_tells_nothing_of_the_machine_it_was_made_on(tiny: Any) -> None:
    example = torch.from_numpy(trial_images(2, 16, 16))
    content = export_predict(tiny, example, ("mean", "features"), None).SerializeToString()
    assert b"site-packages" not in content
    assert __file__.encode() not in content


def test_a_module_that_cannot_be_traced_is_one_line() -> None:
    example = torch.from_numpy(trial_images(2, 16, 16))
    with pytest.raises(ExportError, match="can't export the predict graph") as caught:
        export_predict(Stubborn(), example, ("images",), None)
    assert "\n" not in str(caught.value)


def run_uint8(model: Any, images: Any) -> Any:
    import onnxruntime as ort

    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"images": images})


def test_trial_images_are_alike_from_a_seed_and_differ_among_each_other() -> None:
    images = trial_images(3, 32, 48)
    assert images.shape == (3, 32, 48, 3)
    np.testing.assert_array_equal(images, trial_images(3, 32, 48))
    assert (images[0] != images[1]).any()
    assert images.std() > 20
