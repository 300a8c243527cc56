"""Head detection as a kind of problem: how it is made, and what its models are judged by."""

from __future__ import annotations

from edgereg_training.facts import TaskFacts
from edgereg_training.loop.problem import ProblemKind
from edgereg_training.regression.targets import LIMITS

DETECTION = ProblemKind(
    make="edgereg_training.detection.problem:detection_problem",
    facts=TaskFacts(
        purpose="Finds human heads in a picture: a box round each, hair included.",
        limits=LIMITS,
        headline="ap_refined",
        more_is_better=True,
        measure="edgereg_training.detection.evaluation:measure",
        pictures="edgereg_training.detection.pictures:measure_pictures",
        test_data="edgereg_training.render.test_data:scenes",
    ),
    cpu_only=True,
)
