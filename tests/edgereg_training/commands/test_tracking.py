"""`edgereg render tracking` and `edgereg evaluate tracking`: sequences made, followed, measured."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from edgereg_training.commands import evaluate, render

SMALL = ["--sequences", "1", "--frames", "5", "--stride", "1", "--width", "160", "--height", "120",
         "--sprites", "3"]  # fmt: skip


def test_rendered_sequences_are_measured(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    out, plot = tmp_path / "sequences", tmp_path / "success.png"
    made = CliRunner().invoke(render.command, ["tracking", str(out), *SMALL])
    assert made.exit_code == 0, made.output
    assert (out / "list.txt").read_text().split() == ["rendered-000000"]
    told = CliRunner().invoke(evaluate.command, ["tracking", str(out), "--plot", str(plot)])
    assert told.exit_code == 0, told.output
    for word in ("rendered-000000", "auc", "op50", "norm_precision", "fps"):
        assert word in told.output
    assert plot.stat().st_size > 5000


def test_folders_have_to_be_named() -> None:
    told = CliRunner().invoke(evaluate.command, ["tracking"])
    assert told.exit_code == 2
    assert "name the folders of sequences" in told.output
