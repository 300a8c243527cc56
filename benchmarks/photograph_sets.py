"""Photographs made ready to train and measure the head detector on.

    python benchmarks/photograph_sets.py PHOTOGRAPHS ASSETS OUT

PHOTOGRAPHS holds london_ccby4, fairface_ccby4, backgrounds_cc0, panoramas_cc0 and coco_ccby;
ASSETS is the MakeHuman folder. OUT gets london/{train,test} (cut-out people and labels),
exchanged/ (the same people with others' faces and clothes, some turned away),
fairface/{train,val}.json, places/{train,test} (links to the pictures of every other panorama, so
that no place is in both) and pasted/ (people of the test split in places of the test split, with
labels). Nothing of it belongs into the project.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
from edgereg_training.detection.crops import CropSettings, bounded
from edgereg_training.detection.photographs.exchanged import ExchangeSources, prepare_exchanged
from edgereg_training.detection.photographs.fairface import prepare_fairface
from edgereg_training.detection.photographs.labels import LabelledPicture, write_labels
from edgereg_training.detection.photographs.london import prepare_london
from edgereg_training.detection.photographs.people import (
    PeopleSettings,
    load_cutouts,
    paste_people,
)
from edgereg_training.render.shards import HeadShardOptions, write_head_shards

LABELS = Path(__file__).parent / "labels" / "coco_ccby_heads.json"
# People with others' faces and clothes.
EXCHANGED = 3500
# Pictures with pasted people, their side in pixels, and what the people are like.
PASTED, SIDE = 400, 480
PEOPLE = PeopleSettings(smallest=0.04, largest=1.0, crowd=5, worn=0.0, turned=False)


def link(files: list[Path], folder: Path) -> None:
    """Links to files in a folder of their own."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        target = folder / file.name
        if not target.exists():
            target.symlink_to(file.resolve())


def split_places(photographs: Path, out: Path) -> None:
    """Every other panorama with all cuts of it; every other photograph without people."""
    cuts = sorted((photographs / "backgrounds_cc0").glob("*.jpg"))
    names = sorted({cut.stem.rpartition("_")[0] for cut in cuts})
    trained = set(names[::2])
    for split in ("train", "test"):
        mine = [
            cut for cut in cuts if (cut.stem.rpartition("_")[0] in trained) == (split == "train")
        ]
        link(mine, out / split)
    panoramas = sorted((photographs / "panoramas_cc0").glob("*.jpg"))
    link(
        [path for path in panoramas if any(path.stem.startswith(n) for n in trained)], out / "train"
    )
    content = json.loads(LABELS.read_text(encoding="utf-8"))
    peopled = {entry["image_id"] for entry in content["annotations"]}
    empty = [image["file_name"] for image in content["images"] if image["id"] not in peopled]
    link([photographs / "coco_ccby" / name for name in empty[::2]], out / "train")


def paste_test(london: Path, places: Path, out: Path) -> None:
    """People of the test split, 4 to 100 % of the picture, in places of the test split."""
    rng = np.random.default_rng(41)
    cutouts = load_cutouts(london / "test" / "labels.json")
    files = sorted(places.glob("*.jpg"))
    out.mkdir(parents=True, exist_ok=True)
    pictures = []
    for number in range(PASTED):
        place = cv2.imread(str(files[int(rng.integers(len(files)))]), cv2.IMREAD_COLOR_RGB)
        if place is None:
            raise SystemExit(f"{places}: a picture can't be read")
        large = np.asarray(cv2.resize(place, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC), np.uint8)
        scene = bounded(paste_people(large, cutouts, PEOPLE, rng), CropSettings(least=0.0))
        path = out / f"{number:04d}.png"
        cv2.imwrite(str(path), cv2.cvtColor(scene.image, cv2.COLOR_RGB2BGR))
        pictures.append(LabelledPicture(path, scene.boxes, scene.ignored))
    write_labels(out / "labels.json", pictures)


def main() -> None:
    """Write all sets; what is there is written anew."""
    parser = argparse.ArgumentParser(description="Photographs made ready for the head detector.")
    for name in ("photographs", "assets", "out"):
        parser.add_argument(name, type=Path)
    options = parser.parse_args()
    out = options.out
    heads = write_head_shards(
        HeadShardOptions(
            out / "heads", 3000, seed=3, identities=2000, assets=options.assets, size=96
        )
    )
    prepare_london(options.photographs / "london_ccby4", out / "london")
    prepare_fairface(
        options.photographs / "fairface_ccby4", options.assets, heads, out / "fairface"
    )
    split_places(options.photographs, out / "places")
    prepare_exchanged(
        ExchangeSources(
            out / "london" / "train" / "labels.json",
            options.photographs / "london_ccby4",
            options.photographs / "fairface_ccby4",
            out / "places" / "train",
        ),
        out / "exchanged",
        EXCHANGED,
    )
    paste_test(out / "london", out / "places" / "test", out / "pasted")


if __name__ == "__main__":
    main()
