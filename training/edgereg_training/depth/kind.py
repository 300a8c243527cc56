"""Depth as a kind of problem: how it is made, and what its models are judged by."""

from __future__ import annotations

from edgereg_training.facts import TaskFacts
from edgereg_training.loop.problem import ProblemKind

DEPTH = ProblemKind(
    make="edgereg_training.depth.problem:problem",
    facts=TaskFacts(
        purpose="Tells how far away everything in a picture of a room is: a coarse map of metres.",
        reading=(
            "Depth is along the camera's axis, row by row from the upper left corner; the map is\n"
            "stretched over the frame. Standard deviations and 90 % intervals are of each cell."
        ),
        limits=(
            "An example of regression of maps, small and trained on rendered rooms where its\n"
            "card says so: on real rooms it sees what is near and what is far, not metres.",
            "The size of things is told from one picture, whose field of view it does not know.",
            "Never use it to keep a machine from running into something.",
        ),
        headline="rmse",
        measure="edgereg_training.depth.evaluation:measure",
        test_data="edgereg_training.depth.rooms:test_data",
        heads=False,
    ),
    cpu_only=True,
    with_data="edgereg_training.loop.recipe:with_folders",
)
