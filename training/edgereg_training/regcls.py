"""Regression with classes: equalisation and losses; a promised import path."""

from edgereg_training.methods.regcls.classes import (
    IGNORED,
    Classes,
    Equalised,
    classification_loss,
    equalise,
    equalise_histogram,
    equalised_classes,
    label,
    thin,
    uniform_classes,
    weighted,
)

__all__ = [
    "IGNORED",
    "Classes",
    "Equalised",
    "classification_loss",
    "equalise",
    "equalise_histogram",
    "equalised_classes",
    "label",
    "thin",
    "uniform_classes",
    "weighted",
]
