"""Stand-ins for the runtime's tests: clips, tiny models and tasks whose answers are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edgereg.core.frames import Frame
from edgereg.core.geometry import square_crops
from edgereg.core.kinds import Boxes, Kinds, Points, Scalars
from edgereg.core.marks import BoxMark, Mark
from edgereg.core.model_spec import ModelSpec, Target
from edgereg.core.predictions import Predictions, Refinement
from edgereg.core.regions import Regions
from edgereg.core.result import FrameResult
from edgereg.core.tasks import Prepared, Proposal
from edgereg.models.folder import ModelFolder, write_model

FRAME_STEP = 8


def numbers(*names: str, unit: str = "grey") -> tuple[Scalars]:
    """Kinds of plain numbers between 0 and 255."""
    return (Scalars(tuple(Target(name=n, unit=unit, low=0, high=255) for n in names)),)


COLOURS = numbers("red", "green", "blue")


def frame_image(index: int, width: int = 64, height: int = 48) -> np.ndarray:
    """A grey frame that tells its index."""
    return np.full((height, width, 3), 16 + FRAME_STEP * index, np.uint8)


def frame_index(image: np.ndarray) -> int:
    return round((float(image.mean()) - 16) / FRAME_STEP)


@pytest.fixture
def clip(tmp_path: Path) -> Callable[..., Path]:
    """clip(count=12, size=(64, 48), name=...) writes a video whose frames tell their index."""

    def make(count: int = 12, size: tuple[int, int] = (64, 48), name: str = "clip.mp4") -> Path:
        path = tmp_path / name
        code = cv2.VideoWriter.fourcc(*("mp4v" if path.suffix == ".mp4" else "MJPG"))
        writer = cv2.VideoWriter(str(path), code, 20.0, size)
        assert writer.isOpened()
        for index in range(count):
            writer.write(frame_image(index, *size))
        writer.release()
        return path

    return make


@pytest.fixture
def index_of() -> Callable[[np.ndarray], int]:
    """The index of a frame of `clip`, read off its pixels."""
    return frame_index


def graph(nodes: list[Any], inputs: Any, outputs: Any, constants: Mapping[str, Any]) -> bytes:
    """A serialised ONNX model; inputs and outputs are (name, type, shape)."""
    onnx = pytest.importorskip("onnx")
    helper = onnx.helper
    made = helper.make_graph(
        [helper.make_node(*node[:3], **(node[3] if len(node) > 3 else {})) for node in nodes],
        "tiny",
        [helper.make_tensor_value_info(n, getattr(onnx.TensorProto, t), s) for n, t, s in inputs],
        [helper.make_tensor_value_info(n, getattr(onnx.TensorProto, t), s) for n, t, s in outputs],
        [onnx.numpy_helper.from_array(np.asarray(v), name) for name, v in constants.items()],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def mean_colour() -> bytes:
    """images uint8 [B, H, W, 3] -> values, features: the mean colour [B, 3]."""
    return graph(
        [
            ("Cast", ["images"], ["float"], {"to": 1}),
            ("ReduceMean", ["float"], ["values"], {"axes": [1, 2], "keepdims": 0}),
            ("Identity", ["values"], ["features"]),
        ],
        [("images", "UINT8", ["b", "h", "w", 3])],
        [("values", "FLOAT", ["b", 3]), ("features", "FLOAT", ["b", 3])],
        {},
    )


def straight_ascent() -> bytes:
    """A `refine` graph that goes straight from the initial value to the features."""
    return graph(
        [
            ("Add", ["steps", "one"], ["count"]),
            ("Range", ["zero", "count", "one"], ["time"]),
            ("Max", ["steps", "one"], ["last"]),
            ("Cast", ["time"], ["time_f"], {"to": 1}),
            ("Cast", ["last"], ["last_f"], {"to": 1}),
            ("Div", ["time_f", "last_f"], ["share"]),
            ("Unsqueeze", ["share", "share_axes"], ["shares"]),
            ("Unsqueeze", ["initial", "axis2"], ["start"]),
            ("Unsqueeze", ["features", "axis12"], ["goal"]),
            ("Sub", ["goal", "start"], ["way"]),
            ("Mul", ["way", "shares"], ["moved"]),
            ("Add", ["start", "moved"], ["trajectory"]),
            ("Sub", ["trajectory", "goal"], ["rest"]),
            ("Mul", ["rest", "rest"], ["squares"]),
            ("ReduceSum", ["squares", "last_axis"], ["sum"], {"keepdims": 0}),
            ("Neg", ["sum"], ["climbed"]),
            ("ReduceSum", ["step_length", "first_axis"], ["unused"], {"keepdims": 0}),
            ("Mul", ["unused", "decay"], ["unused2"]),
            ("Mul", ["unused2", "nought"], ["nothing"]),
            ("Add", ["climbed", "nothing"], ["energy"]),
        ],
        [
            ("features", "FLOAT", ["b", 3]),
            ("initial", "FLOAT", ["b", "k", 3]),
            ("step_length", "FLOAT", [3]),
            ("decay", "FLOAT", []),
            ("steps", "INT64", []),
        ],
        [("trajectory", "FLOAT", ["b", "k", "t", 3]), ("energy", "FLOAT", ["b", "k", "t"])],
        {
            "one": np.int64(1),
            "zero": np.int64(0),
            "share_axes": np.array([0, 1, 3]),
            "axis2": np.array([2]),
            "axis12": np.array([1, 2]),
            "last_axis": np.array([3]),
            "first_axis": np.array([0]),
            "nought": np.float32(0),
        },
    )


def gaussian_density() -> bytes:
    """features [B, 3], grid [B, G, 3] -> -|grid - features|^2 / 2, and 5 to see normalisation."""
    return graph(
        [
            ("Unsqueeze", ["features", "axis1"], ["centre"]),
            ("Sub", ["grid", "centre"], ["gap"]),
            ("Mul", ["gap", "gap"], ["squares"]),
            ("ReduceSum", ["squares", "axis2"], ["sum"], {"keepdims": 0}),
            ("Mul", ["sum", "factor"], ["shape"]),
            ("Add", ["shape", "offset"], ["log_density"]),
        ],
        [("features", "FLOAT", ["b", 3]), ("grid", "FLOAT", ["b", "g", 3])],
        [("log_density", "FLOAT", ["b", "g"])],
        {
            "axis1": np.array([1]),
            "axis2": np.array([2]),
            "factor": np.float32(-0.5),
            "offset": np.float32(5),
        },
    )


def model_fields(task: str) -> dict[str, Any]:
    """Everything `write_model` wants besides the graphs."""
    targets = [number.model_dump() for number in COLOURS[0].numbers]
    return {
        "name": f"tiny-{task}",
        "version": "1",
        "task": task,
        "method": "mean",
        "targets": targets,
        "input": {"width": 8, "height": 8},
        "training_data": "none",
        "licence": "Apache-2.0",
    }


@pytest.fixture
def fields() -> Callable[[str], dict[str, Any]]:
    return model_fields


@pytest.fixture
def tiny_graphs() -> dict[str, Callable[[], bytes]]:
    """Makers of serialised graphs: mean colour, straight ascent, Gaussian density."""
    return {"predict": mean_colour, "refine": straight_ascent, "density": gaussian_density}


@pytest.fixture
def make_graph() -> Callable[..., bytes]:
    return graph


@pytest.fixture
def tiny_model(tmp_path: Path) -> Callable[..., ModelFolder]:
    """tiny_model(task, refine=True) writes a model folder for a stand-in task."""

    def make(task: str, *, refine: bool = True, predict: bytes | None = None) -> ModelFolder:
        graphs: dict[Any, bytes] = {"predict": predict or mean_colour()}
        more: dict[str, Any] = {}
        if refine:
            graphs |= {"refine": straight_ascent(), "density": gaussian_density()}
            settings = {"steps": 4, "step_length": (1.0, 1.0, 1.0), "decay": 0.5}
            more = {"features": ("features",), "refinement": settings}
        return write_model(tmp_path / "models" / task, {**model_fields(task), **more}, graphs)

    return make


@dataclass(frozen=True)
class SpotTask:
    """Finds `count` spots, always in the same places: the upstream of ColourTask."""

    model: Path
    count: int = 2
    name: str = "spots"
    title: str = "Spots"
    upstream: str | None = None

    def kinds(self, spec: ModelSpec) -> Kinds:
        return (Boxes(),)

    def prepare(self, frame: Frame, regions: Regions | None, spec: ModelSpec) -> Prepared:
        zero, one = np.zeros((1, 2), np.float32), np.ones((1, 2), np.float32)
        return Prepared(frame.image[None], zero, one, None, frame.size)

    def propose(self, outputs: Mapping[str, Any], prepared: Prepared, spec: ModelSpec) -> Proposal:
        boxes = np.array([[4 + 8 * k, 4, 12 + 8 * k, 12] for k in range(self.count)], np.float32)
        return Proposal(boxes.reshape(1, -1, 4), np.full((1, self.count), 0.5, np.float32))

    def conclude(
        self,
        proposal: Proposal,
        refinement: Refinement | None,
        prepared: Prepared,
        spec: ModelSpec,
    ) -> Predictions:
        boxes = proposal.initial[0]
        return Predictions(self.name, spec.name, (Boxes(),), boxes, proposal.scores[0], boxes)

    def marks(self, predictions: Predictions, size: tuple[int, int]) -> Sequence[Mark]:
        return [BoxMark(box) for box in predictions.values]


@dataclass(frozen=True)
class ColourTask:
    """The mean colour of each region, approached from black."""

    model: Path
    name: str = "colour"
    title: str = "Colour"
    upstream: str | None = "spots"

    def kinds(self, spec: ModelSpec) -> Kinds:
        return COLOURS

    def prepare(self, frame: Frame, regions: Regions | None, spec: ModelSpec) -> Prepared:
        assert regions is not None
        images, origin, scale = square_crops(frame.image, regions.boxes, 8, 1.0)
        return Prepared(images, origin, scale, regions.boxes, frame.size)

    def propose(self, outputs: Mapping[str, Any], prepared: Prepared, spec: ModelSpec) -> Proposal:
        values = outputs["values"]
        scores = np.ones((len(values), 1), np.float32)
        features = {"features": outputs["features"]}
        return Proposal(np.zeros((len(values), 1, 3), np.float32), scores, features)

    def conclude(
        self,
        proposal: Proposal,
        refinement: Refinement | None,
        prepared: Prepared,
        spec: ModelSpec,
    ) -> Predictions:
        values = proposal.initial[:, 0] if refinement is None else refinement.final
        return Predictions(
            self.name,
            spec.name,
            COLOURS,
            values,
            proposal.scores[:, 0],
            prepared.regions,
            refinement=refinement,
            features=proposal.features,
        )

    def marks(self, predictions: Predictions, size: tuple[int, int]) -> Sequence[Mark]:
        return []


@pytest.fixture
def spot_task(tiny_model: Callable[..., ModelFolder]) -> SpotTask:
    return SpotTask(tiny_model("spots", refine=False).path)


@pytest.fixture
def colour_task(tiny_model: Callable[..., ModelFolder]) -> ColourTask:
    return ColourTask(tiny_model("colour").path)


@pytest.fixture
def result() -> Callable[..., FrameResult]:
    """result(index, count=1) is a frame with refined colours and a prediction without extras."""

    def make(index: int = 0, count: int = 1) -> FrameResult:
        trajectory = np.tile(np.array([[1, 2, 3], [10.1, 20, 30]], np.float32), (count, 1, 1))
        energy = np.tile(np.array([-4, -1.5], np.float32), (count, 1))
        colours = Predictions(
            "colour",
            "tiny-colour",
            COLOURS,
            trajectory[:, -1],
            np.full(count, 0.5, np.float32),
            np.tile(np.array([1, 2, 3, 4.5], np.float32), (count, 1)),
            np.full((count, 3), 0.25, np.float32),
            Refinement(trajectory, energy),
            np.arange(count),
        )
        points = Predictions(
            "points",
            "tiny-points",
            (Points(("spot",)),),
            np.tile(np.array([7, 8], np.float32), (count, 1)),
            np.ones(count, np.float32),
        )
        found = {"colour": colours, "points": points}
        return FrameResult(index, index / 20, frame_image(index), found, source="clip.mp4")

    return make
