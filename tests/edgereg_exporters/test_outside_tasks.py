"""Two tasks of an outside package, from rendered data to a table of a clip: five points of a face,
and a steering angle. Nothing of edgereg knows either: training, export and run find them through
the package's entry point."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

pytest.importorskip("torch")
pytest.importorskip("onnxscript")
pytest.importorskip("onnxruntime")

DEMO = Path(__file__).parents[2] / "edgereg" / "assets" / "demo.mp4"

# What edgereg imports on every start.
PLUGIN = """
from pathlib import Path
from edgereg.api import hookimpl

@hookimpl
def edgereg_targets():
    return {"five": "outside_targets:FiveSettings", "steer": "outside_targets:SteerSettings"}

@hookimpl
def edgereg_tasks():
    from outside_tasks import Five, Steer
    here = Path(__file__).parent
    return [Five(here / "five-model"), Steer(here / "steer-model")]
"""
TARGETS = '''
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from edgereg.api import Target
from edgereg_training.facts import TaskFacts
from edgereg_training.regression.target import (
    ImagePoints, Negated, TargetSettings, TrainingTarget,
)

class FromLandmarks(TrainingTarget):
    """Eyes, tip of the nose and corners of the mouth, from the 68 points that are rendered."""

    def of_pictures(self, shard):
        points = np.asarray(shard["landmarks"], np.float32).reshape(-1, 68, 2)
        eyes = [points[:, 36:42].mean(1), points[:, 42:48].mean(1)]
        five = np.stack([*eyes, points[:, 30], points[:, 48], points[:, 54]], axis=1)
        return five.reshape(len(five), 10)

class FiveSettings(TargetSettings):
    name: Literal["five"] = "five"
    facts: ClassVar = TaskFacts(purpose="Places five points of a face.")

    def described(self, size):
        names = [f"{axis}{point}" for point in range(5) for axis in "xy"]
        values = tuple(Target(name=n, unit="px", low=0, high=size) for n in names)
        mirrored = ImagePoints((1, 0, 2, 4, 3))
        return FromLandmarks("five", "landmarks", values, mirrored, facts=self.facts)

class SteerSettings(TargetSettings):
    name: Literal["steer"] = "steer"
    facts: ClassVar = TaskFacts(purpose="Tells how to steer.")

    def described(self, size):
        value = Target(name="steer", unit="share", low=-1, high=1)
        return TrainingTarget("steer", "turn", (value,), Negated(), facts=self.facts)
'''
TASKS = """
import numpy as np
from edgereg.api import Points, Predictions, Prepared, Proposal, Scalars, square_crops

class Steer:
    name, title, upstream = "steer", "How to steer", None

    def __init__(self, model):
        self.model = model

    def kinds(self, spec):
        return (Scalars(spec.targets),)

    def prepare(self, frame, regions, spec):
        whole = np.array([[0, 0, *frame.size]], np.float32)
        return Prepared(*square_crops(frame.image, whole, spec.input.width, 1.0), None, frame.size)

    def propose(self, outputs, prepared, spec):
        values, std = outputs["values"][:, None], outputs["std"][:, None]
        return Proposal(values, np.ones(values.shape[:2], np.float32), std=std)

    def conclude(self, proposal, refinement, prepared, spec):
        found, std = proposal.initial[:, 0], proposal.std[:, 0]
        scores = proposal.scores[:, 0]
        return Predictions(self.name, spec.name, self.kinds(spec), found, scores, std=std)

    def marks(self, predictions, size):
        return []

