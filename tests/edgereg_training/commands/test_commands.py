"""The commands train, render and evaluate as a user calls them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

torch = pytest.importorskip("torch")
pytest.importorskip("onnxruntime")

import edgereg_driving  # noqa: E402
import edgereg_headpose  # noqa: E402
from edgereg_training import plugin  # noqa: E402
from edgereg_training.facts import facts_of  # noqa: E402
from edgereg_training.loop.checkpoint import best_checkpoint  # noqa: E402
from edgereg_training.loop.errors import CheckpointError, RecipeError  # noqa: E402
from edgereg_training.render.shards import read_manifest  # noqa: E402
from safetensors.torch import load_file, save_file  # noqa: E402

from edgereg.core.errors import EdgeregError  # noqa: E402
from edgereg.models.folder import load_model  # noqa: E402

COMMANDS = {command.name: command for command in plugin.edgereg_commands()}


def invoke(*arguments: object) -> Result:
    name, *rest = (str(argument) for argument in arguments)
    return CliRunner().invoke(COMMANDS[name], rest)


def small_recipe(folder: Path, heads: Path, **changes: object) -> Path:
    path = folder / "tiny.yaml"
    options: dict[str, object] = {
        "target": "headpose", "train": [str(heads)], "validation": [str(heads)], "size": 32,
        "backbone": {"name": "edge-xs", "widths": [8, 8, 8], "features": 8},
        "method": {"name": "direct"},
    } | changes  # fmt: skip
    content = {"problem": "regression", "epochs": 1, "batch_size": 8, "options": options}
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


def render_heads(out: Path) -> Result:
    return invoke("render", "heads", out, "--count", 16, "--size", 32, "--identities", 3)


def test_render_then_train_then_resume(tmp_path: Path) -> None:
    heads, out = tmp_path / "heads", tmp_path / "run"
    rendered = render_heads(heads)
    assert rendered.exit_code == 0, rendered.output
    assert "16 pictures" in rendered.output
    assert "stand-in" in rendered.output
    recipe = small_recipe(tmp_path, heads)
    trained = invoke("train", recipe, "--out", out)
    assert trained.exit_code == 0, trained.output
    assert "epoch-0001" in trained.output
    again = invoke("train", recipe, "--out", out)
    assert isinstance(again.exception, CheckpointError)
    assert invoke("train", recipe, "--out", out, "--resume").exit_code == 0


def test_a_finished_data_set_is_not_rendered_again(tmp_path: Path) -> None:
    render_heads(tmp_path)
    shard = tmp_path / "shard-00000.npz"
    before = shard.stat().st_mtime_ns
    assert render_heads(tmp_path).exit_code == 0
    assert shard.stat().st_mtime_ns == before


def test_misuse_and_faults_of_render(tmp_path: Path) -> None:
    unknown = invoke("render", "heads", tmp_path, "--distribution", "flat")
    assert unknown.exit_code == 2
    assert "unknown pose distribution 'flat'" in unknown.output
    missing = invoke("render", "heads", tmp_path / "x", "--assets", tmp_path / "none")
    assert missing.exit_code == 1
    assert "Traceback" not in missing.output


def test_render_scenes(tmp_path: Path) -> None:
    done = invoke("render", "scenes", tmp_path, "--count", 2, "--width", 64, "--height", 64)
    assert done.exit_code == 0, done.output
    assert (tmp_path / "shard-00000.npz").is_file()


def test_a_run_is_calibrated_anew(tmp_path: Path) -> None:
    heads, out = tmp_path / "heads", tmp_path / "run"
    render_heads(heads)
    method = {"name": "bel", "levels": 20, "theta": 4}
    recipe = small_recipe(tmp_path, heads, method=method, calibrated=True)
    assert invoke("train", recipe, "--out", out).exit_code == 0
    place = best_checkpoint(out) / "weights.safetensors"
    trained = load_file(place)
    # A checkpoint from before there was a slope, of a head that claims too much.
    older = {name: value for name, value in trained.items() if "slope" not in name}
    save_file(older | {"head.temperature": torch.full((3,), 0.1)}, place)
    done = invoke("calibrate", out)
    assert done.exit_code == 0, done.output
    again = load_file(place)
    assert all(torch.allclose(value, again[name]) for name, value in trained.items())


def test_only_bel_is_calibrated(tmp_path: Path) -> None:
    heads, out = tmp_path / "heads", tmp_path / "run"
    render_heads(heads)
    with pytest.raises(RecipeError, match="only 'bel' can be calibrated"):
        raised(invoke("train", small_recipe(tmp_path, heads, calibrated=True), "--out", out))


def raised(result: Result) -> None:
    if result.exception is not None:
        raise result.exception


def test_train_names_a_wrong_recipe(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text("problem: regression\nepochs: 1\nsped: 2\n", encoding="utf-8")
    failed = invoke("train", path)
    assert isinstance(failed.exception, RecipeError)
    assert "bad.yaml: unknown key 'sped'" in str(failed.exception)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A copy of the bundled head-pose model."""
    bundled = Path(edgereg_headpose.__file__).parent / "models" / "headpose"
    return Path(shutil.copytree(bundled, tmp_path / "model"))


def test_nothing_is_said_of_heads_where_none_are_rendered(tmp_path: Path) -> None:
    bundled = Path(edgereg_driving.__file__).parent / "models" / "driving"
    done = invoke("evaluate", bundled, "--count", 60, "--cache", tmp_path)
    assert done.exit_code == 0, done.output
    assert "mae" in done.output
    assert "stand-in" not in done.output


def test_evaluate_renders_measures_and_records(tmp_path: Path, model: Path) -> None:
    cache = tmp_path / "cache"
    done = invoke("evaluate", model, "--count", 30, "--cache", cache, "--record")
    assert done.exit_code == 0, done.output
    assert "rendered_mae_change" in done.output
    assert "do not describe them" in done.output
    metrics = load_model(model).spec.metrics
    assert metrics["rendered_mae_change"] == pytest.approx(
        metrics["rendered_mae_refined"] - metrics["rendered_mae"], abs=0.02
    )
    (rendered,) = cache.iterdir()
    card = (model / "README.md").read_text(encoding="utf-8")
    assert card.count(f"## Measured on {rendered.name}") == 1
    assert f"| rendered_mae | {metrics['rendered_mae']:.4g} degree |" in card
    assert read_manifest(rendered)["options"]["split"] == "test"


def test_evaluate_names_what_is_no_data_set(tmp_path: Path, model: Path) -> None:
    failed = invoke("evaluate", model, "--data", tmp_path / "nothing")
    assert failed.exit_code == 1
    assert "no data set in" in str(failed.exception)


def test_a_task_without_an_evaluation_is_named() -> None:
    with pytest.raises(EdgeregError, match="nothing is known of the task 'shoe'"):
        facts_of("shoe")


def test_importing_the_commands_is_light() -> None:
    code = (
        "import sys; from edgereg_training.plugin import edgereg_commands; edgereg_commands();"
        "print([m for m in ('torch', 'numpy', 'numba', 'cv2', 'yaml') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
