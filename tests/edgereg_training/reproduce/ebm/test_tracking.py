"""The study of losses in the tracker: what it says of given results."""

from __future__ import annotations

from edgereg_training.reproduce.ebm.tracking import FIGURES, findings
from edgereg_training.reproduce.ebm.tracking_fits import LENGTHS, LOSSES


def cells(*values: float) -> list[dict[str, float]]:
    return [dict.fromkeys(FIGURES, value) for value in values]


def test_findings_compare_the_same_seeds_and_say_what_is_certain() -> None:
    said = findings(
        {
            "ATOM": cells(0.60, 0.81, 0.70),
            "ATOM*": cells(0.60, 0.80, 0.95),
            "EBM": cells(0.70, 0.90, 0.80),
        }
    )
    assert len(said) == 2 * len(FIGURES)
    assert said[0].startswith("AUC: EBM is ahead of ATOM, by 0.097 (0.08")
    assert said[1].startswith("AUC: EBM is not apart from ATOM*, by 0.017 (-0.")
    worse = findings({"ATOM": cells(0.9), "ATOM*": cells(0.7), "EBM": cells(0.8)})
    assert worse[0] == "AUC: EBM is behind ATOM, by -0.100."
    assert worse[1] == "AUC: EBM is ahead of ATOM*, by 0.100."


def test_every_loss_has_lengths_to_choose_from() -> None:
    assert set(LENGTHS) == set(LOSSES.values())
    assert min(LENGTHS["atom"])[0] > max(LENGTHS["nll"])[0]
