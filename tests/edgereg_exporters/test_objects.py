"""A Faster R-CNN with its proposals as one graph, its boxes climbed in another, against torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from edgereg_exporters.export import Description, export_model
from edgereg_training.detection.objects.problem import ObjectsOptions, model_of
from edgereg_training.loop.checkpoint import Checkpoint, State, write_checkpoint
from edgereg_training.loop.recipe import Recipe

import edgereg

OPTIONS = {
    "data": "cells", "classes": ["red", "white"], "long_side": 96, "channels": 16,
    "backbone": "mobilenetv3_small_050", "pretrained": False,
    "runtime": {"score_threshold": 0.0, "guided_nms": True},
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    recipe = Recipe(problem="objects", epochs=1, options=OPTIONS)
    model = model_of(ObjectsOptions.model_validate(OPTIONS))
    place = tmp_path_factory.mktemp("run")
    state = State(epoch=1, step=1, metrics={"error": 1.0}, best=1.0, best_epoch=1)
    write_checkpoint(place, Checkpoint(state, recipe, model.state_dict(), {}))
    return place


def test_graphs_equal_torch_and_the_task_runs_them(folder: Path, tmp_path: Path) -> None:
    done = export_model(folder, tmp_path / "model", Description("cells"))
    spec = done.folder.spec
    assert spec.classes == ("red", "white")
    assert spec.training_data == "Annotated pictures: cells"
    assert {d.graph for d in done.differences} == {"predict", "refine", "density", "spread"}
    assert max(d.relative for d in done.differences) < 1e-4

    image = np.random.default_rng(0).integers(0, 255, (90, 140, 3), dtype=np.uint8)
    found = edgereg.predict(image, "detection", models=tmp_path / "model", steps=2)
    assert len(found)
    assert {one.label for one in found} <= {"red", "white"}
    assert found.refinement is not None
    assert found.std is not None
    assert (found.std > 0).all()
