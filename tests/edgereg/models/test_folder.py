"""Model folders: what is written loads, and every fault is one line."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgereg.core.errors import ModelFolderError
from edgereg.models.folder import ModelFolder, load_model, write_model


@pytest.fixture
def folder(tiny_model: Callable[..., ModelFolder]) -> Path:
    return tiny_model("colour").path


def change(folder: Path, **fields: Any) -> None:
    file = folder / "model.json"
    spec = json.loads(file.read_text())
    spec.update(fields)
    file.write_text(json.dumps(spec))


def fault(folder: Path) -> str:
    with pytest.raises(ModelFolderError) as caught:
        load_model(folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_is_written_loads(folder: Path) -> None:
    model = load_model(folder)
    assert model.spec.name == "tiny-colour"
    assert model.graph_path("refine") == folder / "refine.onnx"
    assert model.has("density")
    assert not list(folder.glob("*.part"))


def test_missing_folder(tmp_path: Path) -> None:
    assert "does not exist" in fault(tmp_path / "nowhere")


def test_file_instead_of_folder(folder: Path) -> None:
    assert "not a model folder" in fault(folder / "model.json")


def test_no_model_json(folder: Path) -> None:
    (folder / "model.json").unlink()
    assert "no model.json" in fault(folder)


@pytest.mark.parametrize("text", ["", "{", "\x00\xff", "[1]", "null"])
def test_damaged_json(folder: Path, text: str) -> None:
    (folder / "model.json").write_bytes(text.encode("latin-1"))
    assert "JSON" in fault(folder)


def test_newer_schema(folder: Path) -> None:
    change(folder, schema_version=99, something_new=True)
    assert "made by a newer edgereg (schema 99" in fault(folder)


def test_unknown_field(folder: Path) -> None:
    change(folder, colour="green")
    assert "colour" in fault(folder)


def test_missing_graph_file(folder: Path) -> None:
    (folder / "density.onnx").unlink()
    assert "'density' graph is missing" in fault(folder)


def test_altered_graph(folder: Path) -> None:
    with (folder / "predict.onnx").open("ab") as file:
        file.write(b"x")
    assert "altered or damaged" in fault(folder)


@pytest.mark.parametrize("name", ["../predict.onnx", "/etc/passwd", "a/b.onnx", "..", "C:\\x"])
def test_a_graph_never_lies_outside(folder: Path, name: str) -> None:
    graphs = json.loads((folder / "model.json").read_text())["graphs"]
    graphs["predict"]["file"] = name
    change(folder, graphs=graphs)
    assert "graphs.predict.file" in fault(folder)


def test_no_graph(folder: Path) -> None:
    change(folder, graphs={}, refinement=None, features=[])
    assert "at least one graph" in fault(folder)


def test_graph_that_the_model_has_not(tiny_model: Callable[..., ModelFolder]) -> None:
    model = tiny_model("colour", refine=False)
    with pytest.raises(ModelFolderError, match="has no 'refine' graph"):
        model.graph_path("refine")


def test_invalid_fields_are_not_written(
    tmp_path: Path, fields: Callable[[str], dict[str, Any]]
) -> None:
    with pytest.raises(ModelFolderError, match="can't be written"):
        write_model(tmp_path / "m", {**fields("colour"), "name": ""}, {"predict": b"x"})
    assert not (tmp_path / "m").exists()


def test_unwritable_place(tmp_path: Path, fields: Callable[[str], dict[str, Any]]) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelFolderError, match="can't be written"):
        write_model(tmp_path / "file" / "m", fields("colour"), {"predict": b"x"})


def outside(make_graph: Callable[..., bytes], location: str) -> bytes:
    """A graph whose constant lies in another file."""
    onnx = pytest.importorskip("onnx")
    model = onnx.load_from_string(
        make_graph(
            [("Cast", ["images"], ["float"], {"to": 1}), ("Add", ["float", "b"], ["values"])],
            [("images", "UINT8", ["b"])],
            [("values", "FLOAT", ["b"])],
            {"b": [1.0]},
        )
    )
    tensor = model.graph.initializer[0]
    onnx.external_data_helper.set_external_data(tensor, location)
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.ClearField("double_data")
    tensor.ClearField("raw_data")
    return bytes(model.SerializeToString())


@pytest.mark.parametrize("location", ["../secret.bin", "/etc/passwd", "data.bin"])
def test_a_graph_reads_nothing_that_is_not_declared(
    tiny_model: Callable[..., ModelFolder], make_graph: Callable[..., bytes], location: str
) -> None:
    with pytest.raises(ModelFolderError, match="does not declare") as caught:
        tiny_model("colour", refine=False, predict=outside(make_graph, location))
    assert location in str(caught.value)


def test_declared_data_stands_under_its_sha256(
    tiny_model: Callable[..., ModelFolder], make_graph: Callable[..., bytes]
) -> None:
    folder = tiny_model("colour", refine=False).path
    graph, data = outside(make_graph, "data.bin"), b"\0\0\0\0\0\0\xf0\x3f"
    (folder / "predict.onnx").write_bytes(graph)
    (folder / "data.bin").write_bytes(data)
    digests = [hashlib.sha256(content).hexdigest() for content in (graph, data)]
    entry = {"file": "predict.onnx", "sha256": digests[0], "data": {"data.bin": digests[1]}}
    change(folder, graphs={"predict": entry})
    assert load_model(folder).spec.graphs["predict"].data
    (folder / "data.bin").write_bytes(b"altered!")
    assert "data of the 'predict' graph was altered" in fault(folder)
    (folder / "data.bin").unlink()
    assert "missing" in fault(folder)


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_no_link_leads_out(folder: Path, tmp_path: Path) -> None:
    (folder / "predict.onnx").rename(tmp_path / "elsewhere.onnx")
    (folder / "predict.onnx").symlink_to(tmp_path / "elsewhere.onnx")
    assert "leads out of the folder" in fault(folder)


@pytest.mark.parametrize("content", [b"", b"\x0f", b"\x3a\xff\x01", b"\x3b", b"rubbish"])
def test_no_onnx_file(folder: Path, content: bytes) -> None:
    (folder / "predict.onnx").write_bytes(content)
    graphs = json.loads((folder / "model.json").read_text())["graphs"]
    graphs["predict"]["sha256"] = hashlib.sha256(content).hexdigest()
    change(folder, graphs=graphs)
    assert "predict.onnx" in fault(folder)


def test_a_tower_of_brackets(folder: Path) -> None:
    (folder / "model.json").write_text("[" * 100_000)
    assert "nested deeper" in fault(folder)
