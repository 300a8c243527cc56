"""Gaussian locally-linear mapping; a promised import path."""

from edgereg_training.methods.gllim.fit import GLLiM

__all__ = ["GLLiM"]
