"""The studies of energies: what is chosen and said, on small and made-up parts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from edgereg_training.methods.registry import parse_method  # noqa: E402
from edgereg_training.regression.data import Examples  # noqa: E402
from edgereg_training.reproduce.cells import Cells  # noqa: E402
from edgereg_training.reproduce.context import Context  # noqa: E402
from edgereg_training.reproduce.ebm import one_dimensional as ebm_1d  # noqa: E402
from edgereg_training.reproduce.ebm import refine as ebm_refine  # noqa: E402
from edgereg_training.reproduce.ebm import refine_fits as refine_cells  # noqa: E402
from edgereg_training.reproduce.ebm.toy.jets import PARAMETERS  # noqa: E402
from edgereg_training.reproduce.image_study import TASKS, Heads  # noqa: E402
from edgereg_training.reproduce.report import write_report  # noqa: E402


class FixedCells(Context):
    """A context that answers from a function of (name of the compute, key)."""

    def map(self, compute: Any, keys: Any, **constants: Any) -> Any:
        return [self.answer(compute.__name__, key, constants) for key in keys]

    def heads(self, count: int, split: str, *others: Any, **more: Any) -> Path:
        return Path(f"heads-{split}-{count}")

    def answer(self, name: str, key: Any, constants: Any) -> Any:
        raise NotImplementedError


def context(tmp_path: Path, answer: Any, quick: bool = True) -> Context:
    kind = type("Answering", (FixedCells,), {"answer": staticmethod(answer)})
    made: Context = kind(quick, Cells(tmp_path), tmp_path)
    return made


def toy_cell(name: str, key: Any, constants: Any) -> Any:
    trainer = key["protocol"]["trainer"]
    kl = {"nce+": 0.05, "dsm": 0.4}.get(trainer, 0.1) + 0.01 * key["seed"]
    theta = np.random.default_rng(0).normal(0, 0.1, PARAMETERS).tolist()
    return {"kl": kl, "kl_left": kl, "kl_right": kl, "theta": theta, "seconds": 1.0}


def test_the_1d_report_has_every_trainer_and_names_the_best(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    report = ebm_1d.run(context(tmp_path, toy_cell, quick=False))
    assert [row[0] for row in report.tables[0].rows] == list(ebm_1d.ARMS)
    best = report.tables[0].rows[0][3]
    assert best == pytest.approx(0.1 + 0.01 * 2)  # the best five of ten
    text = " ".join(report.findings)
    assert "nce+, the recommended trainer, is the best" in text
    assert f"{0.69995 / 0.12:.1f} times closer" in text
    written = write_report(report, "title", "command", tmp_path, "ebm-1d")
    assert written.is_file()
    assert (tmp_path / "ebm-1d.png").stat().st_size > 10_000


def refined_cell(name: str, key: Any, constants: Any) -> Any:
    """Refinement by 0.01 with ten steps is the best; 'direct, L2' (index 0) gets worse by any."""
    if name != "refine_cell":
        return {"validation": [[0.0]], "test": [[0.0]], "seconds": 1.0, "error": 12.34}
    count = len(constants["starts"])

    def errors(length: float, steps: int) -> Any:
        gain = 0.1 * steps * (2 if length == 0.01 else 1) * (length > 0)
        mean = [8.0 + gain if k == 0 else 8.0 - gain for k in range(count)]
        if not key["person"]:
            return mean
        wobble = np.random.default_rng(count).normal(0, 0.01, (count, 30))
        return (np.array(mean)[:, None] + wobble * (length > 0)).tolist()

    after = [[errors(a["step_length"], s) for s in key["taken"]] for a in key["ascents"]]
    return {"before": errors(0.0, 0), "after": after}


def test_the_best_ascents_are_chosen_and_exceptions_are_named(tmp_path: Path) -> None:
    report = ebm_refine.run(context(tmp_path, refined_cell))
    age = report.tables[0]
    assert [row[0] for row in age.rows] == [*refine_cells.baselines("age"), ebm_refine.OWN]
    assert age.rows[0][1:3] == (pytest.approx(8.0), pytest.approx(8.2, abs=0.01))
    assert age.rows[0][-1] == "T = 2, lambda = 0.003"  # the least harm
    assert age.rows[1][1:3] == (pytest.approx(8.0), pytest.approx(6.0, abs=0.01))
    assert age.rows[1][-1] == "T = 10, lambda = 0.01"
    assert "improves 12 of 13 baselines" in report.findings[0]
    assert "it makes worse: direct, L2. The paper's claim" in report.findings[0]
    assert "T = 10, lambda = 0.01" in report.findings[1]
    assert "the training median by 12.34" in report.findings[2]
    assert {row[1] for row in report.tables[2].rows} == set(ebm_refine.RULES)


def test_every_baseline_s_settings_are_known() -> None:
    assert set(refine_cells.LEVELS) == set(TASKS)
    for task in refine_cells.LEVELS:
        for options in (*refine_cells.baselines(task).values(), refine_cells.ENERGY):
            assert parse_method(options).name == options["name"]


def test_refinement_of_several_starts_counts_errors_by_person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On an untrained energy with no steps, errors are those of the starts."""
    images = np.random.default_rng(0).integers(0, 255, (6, 44, 44, 3)).astype(np.uint8)
    targets = np.array([[10.0], [20.0], [30.0], [40.0], [50.0], [60.0]], np.float32)
    data = Heads(Examples(images, targets, 2), np.array([7, 7, 9, 9, 9, 3], np.int32))
    monkeypatch.setattr(refine_cells, "load_heads", lambda folder, task: data)
    budget = {"epochs": 1, "batch_size": 3, "learning_rate": 1e-3, "weight_decay": 0.0,
              "backbone": "edge-xs"}  # fmt: skip
    energy = {
        "task": "age", "method": {**refine_cells.ENERGY, "samples": 4, "density_samples": 4},
        "budget": budget, "count": 6, "seed": 0, "train": "a", "validation": "b", "test": "c",
    }  # fmt: skip
    cell = refine_cells.train_energy(energy, tmp_path)
    assert np.array(cell["test"]).shape == (6, 1)
    assert len(list(tmp_path.glob("energy-age-*.safetensors"))) == 1
    ascent = {"rule": "algorithm-1", "step_length": 0.1, "steps": 2}
    key = {
        "energy": energy,
        "part": "test",
        "person": True,
        "ascents": [ascent],
        "taken": [0, 1, 2],
    }
    starts = [(targets + 1).tolist(), (targets - [[3], [3], [0], [0], [0], [1]]).tolist()]
    found = refine_cells.refine_cell(key, tmp_path, starts)
    np.testing.assert_allclose(found["before"], [[1, 1, 1], [1, 3, 0]], atol=1e-4)
    np.testing.assert_allclose(found["after"][0][0], found["before"], atol=1e-4)
    assert np.array(found["after"]).shape == (1, 3, 2, 3)
