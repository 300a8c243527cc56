"""Progress as a kind of problem: how it is made, and what its models are judged by."""

from __future__ import annotations

from edgereg_training.facts import TaskFacts
from edgereg_training.loop.problem import ProblemKind

PROGRESS = ProblemKind(
    make="edgereg_training.progress.problem:problem",
    facts=TaskFacts(
        purpose="Tells how far somebody's activity has come, from its first picture on.",
        reading=(
            "0 is the beginning of the clip, 100 its end; the interval holds the central 90 % of\n"
            "the predicted density. It remembers what it saw: after a jump it begins anew."
        ),
        limits=(
            "An example of a number of a whole clip, small and trained on rendered activities\n"
            "where its card says so: of real activities it knows nothing.",
            "It knows the activities it was trained on, seen as there, and no others.",
            "Where a clip shows no activity its answer means nothing.",
        ),
        headline="mae",
        measure="edgereg_training.progress.evaluation:measure",
        test_data="edgereg_training.progress.activities:test_data",
        heads=False,
    ),
    cpu_only=True,
    with_data="edgereg_training.loop.recipe:with_folders",
)
