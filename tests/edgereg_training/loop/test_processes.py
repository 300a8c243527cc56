"""Several processes share a batch: what is cut, what is refused, and that the loss is the same."""

from __future__ import annotations

import runpy
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning_fabric")

from edgereg_training.loop.errors import TrainingError  # noqa: E402
from edgereg_training.loop.log import read_log  # noqa: E402
from edgereg_training.loop.processes import make_fabric, share  # noqa: E402
from edgereg_training.loop.recipe import Recipe  # noqa: E402

PROGRAM = '''
import sys
from pathlib import Path
import numpy as np
import torch
from edgereg_training.loop.loop import train
from edgereg_training.loop.recipe import OptimiserSettings, Recipe


class Line:
    """Least squares with a layer that the loss does not reach."""

    metric = "error"

    def build(self):
        return torch.nn.ModuleDict({"used": torch.nn.Linear(4, 1), "idle": torch.nn.Linear(2, 2)})

    def steps(self):
        return 5

    def batches(self, epoch, rng):
        for _ in range(5):
            x = rng.normal(size=(8, 4)).astype(np.float32)
            yield {"x": x, "y": x.sum(1, keepdims=True) + 1}

    def loss(self, model, batch, generator):
        error = model["used"](torch.from_numpy(batch["x"])) - torch.from_numpy(batch["y"])
        return {"loss": error.square().mean()}

    def validate(self, model):
        return {"error": float(model["used"].weight.sub(1).abs().mean())}


settings = OptimiserSettings(learning_rate=0.05, warmup_steps=0, gradient_clip=1.0)
recipe = Recipe(problem="line", epochs=3, batch_size=8, threads=1, ema=0.9,
                devices=int(sys.argv[2]), optimiser=settings)
train(Line(), recipe, Path(sys.argv[1]))
'''


class Pair(NamedTuple):
    """A batch as a named tuple."""

    images: Any
    boxes: Any


@dataclass(frozen=True)
class Crops:
    """A batch as a dataclass."""

    images: Any
    parts: tuple[Any, ...]


def test_a_batch_is_cut_wherever_its_arrays_lie() -> None:
    images = np.arange(6)
    crops = share(Crops(images, (torch.arange(6), Pair(images, images))), 1, 3)
    assert crops.images.tolist() == [2, 3]
    assert crops.parts[0].tolist() == [2, 3]
    assert crops.parts[1].boxes.tolist() == [2, 3]
    whole = {"x": images}
    assert share(whole, 0, 1) is whole


def test_batches_that_cannot_be_shared_are_named() -> None:
    with pytest.raises(TrainingError, match="a batch of 5 can't be cut into 2 equal parts"):
        share(np.arange(5), 0, 2)
    with pytest.raises(TrainingError, match="holds str"):
        share(["a", "b"], 0, 2)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"precision": "fp16"}, "fp16 needs a GPU"),
        ({"batch_size": 5, "devices": 2}, "batch of 5 can't be shared equally by 2 devices"),
        pytest.param(
            {"accelerator": "cuda"},
            "can't train on 1 device.* of 'cuda'",
            marks=pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU is here"),
        ),
    ],
)
def test_a_device_that_cannot_train_is_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(TrainingError, match=message) as caught:
        make_fabric(Recipe(problem="x", epochs=1, **changes))
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(sys.platform == "win32", reason="processes find each other over gloo")
def test_two_processes_train_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "line.py"
    program.write_text(PROGRAM, encoding="utf-8")
    command = [program, tmp_path / "two", "2"]
    subprocess.run([sys.executable, *command], check=True, capture_output=True, timeout=120)
    monkeypatch.setattr(sys, "argv", [str(program), str(tmp_path / "one"), "1"])
    runpy.run_path(str(program))
    one, two = (read_log(tmp_path / name / "log.jsonl") for name in ("one", "two"))
    assert [line["epoch"] for line in two] == [1, 2, 3]
    for alone, shared in zip(one, two, strict=True):
        for name in ("train_loss", "error"):
            assert shared[name] == pytest.approx(alone[name], rel=1e-5)
    assert two[-1]["error"] < two[0]["error"]
