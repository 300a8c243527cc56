"""Tasks in running order, with the right models."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgereg.core.errors import ModelFolderError, PluginError
from edgereg.engines.select import load_engine
from edgereg.models.folder import write_model
from edgereg.pipeline import loading
from edgereg.pipeline.loading import Loading, in_order, load_task, load_tasks


def test_upstreams_come_first(spot_task: Any, colour_task: Any) -> None:
    known = [colour_task, spot_task]
    assert [task.name for task in in_order(known, ["colour"])] == ["spots", "colour"]
    assert [task.name for task in in_order(known, ["colour", "spots"])] == ["spots", "colour"]
    assert [task.name for task in in_order(known, ["spots"])] == ["spots"]


def test_an_unknown_task(spot_task: Any) -> None:
    with pytest.raises(PluginError, match="no task 'faces'; there are: spots"):
        in_order([spot_task], ["faces"])


def test_a_missing_upstream(colour_task: Any) -> None:
    with pytest.raises(PluginError, match="no task 'spots', which 'colour' stands on"):
        in_order([colour_task], ["colour"])


def test_tasks_that_wait_for_each_other(spot_task: Any, colour_task: Any) -> None:
    with pytest.raises(PluginError, match="colour -> spots -> colour"):
        in_order([colour_task, replace(spot_task, upstream="colour")], ["colour"])


def test_engines_for_all_graphs(spot_task: Any, colour_task: Any) -> None:
    pytest.importorskip("onnxruntime")
    spots, colour = load_tasks([colour_task, spot_task], ["colour"])
    assert (spots.name, spots.refine, spots.density) == ("spots", None, None)
    assert colour.refine is not None
    assert colour.density is not None
    assert colour.spec.name == "tiny-colour"


@pytest.mark.parametrize(
    ("cores", "asked", "threads"),
    [
        (8, None, {"predict": 2, "refine": 1, "density": 2}),
        (2, None, {"predict": 1, "refine": 1, "density": 1}),
        (8, 3, {"predict": 3, "refine": 3, "density": 3}),
    ],
)
def test_cores_are_shared_and_the_ascent_takes_one(
    spot_task: Any,
    colour_task: Any,
    monkeypatch: pytest.MonkeyPatch,
    cores: int,
    asked: int | None,
    threads: dict[str, int],
) -> None:
    pytest.importorskip("onnxruntime")
    given = {}

    def remember(path: Path, provider: str, *, threads: int, **more: Any) -> Any:
        given[path.parent.name, path.stem] = threads
        return load_engine(path, provider, threads=threads, **more)

    monkeypatch.setattr(loading, "usable_cores", lambda: cores)
    monkeypatch.setattr(loading, "load_engine", remember)
    load_tasks([colour_task, spot_task], ["colour"], Loading(engine="cpu", threads=asked))
    assert {graph: given["colour", graph] for graph in threads} == threads


def test_a_model_of_another_task(spot_task: Any, colour_task: Any) -> None:
    with pytest.raises(ModelFolderError, match="is for task 'spots', not for 'colour'"):
        load_task(colour_task, Loading({"colour": spot_task.model}))


def test_a_task_on_regions_needs_predict(
    colour_task: Any, tmp_path: Path, tiny_graphs: Any, fields: Any
) -> None:
    graphs = {"other": tiny_graphs["predict"]()}
    folder = write_model(tmp_path / "other", fields("colour"), graphs).path
    with pytest.raises(ModelFolderError, match="has no 'predict' graph, which 'colour' needs"):
        load_task(colour_task, Loading({"colour": folder}))


def test_a_model_by_hand(colour_task: Any, tmp_path: Path) -> None:
    with pytest.raises(ModelFolderError, match="does not exist"):
        load_tasks(
            [replace(colour_task, upstream=None)], ["colour"], Loading({"colour": tmp_path / "no"})
        )


def test_an_input_size_by_name(spot_task: Any, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    folder = tmp_path / "spots"
    shutil.copytree(spot_task.model, folder)
    content = json.loads((folder / "model.json").read_text())
    content["input"] |= {"long_side": 64, "sizes": {"far": 128}}
    (folder / "model.json").write_text(json.dumps(content))
    task = replace(spot_task, model=folder)
    (usual,) = load_tasks([task], ["spots"])
    (far,) = load_tasks([task], ["spots"], Loading(size="far"))
    assert (usual.spec.input.long_side, far.spec.input.long_side) == (64, 128)
    with pytest.raises(ModelFolderError, match=r"input size 'huge'.*default, far"):
        load_tasks([task], ["spots"], Loading(size="huge"))