class Five(Steer):
    name, title, upstream = "five", "Five points of a face", "detection"

    def kinds(self, spec):
        return (Points(("eye_r", "eye_l", "nose", "mouth_r", "mouth_l")),)

    def prepare(self, frame, regions, spec):
        crops = square_crops(frame.image, regions.boxes, spec.input.width, spec.input.crop_scale)
        return Prepared(*crops, regions.boxes, frame.size)

    def conclude(self, proposal, refinement, prepared, spec):
        inside = proposal.initial[:, 0].reshape(-1, 5, 2)
        points = inside / prepared.scale[:, None] + prepared.origin[:, None]
        flat = points.reshape(-1, 10).astype(np.float32)
        scores, boxes = proposal.scores[:, 0], prepared.regions
        return Predictions(self.name, spec.name, self.kinds(spec), flat, scores, boxes)
"""
# One process for every step, each the command that a user types.
STEPS = '''
import sys
from pathlib import Path
import numpy as np
from edgereg.cli.main import main
from edgereg_training.render.shards import HeadShardOptions, write_head_shards
from edgereg_training.render.tracks import draw_track

here, demo = Path(sys.argv[1]), sys.argv[2]

def command(*words):
    try:
        main([str(word) for word in words])
    except SystemExit as left:
        assert not left.code, words

heads = HeadShardOptions(out=here / "heads", count=24, size=48, identities=6, people=2)
write_head_shards(heads)
views = [draw_track(np.random.default_rng(n), height=48, width=48) for n in range(24)]
(here / "roads").mkdir()
np.savez(
    here / "roads" / "shard-00000.npz",
    images=np.stack([view.image for view in views]),
    turn=np.float32([view.steering for view in views]),
    box=np.tile(np.float32([0, 0, 48, 48]), (24, 1)),
)
manifest = '{"kind": "heads", "count": 24, "shards": 1, "options": {"shard_size": 24}}'
(here / "roads" / "manifest.json").write_text(manifest)
for target, data in (("five", "heads"), ("steer", "roads")):
    recipe = here / f"{target}.yaml"
    recipe.write_text(f"""
problem: regression
epochs: 2
batch_size: 8
threads: 1
options:
  target: {target}
  size: 32
  method: {{name: gaussian}}
  backbone: {{name: edge-xs, widths: [8], features: 12}}
  train: [{here / data}]
  validation: [{here / data}]
""")
    command("train", recipe, "--out", here / f"{target}-run")
    command("export", here / f"{target}-run", here / f"{target}-model")
command("run", demo, here / "out.csv", here / "out.jsonl", "--task", "five", "--task", "steer",
        "--limit", 3, "--engine", "cpu")
'''


@pytest.mark.timeout(170)
def test_from_rendered_data_to_a_table(tmp_path: Path) -> None:
    for name, text in {"plugin": PLUGIN, "targets": TARGETS, "tasks": TASKS}.items():
        (tmp_path / f"outside_{name}.py").write_text(dedent(text), encoding="utf-8")
    (tmp_path / "steps.py").write_text(STEPS, encoding="utf-8")
    info = tmp_path / "outside-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: outside\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[edgereg.plugins]\noutside = outside_plugin\n")
    places = {
        "PYTHONPATH": os.pathsep.join(filter(None, [str(tmp_path), os.getenv("PYTHONPATH")])),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
    }
    done = subprocess.run(
        [sys.executable, "steps.py", tmp_path, DEMO],
        cwd=tmp_path, env={**os.environ, **places}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Warning" not in done.stderr
    for task in ("five", "steer"):
        model = json.loads((tmp_path / f"{task}-model" / "model.json").read_text())
        assert model["task"] == task
    card = (tmp_path / "five-model" / "README.md").read_text(encoding="utf-8")
    assert "Places five points of a face." in card
    lines = (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    points = [record["values"]["points"] for record in records if record["task"] == "five"]
    assert points
    assert all(len(each) == 10 for each in points)
    steered = [r["values"]["steer"] for r in records if r["task"] == "steer"]
    assert len(steered) == 3
    with (tmp_path / "out.csv").open(encoding="utf-8") as file:
        columns = next(csv.reader(file))
    assert {"nose_x", "mouth_l_y", "steer"} <= {*columns}
