"""Density curves: slices of a Gaussian whose form is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("onnxruntime")

from edgereg.core.errors import EngineError
from edgereg.core.kinds import Boxes, Kinds, Points, scalar
from edgereg.core.predictions import Predictions
from edgereg.core.result import FrameResult
from edgereg.density import density_curves
from edgereg.engines.onnx import OnnxEngine
from edgereg.models.folder import ModelFolder


@pytest.fixture
def model(tiny_model: Callable[..., ModelFolder]) -> ModelFolder:
    return tiny_model("colour")


@pytest.fixture
def engine(model: ModelFolder) -> OnnxEngine:
    return OnnxEngine(model.graph_path("density"), threads=1)


@pytest.fixture
def found(result: Callable[..., FrameResult]) -> Predictions:
    features = np.array([[10, 20, 30], [40, 50, 60]], np.float32)
    return replace(result(count=2).predictions["colour"], features={"features": features})


def test_slices_of_a_gaussian(model: ModelFolder, engine: OnnxEngine, found: Predictions) -> None:
    curves = density_curves(engine, model.spec, found, 1, points=1021)
    assert [curve.name for curve in curves] == ["red", "green", "blue"]
    for curve, centre in zip(curves, (40, 50, 60), strict=True):
        expected = np.exp(-((curve.x - centre) ** 2) / 2) / np.sqrt(2 * np.pi)
        assert np.allclose(curve.density, expected, atol=1e-3)


def test_initial_and_final_values(
    model: ModelFolder, engine: OnnxEngine, found: Predictions
) -> None:
    red, green, _ = density_curves(engine, model.spec, found, 0)
    assert red.initial == 1
    assert red.final == pytest.approx(10.1)
    assert green.unit == "grey"
    unrefined = density_curves(engine, model.spec, replace(found, refinement=None), 0)
    assert unrefined[0].initial is None


def test_missing_features(model: ModelFolder, engine: OnnxEngine, found: Predictions) -> None:
    with pytest.raises(EngineError, match="gave no 'features'"):
        density_curves(engine, model.spec, replace(found, features={}), 0)


def test_a_density_without_numbers(
    model: ModelFolder, engine: OnnxEngine, found: Predictions
) -> None:
    nothing = {"features": np.full((2, 3), np.nan, np.float32)}
    with pytest.raises(EngineError, match="not finite"):
        density_curves(engine, model.spec, replace(found, features=nothing), 0)


def test_a_graph_in_other_units(model: ModelFolder, engine: OnnxEngine, found: Predictions) -> None:
    """The graph sees 2 x + 1: its Gaussian round 40 lies at 19.5, half as wide."""
    ones = np.ones((2, 3), np.float32)
    red, _, _ = density_curves(
        engine, model.spec, replace(found, to_graph=(2 * ones, ones)), 1, points=2041
    )
    assert red.x[red.density.argmax()] == pytest.approx(19.5, abs=0.1)
    assert red.density.max() == pytest.approx(2 / np.sqrt(2 * np.pi), rel=0.02)


def test_pixels_are_looked_at_near_the_region(
    model: ModelFolder, engine: OnnxEngine, found: Predictions
) -> None:
    regions = np.array([[0, 0, 40, 20], [0, 0, 0, 0]], np.float32)
    kinds: Kinds = (Points(("spot",)), scalar("blue"))
    places = replace(found, regions=regions, kinds=kinds)
    red, green, blue = density_curves(engine, model.spec, places, 0)
    assert np.allclose([red.x[0], red.x[-1]], [10.1 - 20, 10.1 + 20], atol=1e-4)
    assert np.allclose([green.x[0], green.x[-1]], [0, 40], atol=1e-4)
    assert (blue.x[0], blue.x[-1]) == (0, 255), "only places are looked at near the region"


def test_curves_of_boxes_have_the_calibrated_deviations(
    tiny_model: Callable[..., ModelFolder], engine: OnnxEngine
) -> None:
    spec = tiny_model("colour").spec
    edges = [spec.targets[0].model_copy(update={"name": name}) for name in ("x1", "y1", "x2", "y2")]
    spec = spec.model_copy(update={"targets": tuple(edges)})
    box = np.array([[10, 20, 50, 80]], np.float32)
    found = Predictions(
        "boxes", "test", (Boxes(),), box, np.ones(1, np.float32),
        std=np.array([[0.5, 1, 2, 4]], np.float32), features={"features": box},
    )  # fmt: skip

    class Round:
        """A graph whose density has a standard deviation of 1 in all directions."""

        provider, inputs, outputs = "test", ("features", "grid"), ("log_density",)

        def run(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
            return {"log_density": -0.5 * np.square(inputs["grid"] - box).sum(-1)}

    curves = density_curves(Round(), spec, found, 0, points=1021)  # type: ignore[arg-type]
    for curve, std, answer in zip(curves, (0.5, 1, 2, 4), box[0], strict=True):
        weights = curve.density * (curve.x[1] - curve.x[0])
        assert weights.sum() == pytest.approx(1, abs=1e-3)
        spread = np.sqrt((weights * (curve.x - answer) ** 2).sum())
        assert spread == pytest.approx(std, rel=0.02)
