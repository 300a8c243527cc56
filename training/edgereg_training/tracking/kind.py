"""Tracking as a kind of problem: how it is made, and what its models are judged by."""

from __future__ import annotations

from edgereg_training.facts import TaskFacts
from edgereg_training.loop.problem import ProblemKind

TRACKING = ProblemKind(
    make="edgereg_training.tracking.problem:tracking_problem",
    facts=TaskFacts(
        purpose=(
            "Follows whatever is in a box of the first frame: predict gives maps of a search "
            "region, code and condition what is known of the object, refine the boxes' ascent."
        ),
        limits=(
            "Trained on rendered motion of things cut from photographs; thin and see-through "
            "things, and parts without an edge of their own, are harder.",
            "What turns its back may change so much that it is lost.",
            "It does not identify anybody.",
        ),
        headline="auc",
        more_is_better=True,
        measure="edgereg_training.tracking.evaluation:measure",
    ),
    cpu_only=True,
)
