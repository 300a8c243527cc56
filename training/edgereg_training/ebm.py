"""Energy-based regression: likelihood and refinement; a promised import path."""

from edgereg_training.methods.ebm.likelihood import RULES, Proposal, log_partition, nll, refine

__all__ = [
    "RULES",
    "Proposal",
    "log_partition",
    "nll",
    "refine",
]
