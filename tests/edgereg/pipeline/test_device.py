"""Features stay on the device between the graphs of a model, where all graphs share one."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest

from edgereg.core.arrays import DeviceArray
from edgereg.density import density_curves
from edgereg.engines import onnx
from edgereg.engines.base import Engine, shared_device
from edgereg.pipeline.loading import LoadedTask, Loading, load_task

Run = Callable[..., Any]


@dataclass
class DeviceStandIn:
    """An engine whose inputs and outputs cross to a device and back, counted by name."""

    inner: Engine
    device: str | None = "stand-in"
    up: list[str] = field(default_factory=list)
    down: list[str] = field(default_factory=list)

    @property
    def provider(self) -> str:
        return "StandIn"

    @property
    def inputs(self) -> tuple[str, ...]:
        return self.inner.inputs

    @property
    def outputs(self) -> tuple[str, ...]:
        return self.inner.outputs

    def run(self, inputs: Any) -> dict[str, np.ndarray]:
        return {name: np.asarray(value) for name, value in self.run_keeping(inputs, ()).items()}

    def run_keeping(self, inputs: Any, keep: Collection[str]) -> dict[str, Any]:
        there = {}
        for name, value in inputs.items():
            if isinstance(value, DeviceArray) and value.device == self.device:
                there[name] = value.value
            else:
                self.up.append(name)
                there[name] = np.asarray(value)
        found = self.inner.run(there)
        return {
            name: self.kept(name, array) if name in keep else self.fetched(name, array)
            for name, array in found.items()
        }

    def kept(self, name: str, array: np.ndarray) -> DeviceArray:
        device = self.device or ""
        return DeviceArray(
            array, device, array.shape, array.dtype, lambda value: self.fetched(name, value)
        )

    def fetched(self, name: str, array: np.ndarray) -> np.ndarray:
        self.down.append(name)
        return array.copy()


def on_device(task: LoadedTask, **devices: str | None) -> LoadedTask:
    """The same graphs on stand-ins; `devices` names another device for some of them."""
    return replace(
        task,
        **{
            name: DeviceStandIn(getattr(task, name), devices.get(name, "stand-in"))
            for name in ("predict", "refine", "density")
        },
    )


@pytest.fixture
def plain(run: Run, frames: Any, collector: Any, loaded: list[LoadedTask]) -> list[Any]:
    sink = collector()
    run(frames(3), loaded, [sink])
    return [result.predictions["colour"] for result in sink.results]


def test_features_never_come_to_the_host_unless_read(
    run: Run, frames: Any, collector: Any, loaded: list[LoadedTask], plain: list[Any]
) -> None:
    spots, colour = loaded[0], on_device(loaded[1])
    predict, refine, density = colour.predict, colour.refine, colour.density
    sink = collector()
    run(frames(3), [spots, colour], [sink])
    assert predict.down == ["values"] * 3
    assert predict.up == ["images"] * 3
    assert sorted(set(refine.up)) == ["decay", "initial", "step_length", "steps"]
    for result, expected in zip(sink.results, plain, strict=True):
        found = result.predictions["colour"]
        assert not result.faults
        assert np.array_equal(found.values, expected.values)
        assert np.array_equal(found.refinement.trajectory, expected.refinement.trajectory)
    # Two regions, so the density of one needs its row, which only the host can cut out.
    curves = density_curves(density, colour.spec, found, 1)
    wanted = density_curves(loaded[1].density, colour.spec, expected, 1)
    # Once to see whether the targets hang together, once for the curves.
    assert predict.down.count("features") == 2
    for curve, same in zip(curves, wanted, strict=True):
        assert np.array_equal(curve.density, same.density)


def test_one_image_of_many_predictions_is_handed_to_the_density_as_it_is(
    loaded: list[LoadedTask], plain: list[Any]
) -> None:
    colour = on_device(loaded[1])
    images = np.full((1, 8, 8, 3), 7, np.uint8)
    shared = replace(plain[0], features={"features": colour.run_predict(images)["features"]})
    alone = replace(plain[0], features={"features": loaded[1].run_predict(images)["features"]})
    curves = density_curves(colour.density, colour.spec, shared, 1)
    assert "features" not in colour.predict.down
    assert set(colour.density.up) == {"grid"}
    wanted = density_curves(loaded[1].density, colour.spec, alone, 1)
    assert all(np.array_equal(a.density, b.density) for a, b in zip(curves, wanted, strict=True))


@pytest.mark.parametrize("elsewhere", ["another", None])
@pytest.mark.parametrize("graph", ["predict", "refine", "density"])
def test_graphs_on_different_devices_exchange_arrays(
    run: Run,
    frames: Any,
    collector: Any,
    loaded: list[LoadedTask],
    plain: list[Any],
    graph: str,
    elsewhere: str | None,
) -> None:
    colour = on_device(loaded[1], **{graph: elsewhere})
    sink = collector()
    run(frames(3), [loaded[0], colour], [sink])
    for result, expected in zip(sink.results, plain, strict=True):
        found = result.predictions["colour"]
        assert isinstance(found.features["features"], np.ndarray)
        assert np.array_equal(found.values, expected.values)


def test_an_engine_that_knows_no_device_gets_arrays(loaded: list[LoadedTask]) -> None:
    @dataclass
    class Plain:
        """What a plugin's engine has."""

        inner: Engine
        provider: str = "own"

        @property
        def inputs(self) -> tuple[str, ...]:
            return self.inner.inputs

        @property
        def outputs(self) -> tuple[str, ...]:
            return self.inner.outputs

        def run(self, inputs: Any) -> dict[str, np.ndarray]:
            assert all(isinstance(value, np.ndarray) for value in inputs.values())
            return self.inner.run(inputs)

    mixed = replace(on_device(loaded[1]), refine=Plain(loaded[1].refine))
    found = mixed.run_predict(np.zeros((2, 8, 8, 3), np.uint8))
    assert isinstance(found["features"], np.ndarray)
    assert shared_device([mixed.predict, mixed.refine]) is None
    assert shared_device([mixed.predict, mixed.density]) == "stand-in"


