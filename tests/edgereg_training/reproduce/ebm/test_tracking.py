"""The study of losses in the tracker: what it says of given results."""

from __future__ import annotations

from edgereg_training.reproduce.ebm.tracking import FIGURES, findings
from edgereg_training.reproduce.ebm.tracking_fits import LENGTHS, LOSSES


def cells(*values: float) -> list[dict[str, float]]:
    return [dict.fromkeys(FIGURES, value) for value in values]


def test_findings_say_who_is_ahead_and_whether_intervals_touch() -> None:
    said = findings(
        {
            "ATOM": cells(0.60, 0.61, 0.60),
            "ATOM*": cells(0.60, 0.80, 0.70),
            "EBM": cells(0.70, 0.71, 0.70),
        }
    )
    assert len(said) == 2 * len(FIGURES)
    assert "EBM is ahead of ATOM, 0.703" in said[0]
    assert said[0].endswith("the intervals do not touch.")
    assert said[1].endswith("the intervals overlap.")
    worse = findings({"ATOM": cells(0.9), "ATOM*": cells(0.9), "EBM": cells(0.8)})
    assert worse[0].startswith("AUC: EBM is behind ATOM")


def test_every_loss_has_lengths_to_choose_from() -> None:
    assert set(LENGTHS) == set(LOSSES.values())
    assert min(LENGTHS["atom"])[0] > max(LENGTHS["nll"])[0]
