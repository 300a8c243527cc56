"""A split of a data set as an entry of a recipe: `{set: biwi, folder: data/biwi, split: train}`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import Field

from edgereg_training.data.cache import Cut, cached
from edgereg_training.data.dataset import DataSet
from edgereg_training.loop.recipe import Strict
from edgereg_training.registry import find


class SetPart(Strict):
    """set: a name of `edgereg data list`. folder: where it lies (of `csv`: the table). split: one
    of the set's. cache: where its crops are kept; None: in the user's cache folder. limit: so many
    samples at most, evenly spread; None: all."""

    set: str
    folder: Path
    split: str = "train"
    cache: Path | None = None
    limit: int | None = Field(default=None, gt=0)

    def dataset(self) -> DataSet:
        """The set; RecipeError where there is none of this name."""
        found: DataSet = find("datasets", self.set)
        return found

    def shards(self, cut: Cut) -> Path:
        """The split's crops, made where they are not there yet; see `cache.cached`."""
        import platformdirs

        from edgereg_training.commands.progress import progress_bar

        place = self.cache or Path(platformdirs.user_cache_path("edgereg")) / "data"
        with progress_bar(f"crops of {self.set} {self.split}") as report:
            return cached(
                self.dataset(),
                self.folder,
                self.split,
                cut,
                place,
                lambda done, total: report(done, total, ""),
                self.limit,
            )


def shards_of(parts: Sequence[Path | SetPart], cut: Cut) -> list[Path]:
    """Folders of shards: those that are given as such, and the crops of data sets."""
    return [part if isinstance(part, Path) else part.shards(cut) for part in parts]
