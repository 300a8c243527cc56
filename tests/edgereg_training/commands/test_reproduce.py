"""`edgereg reproduce` from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

pytest.importorskip("torch")

from edgereg_training.commands.reproduce import command
from edgereg_training.reproduce import study
from edgereg_training.reproduce.context import Context
from edgereg_training.reproduce.report import Report, Table


def trial(context: Context) -> Report:
    """A study that says how it was called."""
    table = Table("Trial", ("quick", "jobs"), ((str(context.quick), context.jobs),))
    return Report((table,), ("It ran.",), "Nothing was trained.")


@pytest.fixture
def trial_study(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = study.Study("trial", "A trial", "Table 0", 0.1, 1, f"{__name__}:trial")
    monkeypatch.setitem(study.STUDIES, "trial", entry)
    monkeypatch.setattr(study, "resolve_name", lambda _: trial)


def test_a_study_is_run_and_written(trial_study: None, tmp_path: Path) -> None:
    options = ["trial", "--quick", "--jobs", "2", "--out", str(tmp_path), "--cache", str(tmp_path)]
    result = CliRunner().invoke(command, options)
    assert result.exit_code == 0, result.output
    text = (tmp_path / "trial.md").read_text(encoding="utf-8")
    assert "# A trial (Table 0)" in text
    assert "edgereg reproduce trial --quick" in text
    assert "| True | 2 |" in text


def test_a_record_of_own_data_stands_beside_the_other(trial_study: None, tmp_path: Path) -> None:
    data = tmp_path / "my_tub"
    data.mkdir()
    options = ["trial", "--data", str(data), "--out", str(tmp_path), "--cache", str(tmp_path)]
    result = CliRunner().invoke(command, options)
    assert result.exit_code == 0, result.output
    text = (tmp_path / "trial-my_tub.md").read_text(encoding="utf-8")
    assert "edgereg reproduce trial --data my_tub" in text
    assert not (tmp_path / "trial.md").exists()


def test_without_a_name_studies_are_listed(trial_study: None) -> None:
    result = CliRunner().invoke(command, [])
    assert result.exit_code == 0
    assert "trial" in result.output


def test_an_unknown_name_is_one_line(trial_study: None) -> None:
    result = CliRunner().invoke(command, ["nothing"])
    assert "there is no study 'nothing'" in str(result.exception)
