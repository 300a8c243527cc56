"""docs/train-in-five-minutes.md: its commands run, with fewer heads and epochs."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

torch = pytest.importorskip("torch")

from edgereg_training import plugin  # noqa: E402
from edgereg_training.commands.train import RECIPES  # noqa: E402
from edgereg_training.loop.log import read_log  # noqa: E402

COMMANDS = {command.name: command for command in plugin.edgereg_commands()}
PAGE = Path(__file__).parents[3] / "docs" / "train-in-five-minutes.md"
# In place of the page's counts of heads and seeds.
COUNTS = {"5000": "64", "500": "16", "1000": "16", "3": "2"}


def commands() -> list[list[str]]:
    """The page's indented command lines, without the program's name."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    return [shlex.split(line)[1:] for line in lines if line.startswith("    edgereg ")]


def run(arguments: list[str]) -> Result:
    name, *rest = (COUNTS.get(argument, argument) for argument in arguments)
    if name == "evaluate":
        rest += ["--cache", "cache"]
    done = CliRunner().invoke(COMMANDS[name], rest, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done


def short_recipe(path: Path) -> None:
    """The shipped recipe with two short epochs of a narrow network."""
    content = yaml.safe_load((RECIPES / "headpose-quick.yaml").read_text(encoding="utf-8"))
    content["epochs"] = 2
    content["optimiser"]["warmup_steps"] = 0
    content["batch_size"] = 16
    content["options"]["backbone"] |= {"widths": [8, 8, 16], "features": 16}
    path.write_text(yaml.safe_dump(content), encoding="utf-8")


def test_the_page_s_commands_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    # A file of this name in the working folder goes before the shipped recipe.
    short_recipe(tmp_path / "headpose-quick")
    short_recipe(tmp_path / "my-recipe.yaml")
    outputs = {" ".join(arguments): run(arguments).output for arguments in commands()}
    assert len(outputs) == 7
    assert "--resume" in outputs["train --help"]
    assert "mae" in outputs["train headpose-quick"]
    assert len(read_log(tmp_path / "runs" / "headpose-quick" / "log.jsonl")) == 2
    measured = outputs["evaluate runs/headpose-quick --count 1000"]
    for figure in ("mae_refined", "mae_change", "coverage90", "95 % low"):
        assert figure in measured
    assert (
        "Set in the recipe: optimiser" in outputs["train my-recipe.yaml --find-lr 1e-3,3e-3,1e-2"]
    )
    assert (tmp_path / "runs" / "my-recipe" / "seeds.json").is_file()


def test_a_run_of_another_problem_and_record_are_refused(tmp_path: Path) -> None:
    (tmp_path / "checkpoints").mkdir()
    refused = CliRunner().invoke(COMMANDS["evaluate"], [str(tmp_path), "--record"])
    assert refused.exit_code == 2
    assert "no model.json to record in" in refused.output


def test_options_that_do_not_go_together(tmp_path: Path) -> None:
    for wrong in (["--seeds", "2", "--find-lr", "1e-3"], ["--find-lr", "1e-3,fast"]):
        failed = CliRunner().invoke(COMMANDS["train"], ["headpose-quick", *wrong])
        assert failed.exit_code == 2
