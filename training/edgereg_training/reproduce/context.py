"""What a study is given: how large to be, where finished cells lie, processes, rendered heads."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from edgereg_training.reproduce.cells import Cell, Cells, Key

Compute: TypeAlias = Callable[..., Cell]
# (done, total, text beside the bar)
Progress: TypeAlias = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Context:
    """quick: the form of minutes instead of the form for the record. jobs: processes, of one
    thread each. assets: the MakeHuman folder, None for stand-in heads. data: folder of rendered
    data. given: data of the user's own, for the studies that take some."""

    quick: bool
    cells: Cells
    data: Path
    assets: Path | None = None
    jobs: int = 1
    progress: Progress = lambda done, total, text: None
    given: Path | None = None

    def map(self, compute: Compute, keys: Sequence[Key], **constants: Any) -> list[Cell]:
        """`compute(key, **constants)` of every key, in the keys' order; finished cells are read.

        compute: a function of a module, so that other processes find it. constants: what does not
        decide the result, such as folders. A failure is raised once the cells that run are done.
        """
        found: dict[int, Cell | None] = {i: self.cells.read(key) for i, key in enumerate(keys)}
        missing = [index for index, cell in found.items() if cell is None]
        done = len(keys) - len(missing)
        self.progress(done, len(keys), "")
        work = partial(_compute, partial(compute, **constants), self.cells)
        for index, cell in _results(work, keys, missing, self.jobs):
            found[index] = cell
            done += 1
            self.progress(done, len(keys), "")
        return [kept for index in range(len(keys)) if (kept := found[index]) is not None]

    def heads(
        self,
        count: int,
        split: str,
        distribution: str = "biwi",
        seed: int = 7,
        identities: int = 3000,
        people: int = 300,
    ) -> Path:
        """A folder of `count` rendered heads of 64 px (see `render.shards`), made where it is
        not there yet. The three splits have disjoint identities; ages are theirs."""
        from edgereg_training.render import shards

        source = "stand-in" if self.assets is None else "makehuman"
        name = (
            f"heads-{source}-{split}-{distribution}-{count}"
            f"-i{identities}p{people}s{seed}-v{shards.RENDERER_VERSION}"
        )
        options = shards.HeadShardOptions(
            out=self.data / name, count=count, size=64, seed=seed, split=split,
            identities=identities, distribution=distribution, assets=self.assets,
            shard_size=2000, people=people, fill=(0.58, 0.82),
        )  # fmt: skip
        return shards.write_head_shards(options, lambda d, n: self.progress(d, n, "render heads"))


def _compute(compute: Compute, cells: Cells, key: Key) -> Cell:
    """One cell, kept by the process that made it: nothing is lost when another one fails."""
    cell = compute(key)
    cells.write(key, cell)
    return cell


def _results(
    work: Callable[[Key], Cell], keys: Sequence[Key], missing: Sequence[int], jobs: int
) -> Iterator[tuple[int, Cell]]:
    if jobs == 1 or len(missing) < 2:
        for index in missing:
            yield index, work(keys[index])
        return
    # spawn: a fork of a process with torch's threads can hang.
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(jobs, len(missing)), spawn, _one_thread) as pool:
        futures = {pool.submit(work, keys[index]): index for index in missing}
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)
