"""The data sets by name: import paths, so that nothing is imported before it is asked for."""

from __future__ import annotations

_HERE = "edgereg_training.data"
DATASETS: dict[str, str] = {
    "biwi": f"{_HERE}.biwi:BIWI",
    "300w-lp": f"{_HERE}.w300lp:W300LP",
    "aflw2000": f"{_HERE}.w300lp:AFLW2000",
    "cofw": f"{_HERE}.cofw:COFW",
    "300w": f"{_HERE}.w300:W300",
    "wflw": f"{_HERE}.wflw:WFLW",
    "aflw": f"{_HERE}.aflw:AFLW",
    "morph2": f"{_HERE}.age_lists:MORPH2",
    "agedb": f"{_HERE}.age_lists:AGEDB",
    "imdb-wiki": f"{_HERE}.age_lists:IMDB_WIKI",
    "afad": f"{_HERE}.afad:AFAD",
    "utkface": f"{_HERE}.utkface:UTKFACE",
    "coco": f"{_HERE}.coco:COCO",
    "voc": f"{_HERE}.voc:VOC",
    "nyud2": f"{_HERE}.nyud2:NYUD2",
    "breakfast": f"{_HERE}.breakfast:BREAKFAST",
    "csv": f"{_HERE}.csv_table:CSV",
}
