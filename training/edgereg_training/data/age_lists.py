"""Ages by lists: MORPH-II, AgeDB and IMDB-WIKI, the latter two as their imbalanced benchmarks
(AgeDB-DIR, IMDB-WIKI-DIR of "Delving into Deep Imbalanced Regression", ICML 2021).

A list is a CSV with a header that names at least `age` and `path`, and `split` ('train', 'val',
'test') where the benchmark fixes it. Without that column the split is drawn by person.
"""

from __future__ import annotations

import csv
from functools import partial
from pathlib import Path

from edgereg_training.data.dataset import DataSet, DataSetError, Sample, lines_of, number, picture
from edgereg_training.data.splits import drawn, with_shots

# Of lists without a column `split`: shares of the validation and the test pictures.
VALIDATION, TEST = 0.1, 0.1


def _list(names: tuple[str, ...], folder: Path) -> Path | None:
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _recognises(names: tuple[str, ...], folder: Path) -> bool:
    return _list(names, folder) is not None


def _load(names: tuple[str, ...], folder: Path, split: str) -> list[Sample]:
    path = _list(names, folder) or folder / names[0]
    rows = read_list(path)
    samples = [_sample(folder, row) for row in rows]
    given = [row.get("split", "") for row in rows]
    if any(given):
        pairs = list(zip(samples, given, strict=True))
        chosen = [sample for sample, own in pairs if own == split]
        train = [sample for sample, own in pairs if own == "train"]
    else:
        chosen = drawn(samples, split, VALIDATION, TEST)
        train = drawn(samples, "train", VALIDATION, TEST)
    return with_shots(chosen, (float(sample.labels["age"]) for sample in train))


def read_list(path: Path) -> list[dict[str, str]]:
    """The rows of a list; DataSetError where a column is missing or an age is no number."""
    reader = csv.DictReader(lines_of(path))
    columns = tuple(reader.fieldnames or ())
    missing = [name for name in ("age", "path") if name not in columns]
    if missing:
        raise DataSetError(f"{path}: expected columns age and path, found {', '.join(columns)}")
    rows = list(reader)
    for line, row in enumerate(rows, start=2):
        try:
            float(row["age"])
        except (TypeError, ValueError) as error:
            raise DataSetError(f"{path}, line {line}: age '{row['age']}' is no number") from error
    return rows


def _sample(folder: Path, row: dict[str, str]) -> Sample:
    image = folder / row["path"]
    return Sample(
        name=row["path"],
        file=image,
        read=picture(image),
        labels={"age": number(row["age"])},
        person=row.get("person") or row.get("identity") or _morph_person(image),
    )


def _morph_person(image: Path) -> str:
    """MORPH's files are person_picture + sex + age: 009055_1M54.JPG."""
    person, _, rest = image.stem.partition("_")
    return person if person.isdigit() and rest[:1].isdigit() and rest[-1:].isdigit() else ""


def _dataset(name: str, title: str, *names: str) -> DataSet:
    return DataSet(
        name=name,
        title=title,
        splits=("train", "val", "test"),
        labels=("age",),
        layout=f"{names[0]} with columns age, path (and split), and the pictures it names",
        recognises=partial(_recognises, names),
        load=partial(_load, names),
        notes="subsets many, medium and few by the training pictures of an age",
    )


MORPH2 = _dataset("morph2", "MORPH-II", "morph2.csv", "morph.csv", "MORPH_Album2.csv")
AGEDB = _dataset("agedb", "AgeDB-DIR", "agedb.csv")
IMDB_WIKI = _dataset("imdb-wiki", "IMDB-WIKI-DIR", "imdb_wiki.csv")
