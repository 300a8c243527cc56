"""Detection of any classes as a kind of problem."""

from __future__ import annotations

from edgereg_training.facts import TaskFacts
from edgereg_training.loop.problem import ProblemKind

OBJECTS = ProblemKind(
    make="edgereg_training.detection.objects.problem:problem",
    facts=TaskFacts(
        purpose="Finds the objects of its classes in a picture: a box and a class of each.",
        limits=("It knows pictures like those it was trained on, and no others.",),
        headline="ap_refined",
        more_is_better=True,
        measure="edgereg_training.detection.objects.evaluation:measure",
    ),
    cpu_only=True,
    with_data="edgereg_training.detection.objects.problem:with_data",
)
