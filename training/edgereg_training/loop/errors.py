"""The errors a user of the training package can meet; each message is one line."""

from edgereg.core.errors import EdgeregError


class RecipeError(EdgeregError):
    """A recipe can't be read, has an unknown key, or a value that can't work."""


class CheckpointError(EdgeregError):
    """A checkpoint is missing, incomplete, or of another model or recipe."""


class TrainingError(EdgeregError):
    """Training can't go on: the loss is not a number, or there is no data."""


class DivergedError(TrainingError):
    """The loss is not a number any more."""


class BackboneError(EdgeregError):
    """A backbone can't take these images, or its weights can't be had."""
