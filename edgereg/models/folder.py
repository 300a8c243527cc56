"""Model folders on disk: `model.json` beside its ONNX files, read with checks and written whole."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from edgereg.core.errors import ModelFolderError
from edgereg.core.files import replace_file
from edgereg.core.json_files import read_json
from edgereg.core.model_spec import SCHEMA_VERSION, Graph, GraphName, ModelSpec
from edgereg.models.onnx_file import outside_files

SPEC_FILE = "model.json"


@dataclass(frozen=True)
class ModelFolder:
    """A checked model folder: every graph it names is there and has the sha256 it declares."""

    path: Path
    spec: ModelSpec

    def has(self, graph: GraphName) -> bool:
        """Whether the model has this graph."""
        return graph in self.spec.graphs

    def graph_path(self, graph: GraphName) -> Path:
        """The ONNX file of a graph. Raises ModelFolderError if the model has no such graph."""
        if graph not in self.spec.graphs:
            raise ModelFolderError(
                f"{self.path}: model '{self.spec.name}' has no '{graph}' graph; "
                f"it has {', '.join(sorted(self.spec.graphs))}"
            )
        return self.path / self.spec.graphs[graph].file


def load_model(path: Path | str) -> ModelFolder:
    """Read and check a model folder.

    Raises ModelFolderError where it is missing or no folder, has no `model.json`, a damaged or
    invalid one, one of a newer schema, lacks a graph file, a graph's sha256 differs, or a graph
    reads files that are not declared.
    """
    folder = Path(path)
    if not folder.is_dir():
        what = "is a file, not a model folder" if folder.exists() else "does not exist"
        raise ModelFolderError(f"{folder}: {what}; name a folder that holds a {SPEC_FILE}")
    spec = _parse(folder / SPEC_FILE)
    for name, graph in spec.graphs.items():
        _check(folder / graph.file, f"the '{name}' graph", graph.sha256)
        for data, sha256 in graph.data.items():
            _check(folder / data, f"data of the '{name}' graph", sha256)
        _check_reach(folder / graph.file, graph)
    return ModelFolder(folder, spec)


def _parse(file: Path) -> ModelSpec:
    if not file.is_file():
        raise ModelFolderError(f"{file.parent}: no {SPEC_FILE} in it; this is not a model folder")
    try:
        fields = read_json(file)
    except OSError as error:
        raise ModelFolderError(f"{file}: can't be read: {error.strerror}") from error
    except ValueError as error:
        raise ModelFolderError(f"{file}: not valid JSON ({error}); copy it again") from error
    if not isinstance(fields, dict):
        raise ModelFolderError(f"{file}: must hold a JSON object; copy it again")
    version = fields.get("schema_version")
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise ModelFolderError(
            f"{file}: made by a newer edgereg (schema {version}, this one reads up to "
            f"{SCHEMA_VERSION}); upgrade edgereg"
        )
    try:
        return ModelSpec.model_validate(fields)
    except ValidationError as error:
        raise ModelFolderError(f"{file}: {_first(error)}; export the model again") from error


def _first(error: ValidationError) -> str:
    """The first complaint of pydantic on one line, with how many more there are."""
    complaint = error.errors()[0]
    place = ".".join(str(part) for part in complaint["loc"])
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    return f"{place + ': ' if place else ''}{complaint['msg']}{more}"


def _check(file: Path, what: str, declared: str) -> None:
    if not file.is_file():
        raise ModelFolderError(f"{file}: {what} is missing; copy the folder again")
    if file.resolve().parent != file.parent.resolve():
        raise ModelFolderError(f"{file}: {what} is a link that leads out of the folder; copy it in")
    found = hashlib.sha256()
    try:
        with file.open("rb") as content:
            while piece := content.read(2**20):
                found.update(piece)
    except OSError as error:
        raise ModelFolderError(f"{file}: can't be read: {error.strerror}") from error
    if found.hexdigest() != declared:
        raise ModelFolderError(
            f"{file}: {what} was altered or damaged (sha256 {found.hexdigest()[:12]}..., "
            f"{SPEC_FILE} says {declared[:12]}...); copy or export it again"
        )


def _check_reach(file: Path, graph: Graph) -> None:
    """Refuse a graph that reads files which `model.json` does not declare."""
    try:
        undeclared = sorted(outside_files(file) - set(graph.data))
    except ValueError as error:
        raise ModelFolderError(f"{file}: {error}; export the model again") from error
    if undeclared:
        raise ModelFolderError(
            f"{file}: reads {undeclared[0]!r}, which {SPEC_FILE} does not declare under 'data', "
            "with its sha256; a model may read only what its folder holds: export it in one file"
        )


def write_model(
    folder: Path | str, fields: Mapping[str, Any], graphs: Mapping[GraphName, bytes]
) -> ModelFolder:
    """Write graphs and `model.json` into a folder, which is made if needed, and load it again.

    fields: what ModelSpec takes, without `schema_version` and `graphs`, which are filled in.
    graphs: serialised ONNX models by graph name; each becomes `<graph>.onnx`. `model.json` comes
    last and by renaming, so that an interrupted export leaves no folder that passes for whole.
    Raises ModelFolderError where the fields are invalid or the folder can't be written.
    """
    target = Path(folder)
    entries = {
        name: {"file": f"{name}.onnx", "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in graphs.items()
    }
    try:
        spec = ModelSpec.model_validate(
            {**fields, "schema_version": SCHEMA_VERSION, "graphs": entries}
        )
    except ValidationError as error:
        raise ModelFolderError(f"{target}: can't be written: {_first(error)}") from error
    try:
        target.mkdir(parents=True, exist_ok=True)
        for name, content in graphs.items():
            replace_file(target / f"{name}.onnx", content)
        text = spec.model_dump_json(indent=2, exclude_none=True) + "\n"
        replace_file(target / SPEC_FILE, text.encode())
    except OSError as error:
        raise ModelFolderError(f"{target}: can't be written: {error.strerror}") from error
    return load_model(target)
