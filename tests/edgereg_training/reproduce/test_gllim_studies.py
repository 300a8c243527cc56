"""The studies of GLLiM: fits on made-up features, and reports that say what was found."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("matplotlib")

from edgereg_training.reproduce.cells import Cells  # noqa: E402
from edgereg_training.reproduce.context import Context  # noqa: E402
from edgereg_training.reproduce.gllim import components as gllim_k  # noqa: E402
from edgereg_training.reproduce.gllim import fits as gllim_cells  # noqa: E402
from edgereg_training.reproduce.gllim import forward as gllim_forward  # noqa: E402
from edgereg_training.reproduce.gllim import samples as gllim_samples  # noqa: E402
from edgereg_training.reproduce.gllim.features import QUICK, FeatureSet, Sources  # noqa: E402
from edgereg_training.reproduce.gllim.fits import FineTuning, Trial  # noqa: E402
from edgereg_training.reproduce.report import write_report  # noqa: E402
from edgereg_training.reproduce.statistics import difference  # noqa: E402

STUDIES = {"k": gllim_k, "forward": gllim_forward, "samples": gllim_samples}


def made_up(*_: Any) -> list[FeatureSet]:
    rng = np.random.default_rng(0)
    maps = rng.normal(size=(6, 80))
    sets = []
    for count in (300, 80, 80):
        poses = rng.normal(size=(count, 3)) * (30, 20, 10)
        basis = np.concatenate([poses / 20, np.sin(poses / 20)], axis=1)
        features = basis @ maps + 0.5 * rng.normal(size=(count, 80))
        sets.append(FeatureSet(features.astype(np.float32), poses.astype(np.float32)))
    return sets


def context_in(folder: Path) -> Context:
    return Context(True, Cells(folder / "cells" / "gllim-k"), folder / "data")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Made-up features instead of rendered heads, and few seeds."""
    size = replace(QUICK, seeds=3)
    sources = Sources({"biwi": ("a", "b", "c")}, "weights")
    monkeypatch.setattr(gllim_cells, "size_of", lambda context: size)
    monkeypatch.setattr(gllim_cells, "prepare", lambda context, distributions: sources)
    monkeypatch.setattr(gllim_cells, "feature_sets", made_up)


@pytest.mark.usefixtures("small")
def test_closed_forms_learn_and_are_kept(tmp_path: Path) -> None:
    context = context_in(tmp_path)
    trials = [Trial(None, "biwi", 200), Trial(1, "biwi", 200), Trial(5, "biwi", 200)]
    errors = gllim_cells.run_trials(context, trials)
    spread = float(np.abs(made_up()[2].poses).mean())
    for trial in trials:
        assert len(errors[trial]) == 3
        assert max(errors[trial]) < 0.7 * spread
        assert len(set(errors[trial])) == 3, "each seed has its own examples"
    assert len(list((tmp_path / "cells" / "gllim").glob("*.json"))) == 9
    assert gllim_cells.run_trials(context, trials) == errors


@pytest.mark.usefixtures("small")
def test_fewer_examples_are_worse(tmp_path: Path) -> None:
    few, many = Trial(1, "biwi", 90), Trial(1, "biwi", 290)
    errors = gllim_cells.run_trials(context_in(tmp_path), [few, many])
    assert difference(errors[few], errors[many]).mean > 0


def test_keys_tell_trials_apart() -> None:
    trials = [
        Trial(None, "biwi", 100), Trial(1, "biwi", 100), Trial(1, "biwi", 100, deep=True),
        Trial(None, "biwi", 100, deep=True), Trial(1, "biwi", 100, covariance="full"),
        Trial(1, "biwi", 99), Trial(2, "biwi", 100),
    ]  # fmt: skip
    sources = Sources({"biwi": ("a", "b", "c")}, "weights")
    keys = [str(gllim_cells._keys(trial, QUICK, sources)[0]) for trial in trials]
    assert len(set(keys)) == len(trials)
    assert asdict(QUICK)["seeds"] == QUICK.seeds


def fake(error_of: Any) -> Any:
    def run_trials(context: Any, trials: Any) -> dict[Trial, list[float]]:
        return {t: [error_of(t) + wobble for wobble in (0.0, 0.01, 0.02)] for t in trials}

    return run_trials


@pytest.mark.parametrize("name", list(STUDIES))
def test_reports_are_written(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = STUDIES[name]
    monkeypatch.setattr(study, "run_trials", fake(lambda t: 5.0 + (t.components or 0) / 10))
    report = study.run(context_in(tmp_path))
    path = write_report(report, "Title", "command", tmp_path, name)
    assert (tmp_path / f"{name}.png").stat().st_size > 5000
    text = path.read_text(encoding="utf-8")
    assert "nan" not in text
    assert "5.10" in text or "5.11" in text


@pytest.mark.parametrize(("best", "verdict"), [(2, "K = 2 does beat"), (1, "does not beat")])
def test_the_verdict_on_k_follows_the_errors(
    best: int, verdict: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        gllim_k, "run_trials", fake(lambda t: 5.0 + 0.5 * abs((t.components or 0) - best))
    )
    findings = gllim_k.run(context_in(tmp_path)).findings
    assert any(verdict in finding for finding in findings)
    assert any(f"K = {best} has the least error" in finding for finding in findings)


@pytest.mark.parametrize(
    ("inverse", "verdict"),
    [(4.0, "inverse regression is better"), (6.0, "forward regression is better")],
)
def test_the_verdict_on_the_direction_follows_the_errors(
    inverse: float, verdict: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        gllim_forward, "run_trials", fake(lambda t: 5.0 if t.components is None else inverse)
    )
    findings = gllim_forward.run(context_in(tmp_path)).findings
    assert sum(verdict in finding for finding in findings) == 6


def test_an_epoch_of_fine_tuning_has_its_steps_whatever_the_examples() -> None:
    class Three:
        def batches(self, epoch: int, rng: Any) -> Any:
            return iter([1, 2, 3])

    problem = FineTuning(Three(), Path("none"), 7)  # type: ignore[arg-type]
    rng = np.random.default_rng(0)
    assert list(problem.batches(0, rng)) == [1, 2, 3, 1, 2, 3, 1]
    assert problem.steps() == 7
