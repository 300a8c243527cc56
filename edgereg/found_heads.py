"""The heads in one frame of a source, as the boxes that a tracker begins with."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from edgereg.core.errors import EdgeregError
from edgereg.core.regions import Prompt

if TYPE_CHECKING:
    from edgereg.assembly import Choice
    from edgereg.core.arrays import Image
    from edgereg.plugins import Plugins

DETECTOR = "detection"


def frame_named(text: str) -> int | None:
    """The frame of `heads` or `heads@FRAME`; None of any other text."""
    found = re.fullmatch(r"heads(?:@(\d+))?", text.strip())
    return int(found.group(1) or 0) if found else None


def heads_as_prompts(
    plugins: Plugins, source: str, choice: Choice, frame: int = 0
) -> tuple[Prompt, ...]:
    """The heads that detection finds in a frame of a file, picture or folder, best first.

    Raises EdgeregError where the source is live or has no such frame, or nobody is seen in it.
    """
    from edgereg.assembly import models_of
    from edgereg.front_door import predict

    models = [folder for task, folder in models_of(choice).items() if task == DETECTOR]
    found = predict(
        _image(plugins, source, choice, frame),
        DETECTOR,
        models=models,
        engine=choice.engine,
        refine=choice.refine,
        size=choice.size,
        threshold=choice.threshold,
    )
    if not len(found):
        raise EdgeregError(f"--box heads: no head is found in frame {frame}; name another: heads@N")
    return tuple(Prompt((x1, y1, x2, y2), frame) for x1, y1, x2, y2 in found.values.tolist())


def _image(plugins: Plugins, source: str, choice: Choice, frame: int) -> Image:
    """One frame of a source that is opened for it."""
    from edgereg.assembly import open_origin

    opened = open_origin(plugins, source, replace(choice, limit=None))
    try:
        if opened.info.live:
            raise EdgeregError("--box heads: a live source has no frame to look at; use X,Y,W,H")
        if frame:
            opened.seek(frame)
        shown = next(iter(opened.frames()), None)
    finally:
        opened.close()
    if shown is None:
        raise EdgeregError(f"--box heads: the source has no frame {frame}")
    return shown.image