def test_predictions_that_are_dropped_take_their_features_along(
    run: Run, frames: Any, collector: Any, loaded: list[LoadedTask]
) -> None:
    @dataclass
    class FirstIsLost(DeviceStandIn):
        def run_keeping(self, inputs: Any, keep: Collection[str]) -> dict[str, Any]:
            found = super().run_keeping(inputs, keep)
            found["trajectory"][0] = np.nan
            return found

    colour = on_device(loaded[1])
    broken = replace(colour, refine=FirstIsLost(colour.refine.inner))
    sink = collector()
    run(frames(1), [loaded[0], broken], [sink])
    assert sink.results[0].predictions["colour"].features["features"].shape == (1, 3)


def test_onnx_runtime_on_the_cpu_through_the_same_path(
    run: Run,
    frames: Any,
    collector: Any,
    loaded: list[LoadedTask],
    plain: list[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(onnx, "DEVICES", {onnx.CPU: "cpu"})
    bound = []
    inner = onnx.OnnxEngine._run_bound
    monkeypatch.setattr(
        onnx.OnnxEngine,
        "_run_bound",
        lambda self, inputs, keep, *rest: (
            bound.append(tuple(keep)) or inner(self, inputs, keep, *rest)
        ),
    )
    colour = load_task(loaded[1].task, Loading(engine="cpu"))
    sink = collector()
    run(frames(3), [loaded[0], colour], [sink])
    assert bound.count(("features",)) == 3
    for result, expected in zip(sink.results, plain, strict=True):
        found = result.predictions["colour"]
        assert isinstance(found.features["features"], DeviceArray)
        assert np.array_equal(found.values, expected.values)
        assert np.array_equal(found.features["features"], expected.features["features"])
        assert np.array_equal(found.refinement.energy, expected.refinement.energy)
