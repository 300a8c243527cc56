"""Precise RoI pooling; a promised import path."""

from edgereg_training.methods.ebm.prroi import prroi_pool

__all__ = ["prroi_pool"]
