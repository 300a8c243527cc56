"""The module of a plugin whose task finds VALUE in every frame, for tests that edit it."""

from __future__ import annotations

TASK = """
    import numpy as np
    from edgereg.api import Predictions, hookimpl, scalar

    class Odd:
        name, title, upstream, model = "odd", "An odd one", None, None

        def kinds(self, spec):
            return (scalar("odd"),)

        def open(self, model, settings):
            return self

        def step(self, frame, regions, prompts):
            values = np.full((1, 1), VALUE, np.float32)
            return Predictions("odd", "m", self.kinds(None), values, np.ones(1, np.float32))

        def reset(self, why):
            pass

        def marks(self, predictions, size):
            return []

    @hookimpl
    def edgereg_tasks():
        return [Odd()]
"""
