"""The backbones: what turns images into features, by the names that recipes use.

`backbone` is the contract; `build("edge-xs", 48)` makes one.
"""

from edgereg_training.backbones.registry import build, parse_backbone

__all__ = ["build", "parse_backbone"]
