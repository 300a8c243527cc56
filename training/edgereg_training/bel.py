"""Binary-encoded labels (BEL): codes, decoders, losses; a promised import path."""

from edgereg_training.methods.bel.code_words import (
    DECODERS,
    Bottleneck,
    Quantiser,
    decode,
    decode_words,
    expected_level,
    loss,
)
from edgereg_training.methods.bel.codes import code_matrix

__all__ = [
    "DECODERS",
    "Bottleneck",
    "Quantiser",
    "code_matrix",
    "decode",
    "decode_words",
    "expected_level",
    "loss",
]
