"""Model folders of lower precision: what is written, what it may lose, what goes wrong."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import pytest

pytest.importorskip("onnxruntime")
pytest.importorskip("torch")

from edgereg_exporters.errors import ExportError
from edgereg_exporters.export import Request, export
from edgereg_exporters.precision.half import with_half_weights, with_whole_weights
from edgereg_exporters.precision.precision_loss import mean_loss, require_loss
from edgereg_exporters.precision.reduced_model import Reduction, reduce_model
from edgereg_training.detection import evaluation
from edgereg_training.facts import facts_of
from edgereg_training.loop.bootstrap import Figure
from edgereg_training.render.shards import SceneShardOptions, write_scene_shards

from edgereg.engines.onnx import OnnxEngine
from edgereg.models.folder import ModelFolder, load_model

HEADS = Path(__file__).parents[3] / "plugins/edgereg_detection/models/heads"


def measured(values: dict[str, float]) -> Callable[[ModelFolder], Sequence[Figure]]:
    """Figures by precision."""

    def measure(model: ModelFolder) -> Sequence[Figure]:
        value = values[model.spec.precision]
        return [Figure("mae_full_refined", value, value, value, "degree", "error")]

    return measure


@pytest.mark.parametrize(
    ("precision", "computed", "called"),
    [
        ("fp16", "fp16", "FP16"),
        ("int8", "int8", "INT8"),
        ("fp16-weights", "fp32", "FP16 weights"),
    ],
)
def test_a_reduced_folder_is_whole_and_runs(
    small_model: ModelFolder,
    pictures: Any,
    tmp_path: Path,
    precision: Any,
    computed: str,
    called: str,
) -> None:
    reduction = Reduction(precision, batches=[pictures])
    done = reduce_model(small_model, tmp_path / "low", "low", "2.1", reduction)
    folder = load_model(tmp_path / "low")
    figures = precision.replace("-", "_")
    assert folder.spec.precision == computed
    assert folder.spec.metrics[f"{figures}_predict_values"] > 0
    assert folder.spec.metrics[f"{figures}_loss"] == done.loss.share
    assert "mae_full" not in folder.spec.metrics
    assert "parity_predict_values" not in folder.spec.metrics
    assert folder.spec.metrics["parity_refine_energy"] == 1e-7
    for name in ("refine", "density"):
        assert folder.spec.graphs[name] == small_model.spec.graphs[name]  # type: ignore[index]
    card = (folder.path / "README.md").read_text(encoding="utf-8")
    assert f"{called} against FP32" in card
    engine = OnnxEngine(folder.graph_path("predict"), threads=1)
    for count in (0, 1, 5):
        assert engine.run({"images": pictures[:count]})["values"].shape == (count, 1)


def test_weights_stored_in_half_the_bytes_can_be_made_whole_again(small_predict: Any) -> None:
    stored = with_half_weights(small_predict)
    large = [t for t in small_predict.graph.initializer if np.prod(t.dims) >= 256]
    halved = [t for t in stored.graph.initializer if t.data_type == onnx.TensorProto.FLOAT16]
    assert len(halved) == len(large) > 0
    whole = with_whole_weights(stored)
    arrays = {t.name: onnx.numpy_helper.to_array(t) for t in whole.graph.initializer}
    for tensor in small_predict.graph.initializer:
        expected = onnx.numpy_helper.to_array(tensor)
        if tensor in large:
            expected = expected.astype(np.float16).astype(np.float32)
        np.testing.assert_array_equal(arrays[tensor.name], expected)
    assert list(whole.graph.node) == list(small_predict.graph.node)


def test_the_metric_loss_decides(small_model: ModelFolder, tmp_path: Path) -> None:
    out = tmp_path / "low"
    gone = Reduction("fp16", measure=measured({"fp32": 4.0, "fp16": 4.05}))
    with pytest.raises(ExportError, match=r"loss against FP32 is 1\.25%, the limit is 1\.00%"):
        reduce_model(small_model, out, "low", "1", gone)
    assert not out.exists()
    allowed = Reduction("fp16", measure=measured({"fp32": 4.0, "fp16": 4.05}), max_loss=0.02)
    done = reduce_model(small_model, out, "low", "1", allowed)
    assert done.loss.share == pytest.approx(0.0125)
    assert done.folder.spec.metrics["mae_full_refined"] == 4.05
    better = Reduction("fp16", measure=measured({"fp32": 4.0, "fp16": 3.9}), max_loss=0)
    assert reduce_model(small_model, out, "low", "1", better, force=True).loss.share < 0


def test_a_loss_that_is_no_number_fails() -> None:
    from edgereg_exporters.folder.parity import Difference

    loss = mean_loss([Difference("predict", "values", 1.0, 1.0, float("nan"))])
    with pytest.raises(ExportError, match="limit"):
        require_loss(loss, 0.5)


def test_the_answer_not_the_features_decides_without_data() -> None:
    from edgereg_exporters.folder.parity import Difference

    found = [
        Difference("predict", "features", 1.0, 1.0, 0.9),
        Difference("predict", "values", 1.0, 1.0, 0.01),
    ]
    assert mean_loss(found).share == 0.01


def test_only_fp32_is_reduced(small_model: ModelFolder, tmp_path: Path) -> None:
    reduce_model(small_model, tmp_path / "half", "half", "1", Reduction("fp16"))
    with pytest.raises(ExportError, match="is fp16 already"):
        reduce_model(load_model(tmp_path / "half"), tmp_path / "out", "out", "1", Reduction("fp16"))


def test_a_model_folder_through_the_command(
    small_model: ModelFolder, pictures: Any, tmp_path: Path
) -> None:
    place = tmp_path / "pictures"
    place.mkdir()
    for index, picture in enumerate(pictures):
        cv2.imwrite(str(place / f"{index}.png"), picture[..., ::-1])
    out, triton = tmp_path / "int8", tmp_path / "triton"
    shown = export(
        Request(small_model.path, out, precision="int8", calibration=place, triton=triton)
    )
    assert load_model(out).spec.version == "2.1"
    assert any("a loss of" in line for line in shown.lines)
    assert (triton / "int8_predict" / "2" / "model.onnx").is_file()
    export(Request(small_model.path, tmp_path / "copy"))
    assert load_model(tmp_path / "copy").spec.graphs == small_model.spec.graphs


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six rendered scenes with up to two heads."""
    out = tmp_path_factory.mktemp("scenes") / "shards"
    return write_scene_shards(SceneShardOptions(out, 6, 128, 96, seed=3, people=2, heads=2))


def test_what_detection_loses_is_of_its_average_precision(
    scenes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluation, "RESAMPLES", 5)
    said: list[str] = []
    request = Request(
        HEADS, tmp_path / "low", precision="int8", calibration=scenes, data=scenes, max_loss=50
    )
    shown = export(request, said.append)
    assert any("ap_refined: 0." in line and "a loss of" in line for line in shown.lines)
    metrics = load_model(tmp_path / "low").spec.metrics
    before = load_model(HEADS)
    full = facts_of("detection").measured_by()(before, scenes, lambda *_: None)
    ap = next(figure.value for figure in full if figure.name == "ap_refined")
    assert metrics["int8_loss"] == pytest.approx((ap - metrics["ap_refined"]) / ap)
    for model in ("low in INT8", "heads in FP32"):
        assert f"Measuring {model}: 6 of 6" in said


def test_int8_without_pictures_is_one_line(small_model: ModelFolder, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "edgereg", "export", "--precision", "int8", small_model.path, "out"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 1
    assert "INT8 needs --calibration" in done.stderr
    assert "Traceback" not in done.stderr
