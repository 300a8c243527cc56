"""Where identities come from: built when first needed, a bounded number kept."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

from edgereg_training.render.assets import load_assets
from edgereg_training.render.identity import Identity
from edgereg_training.render.person import build_identity
from edgereg_training.render.photographed import load_photographed
from edgereg_training.render.standin import standin_identity


class Cast:
    """Identities by number, from the asset folder, or stand-ins where there is none.

    photographs: the folder of photographed materials, see `photographed`.
    """

    def __init__(
        self,
        assets: Path | None = None,
        cache_dir: Path | None = None,
        keep: int = 64,
        photographs: Path | None = None,
    ) -> None:
        self._assets = None if assets is None else load_assets(assets, cache_dir)
        self.photographed = (
            None
            if photographs is None or self._assets is None
            else load_photographed(photographs.resolve(), self._assets)
        )
        self._keep = keep
        self._ready: OrderedDict[int, Identity] = OrderedDict()

    def __getitem__(self, number: int) -> Identity:
        if number in self._ready:
            self._ready.move_to_end(number)
            return self._ready[number]
        who = (
            standin_identity(number)
            if self._assets is None
            else build_identity(self._assets, number, self.photographed)
        )
        self._ready[number] = who
        while len(self._ready) > self._keep:
            self._ready.popitem(last=False)
        return who
