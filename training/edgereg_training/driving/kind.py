"""Driving as a kind of problem: how it is made, and what its models are judged by."""

from __future__ import annotations

from edgereg_training.facts import TaskFacts
from edgereg_training.loop.problem import ProblemKind

DRIVING = ProblemKind(
    make="edgereg_training.driving.problem:problem",
    facts=TaskFacts(
        purpose="Tells how to steer so as to keep the lane, from a camera that looks ahead.",
        reading=(
            "Positive angles steer to the right. Without a unit they are shares of full lock,\n"
            "-1 to 1; the interval holds the central 90 % of the predicted density."
        ),
        limits=(
            "It imitates the drives it was trained on: it does not brake, and knows no traffic.",
            "It is meant for model cars, simulators and study, not for cars on public roads.",
            "Roads, cameras and light that it has not seen make its angles and intervals wrong.",
        ),
        headline="mae",
        measure="edgereg_training.driving.evaluation:measure",
        test_data="edgereg_training.driving.roads:test_data",
        heads=False,
    ),
    with_data="edgereg_training.driving.problem:with_data",
)
