"""docs/regression-of-anything.md, followed on pictures of ellipses with a length."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("onnxscript")
pytest.importorskip("onnxruntime")

PAGE = Path(__file__).parents[2] / "docs" / "regression-of-anything.md"
SIDE, PICTURES, FRAMES = 96, 200, 6
# A hundred steps instead of the page's two thousand: enough to tell long from short.
FEWER = "import edgereg_training.data.csv_recipe as c; c.STEPS = 90; "
MAIN = "import sys; from edgereg.cli.main import main; sys.exit(main(sys.argv[1:]))"


def ellipse(length: float, rng: np.random.Generator) -> np.ndarray:
    """An ellipse of `length` tenths of the side over a noisy ground, uint8 [SIDE, SIDE, 3]."""
    image = rng.integers(60, 110, (SIDE, SIDE, 3), np.uint8)
    centre = tuple(int(v) for v in SIDE / 2 + rng.uniform(-8, 8, 2))
    axes = int(length * SIDE / 240), 6
    cv2.ellipse(image, centre, axes, float(rng.uniform(0, 180)), 0, 360, (40, 200, 230), -1)
    return image


def edgereg(folder: Path, *arguments: object, before: str = "") -> str:
    """What the command prints."""
    paths = [str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
    settings = {
        "PYTHONPATH": os.pathsep.join(paths),
        "XDG_CONFIG_HOME": str(folder / "settings"),
        "XDG_CACHE_HOME": str(folder / "cache"),
    }
    done = subprocess.run(
        [sys.executable, "-c", before + MAIN, *map(str, arguments)],
        cwd=folder,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Pictures with their table, a clip whose ellipse grows, and the page's plugin."""
    rng = np.random.default_rng(0)
    (tmp_path / "photos").mkdir()
    lines = ["path,length_mm"]
    for k in range(PICTURES):
        length = rng.uniform(15, 110)
        cv2.imwrite(str(tmp_path / f"photos/{k:04d}.png"), ellipse(length, rng))
        lines.append(f"photos/{k:04d}.png,{length:.1f}")
    (tmp_path / "labels.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "clip").mkdir()
    for k, length in enumerate(np.linspace(20, 105, FRAMES)):
        cv2.imwrite(str(tmp_path / f"clip/{k:02d}.png"), ellipse(length, rng))
    blocks = re.findall(r"```\w+\n# (\S+)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    for name, text in blocks:
        (tmp_path / name).write_text(text, encoding="utf-8")
    info = tmp_path / "edgereg_length-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: edgereg-length\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[edgereg.plugins]\nlength = edgereg_length\n")
    return tmp_path


@pytest.mark.timeout(600)
def test_from_a_table_to_a_video(folder: Path) -> None:
    assert "200" in edgereg(folder, "data", "check", "labels.csv")
    target = ("--csv", "labels.csv", "--target", "length_mm:0:120:mm")
    assert "mae" in edgereg(folder, "train", *target, before=FEWER)
    edgereg(folder, "export", "runs/length_mm", "length-model")
    edgereg(folder, "run", "clip", "measured.mp4", "measured.jsonl", "--task", "length_mm")
    assert (folder / "measured.mp4").stat().st_size > 1000
    text = (folder / "measured.jsonl").read_text(encoding="utf-8")
    records = [json.loads(line) for line in text.splitlines()]
    lengths = [record["values"]["length_mm"] for record in records]
    assert np.corrcoef(lengths, np.linspace(20, 105, FRAMES))[0, 1] > 0.8
    for record in records:
        low, high = record["interval"]["length_mm"]
        assert low < record["values"]["length_mm"] < high
        assert record["units"]["length_mm"] == "mm"


def test_a_wrong_column_names_those_there_are(folder: Path) -> None:
    with pytest.raises(AssertionError, match=r"has no column 'lenght' \(it has length_mm\)"):
        edgereg(folder, "train", "--csv", "labels.csv", "--target", "lenght:0:1")


def test_numbers_outside_the_range_are_counted(folder: Path) -> None:
    with pytest.raises(AssertionError, match=r"of 200 numbers in 'length_mm' lie outside 0..50"):
        edgereg(folder, "train", "--csv", "labels.csv", "--target", "length_mm:0:50")
