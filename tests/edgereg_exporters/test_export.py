"""Exports from checkpoints of untrained networks: the folder, its card, and what goes wrong."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("onnxscript")
pytest.importorskip("safetensors")

import torch
from edgereg_exporters import export as export_module
from edgereg_exporters.errors import ExportError
from edgereg_exporters.export import Description, Request, build_graphs, export, export_model
from edgereg_exporters.graphs.target_graphs import target_refine_graph
from edgereg_exporters.models.exportable import Exportable, load_exportable
from edgereg_training.loop.checkpoint import Checkpoint, State, write_checkpoint
from edgereg_training.loop.errors import CheckpointError
from edgereg_training.loop.problem import problem_of
from edgereg_training.loop.recipe import Recipe
from edgereg_training.regression.trained import load_trained

from edgereg.core.errors import EdgeregError
from edgereg.core.model_spec import GraphName
from edgereg.models.folder import ModelFolder, load_model

SMALL_POSE: dict[str, Any] = {
    "target": "headpose",
    "train": ["a"],
    "validation": ["b"],
    "size": 32,
    "backbone": {"name": "edge-m", "widths": [4, 4, 8, 8], "neck": 8, "features": 16},
    "method": {"name": "ebm", "estimate": {"name": "bel", "theta": 4}},
}


def checkpoint(folder: Path, problem: str, net: Any, options: dict[str, Any]) -> Path:
    """A training folder whose one checkpoint holds `net`."""
    recipe = Recipe(problem=problem, epochs=1, options=options)
    state = State(1, 1, {"mae": 1.0}, 1.0, 1)
    write_checkpoint(folder, Checkpoint(state, recipe, net.state_dict(), {}))
    return folder


def shaken(net: Any) -> Any:
    """A network whose normalisation does something, as after training."""
    generator = torch.Generator().manual_seed(0)
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
            module.running_mean.normal_(std=0.1, generator=generator)
            module.running_var.uniform_(0.5, 2, generator=generator)
            module.weight.data.uniform_(0.5, 1.5, generator=generator)
    return net


@pytest.fixture(scope="module")
def pose(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    net = shaken(problem_of(Recipe(problem="regression", epochs=1, options=SMALL_POSE)).build())
    return checkpoint(tmp_path_factory.mktemp("pose"), "regression", net, SMALL_POSE)


@pytest.fixture(scope="module")
def pose_model(pose: Path) -> Exportable:
    return load_exportable(pose)


@pytest.fixture(scope="module")
def pose_graphs(pose_model: Exportable) -> dict[GraphName, Any]:
    return build_graphs(pose_model)


@pytest.fixture
def quick(
    pose_model: Exportable, pose_graphs: dict[GraphName, Any], monkeypatch: pytest.MonkeyPatch
) -> Exportable:
    """Tracing takes seconds, so one predict graph serves the tests that are not about it."""
    monkeypatch.setattr(export_module, "load_exportable", lambda *_: pose_model)
    monkeypatch.setattr(export_module, "build_graphs", lambda _: pose_graphs)
    return pose_model


def test_a_pose_checkpoint_becomes_a_whole_folder(pose: Path, tmp_path: Path) -> None:
    out = tmp_path / "models" / "tiny"
    done = export_model(pose, out, Description("tiny"))
    folder = load_model(out)
    assert folder.spec.name == "tiny"
    assert folder.spec.method == "bel+ebm"
    assert set(folder.spec.graphs) == {"predict", "refine", "density"}
    assert {d.graph for d in done.differences} == {"predict", "refine", "density"}
    assert max(d.relative for d in done.differences) < 1e-4
    assert folder.spec.metrics["parity_predict_values"] < 1e-5
    card = (out / "README.md").read_text(encoding="utf-8")
    for text in ("# tiny", "yaw (degree)", "Apache-2.0", "trajectory", "Limits", "crown"):
        assert text in card
    assert sorted(file.name for file in out.parent.iterdir()) == ["tiny"]


def test_notes_of_a_file_go_onto_the_card(quick: Exportable, tmp_path: Path) -> None:
    notes = tmp_path / "notes.md"
    notes.write_text("## At night\n\nNot tried.\n", encoding="utf-8")
    export(Request(tmp_path, tmp_path / "out", notes=notes))
    assert "## At night" in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    notes.write_bytes(b"\xff\xfe")
    with pytest.raises(ExportError, match=r"notes.md: can't read the notes"):
        export(Request(tmp_path, tmp_path / "other", notes=notes))


def test_a_detection_checkpoint_becomes_a_whole_folder(tmp_path: Path) -> None:
    from edgereg_training.detection.model import HeadModel
    from edgereg_training.detection.network import DetectorConfig

    torch.manual_seed(0)
    net = shaken(HeadModel(DetectorConfig()))
    net.detector.quality.weight.data.normal_(std=0.03)
    trained = checkpoint(tmp_path / "run", "detection", net, {"train": ["a"], "val": ["b"]})
    done = export_model(trained, tmp_path / "heads", Description("heads"))
    assert max(d.relative for d in done.differences) < 1e-4
    assert done.nodes["refine"] < 300
    assert done.folder.spec.input.multiple == 32
    assert done.folder.spec.settings["max_candidates"] >= 1


def test_the_runtime_runs_the_folder(quick: Exportable, tmp_path: Path) -> None:
    from edgereg.engines.onnx import OnnxEngine

    out = tmp_path / "tiny"
    folder = export_model(tmp_path, out, Description("tiny")).folder
    predict = OnnxEngine(folder.graph_path("predict"), threads=1)
    refine = OnnxEngine(folder.graph_path("refine"), threads=1)
    for count in (1, 3):
        found = predict.run({"images": quick.example.numpy()[:count]})
        path = refine.run(
            {
                "features": found["features"],
                "initial": found["values"][:, None],
                "step_length": np.full(3, 0.1, np.float32),
                "decay": np.asarray(0.5, np.float32),
                "steps": np.asarray(3, np.int64),
            }
        )
        assert path["trajectory"].shape == (count, 1, 4, 3)


def test_measured_figures_go_into_model_and_card(quick: Exportable, tmp_path: Path) -> None:
    from edgereg_training.loop.bootstrap import Figure

    seen: list[ModelFolder] = []

    def measure(model: ModelFolder) -> list[Figure]:
        seen.append(model)
        return [Figure("mae_full", 4.25, 4.0, 4.5, "degree", "mean error, |yaw| < 75")]

    done = export_model(tmp_path, tmp_path / "out", Description("t"), measure=measure)
    assert len(seen) == 1
    assert done.folder.spec.metrics["mae_full"] == 4.25
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert r"| mean error, \|yaw\| < 75 | 4.25 degree | 4 .. 4.5 |" in card


def test_what_is_there_is_replaced_only_by_force(quick: Exportable, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export_model(tmp_path, out, Description("first"))
    with pytest.raises(ExportError, match="--force"):
        export_model(tmp_path, out, Description("second"))
    assert load_model(out).spec.name == "first"
    export_model(tmp_path, out, Description("second"), force=True)
    assert load_model(out).spec.name == "second"
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith(".")] == []


def test_a_folder_of_something_else_is_never_replaced(quick: Exportable, tmp_path: Path) -> None:
    out = tmp_path / "photos"
    out.mkdir()
    (out / "cat.jpg").write_bytes(b"meow")
    with pytest.raises(ExportError, match="not a model folder"):
        export_model(tmp_path, out, Description("t"), force=True)
    assert (out / "cat.jpg").read_bytes() == b"meow"


def test_a_graph_that_differs_from_torch_is_not_written(
    quick: Exportable,
    pose: Path,
    pose_graphs: dict[GraphName, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = tmp_path / "out"
    export_model(tmp_path, out, Description("former"))
    weights = load_trained(pose).net.head.energy().network.weights()
    wrong = target_refine_graph(replace(weights, target_weight=weights.target_weight * 1.5))
    graphs = {**pose_graphs, "refine": wrong}
    monkeypatch.setattr(export_module, "build_graphs", lambda _: graphs)
    with pytest.raises(ExportError, match=r"refine: output '.*' differs from torch") as caught:
        export_model(tmp_path, out, Description("wrong"), force=True)
    assert "\n" not in str(caught.value)
    assert load_model(out).spec.name == "former"


def test_a_failing_measurement_leaves_what_was_there(quick: Exportable, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export_model(tmp_path, out, Description("former"))

    def measure(_: ModelFolder) -> list[Any]:
        raise ExportError("no data")

    with pytest.raises(ExportError, match="no data"):
        export_model(tmp_path, out, Description("new"), force=True, measure=measure)
    assert load_model(out).spec.name == "former"
    assert not [file for file in tmp_path.iterdir() if file.name.startswith(".")]


def test_checkpoints_that_are_none(tmp_path: Path, pose: Path) -> None:
    with pytest.raises(CheckpointError, match="holds no checkpoint"):
        export_model(tmp_path / "nothing", tmp_path / "out", Description("t"))
    foreign = checkpoint(tmp_path / "run", "weather", torch.nn.Linear(2, 1), {})
    with pytest.raises(ExportError, match="problem 'weather' has no exporter"):
        export_model(foreign, tmp_path / "out", Description("t"))
    written = next((pose / "checkpoints").iterdir())
    former = Path(shutil.copytree(written, tmp_path / "former"))
    (former / "recipe.yaml").write_text("problem: headpose\nepochs: 1\n", encoding="utf-8")
    with pytest.raises(CheckpointError, match="'problem: regression' with the option 'target"):
        export_model(former, tmp_path / "out", Description("t"))
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    for file in written.iterdir():
        (damaged / file.name).write_bytes(file.read_bytes()[:100])
    with pytest.raises(EdgeregError):
        export_model(damaged, tmp_path / "out", Description("t"))
    assert not (tmp_path / "out").exists()


def test_an_unwritable_place_is_one_line(quick: Exportable, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(ExportError, match="can't be written"):
        export_model(tmp_path, tmp_path / "file" / "out", Description("t"))


def test_no_path_of_this_machine_is_in_the_folder(quick: Exportable, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export_model(tmp_path, out, Description("t"))
    for file in out.iterdir():
        content = file.read_bytes()
        assert str(tmp_path).encode() not in content
        assert b"site-packages" not in content
    json.loads((out / "model.json").read_text(encoding="utf-8"))
