"""`edgereg bench` as a user meets it: what it shows, keeps, refuses and survives."""

from __future__ import annotations

import errno
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from edgereg.bench import cases, measure, startup
from edgereg.core.errors import EngineError
from edgereg.models.folder import load_model, write_model

QUICK = ("--runs", 3, "--no-startup")


def copy_of(model: Path, place: Path, **changed: Any) -> Path:
    """The model again, some fields changed."""
    folder = load_model(model)
    fields = folder.spec.model_dump(exclude={"schema_version", "graphs"}, exclude_none=True)
    graphs = {name: folder.graph_path(name).read_bytes() for name in folder.spec.graphs}
    return write_model(place, {**fields, **changed}, graphs).path


def test_bench(call: Any, capsys: Any, colour_task: Any, tmp_path: Path) -> None:
    quick, saved = ("--runs", 3, "--no-startup"), tmp_path / "b.json"
    assert call("bench", "colour", *quick, "--batch", 2, "--batch", 3, "--save", saved) == 0
    said = capsys.readouterr().out
    assert "predict" in said
    assert "refine (2 candidates, 4 steps)" in said
    assert "refine (3 candidates, 4 steps)" in said
    assert "density (1024 points)" in said
    assert call("bench", colour_task.model, "spots", *quick, "--batch", 2, "--baseline", saved) == 0
    said = capsys.readouterr().out
    assert said.count(" %") == 3
    assert said.count("new") == 1


def test_bench_starts_fresh_processes(call: Any, capsys: Any) -> None:
    assert call("bench", "spots", "--engine", "cpu", "--runs", 2, "--json") == 0
    (row,) = json.loads(capsys.readouterr().out)["rows"]
    assert 0 < row["cached_s"] < 60
    assert row["cold_s"] > 0
    assert sys.platform == "win32" or 20 < row["rss_mb"] < 2000


def test_bench_names_an_engine_that_does_not_work(call: Any, capsys: Any) -> None:
    quick = ("--runs", 2, "--no-startup")
    assert call("bench", "spots", "--engine", "coreml", *quick) == 1
    assert "is not in this ONNX Runtime" in capsys.readouterr().err
    assert call("bench", "spots", "--engine", "coreml", "--engine", "cpu", *quick) == 0
    said = capsys.readouterr()
    assert "spots on coreml" in said.err
    assert "predict" in said.out


def test_bench_of_nothing(call: Any, capsys: Any) -> None:
    assert call("bench", "nonesuch") == 1
    assert "nonesuch" in capsys.readouterr().err


def test_bench_of_what_is_no_model(call: Any, capsys: Any, tmp_path: Path) -> None:
    assert call("bench", tmp_path, *QUICK) == 1
    assert "this is not a model folder" in capsys.readouterr().err
    (tmp_path / "clip.mp4").touch()
    assert call("bench", tmp_path / "clip.mp4", *QUICK) == 1
    assert "is a file, not a model folder" in capsys.readouterr().err


def test_bench_of_a_folder_of_precisions(
    call: Any, capsys: Any, spot_task: Any, tmp_path: Path
) -> None:
    models = tmp_path / "precisions"
    copy_of(spot_task.model, models / "a")
    copy_of(spot_task.model, models / "b", precision="fp16")
    (models / "notes").mkdir()
    assert call("bench", models, *QUICK, "--json") == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [(row["precision"], row["model"]) for row in rows] == [
        ("fp32", "tiny-spots"),
        ("fp16", "tiny-spots"),
    ]
    assert rows[0]["times_fp32"] is None
    assert rows[1]["times_fp32"] > 0


def test_bench_tells_two_models_of_one_name_apart(
    call: Any, capsys: Any, spot_task: Any, tmp_path: Path
) -> None:
    a, b = (copy_of(spot_task.model, tmp_path / name, precision="int8") for name in ("a", "b"))
    assert call("bench", a, b, a, "spots", *QUICK, "--json") == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [row["model"] for row in rows] == ["tiny-spots", str(a), str(b)]


def test_bench_with_a_baseline_of_another_machine(call: Any, capsys: Any, tmp_path: Path) -> None:
    saved = tmp_path / "b.json"
    assert call("bench", "spots", *QUICK, "--threads", 1, "--save", saved) == 0
    capsys.readouterr()
    content = json.loads(saved.read_text())
    content["machine"]["processor"] = "Orin"
    saved.write_text(json.dumps(content))
    assert call("bench", "spots", *QUICK, "--threads", 2, "--baseline", saved) == 0
    said = capsys.readouterr()
    assert "measured on another machine: processor Orin (here " in said.err
    assert "another number of threads" in said.err
    assert call("bench", "colour", *QUICK, "--baseline", saved) == 0
    said = capsys.readouterr()
    assert "has none of these rows; it is of tiny-spots fp32" in said.err
    assert "new" in said.out


def test_bench_keeps_what_was_measured_before_ctrl_c(
    call: Any, capsys: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    timed = measure._time

    def interrupted(run: Any, warm_up: int, runs: int, taken: list[float]) -> None:
        if warm_up == measure.AGAIN:
            raise KeyboardInterrupt
        timed(run, warm_up, runs, taken)

    monkeypatch.setattr(measure, "_time", interrupted)
    saved = tmp_path / "b.json"
    assert call("bench", "colour", "--runs", 10, "--save", saved) == 1
    said = capsys.readouterr()
    assert "Error: interrupted" in said.err
    assert "predict" in said.out
    assert [row["runs"] for row in json.loads(saved.read_text())["rows"]] == [2, 2, 2]


def test_bench_interrupted_at_once_saves_nothing(
    call: Any, capsys: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def interrupted(*_: Any) -> list[float]:
        raise KeyboardInterrupt

    monkeypatch.setattr(measure, "_time", interrupted)
    assert call("bench", "spots", "--save", tmp_path / "b.json") == 1
    assert not (tmp_path / "b.json").exists()
    assert "Error: interrupted" in capsys.readouterr().err


def test_bench_prints_what_it_can_not_save(
    call: Any, capsys: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def full(*_: Any, **__: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert call("bench", "spots", *QUICK, "--save", tmp_path / "b.json") == 1
    said = capsys.readouterr()
    assert (
        "No space left on device; free some space or write elsewhere; the figures are" in said.err
    )
    assert "tiny-spots" in said.out


def test_bench_says_before_measuring_that_it_can_not_save(
    call: Any, capsys: Any, tmp_path: Path
) -> None:
    assert call("bench", "spots", "--save", tmp_path / "none" / "b.json") == 1
    said = capsys.readouterr()
    assert "its folder does not exist" in said.err
    assert said.out == ""


def test_bench_leaves_out_a_graph_that_the_engine_does_not_take(
    call: Any, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgereg.bench import cases

    load = cases.load_engine

    def refuses(path: Path, *rest: Any, **more: Any) -> Any:
        if path.name == "refine.onnx":
            raise EngineError("refine.onnx: OpenVINO refused the graph")
        return load(path, *rest, **more)

    monkeypatch.setattr(cases, "load_engine", refuses)
    assert call("bench", "colour", *QUICK, "--json") == 0
    said = capsys.readouterr()
    assert "tiny-colour on auto: refine.onnx: OpenVINO refused the graph" in said.err
    graphs = [row["graph"].split()[0] for row in json.loads(said.out)["rows"]]
    assert graphs == ["predict", "density"]


def test_bench_of_one_graph_for_a_page(call: Any, capsys: Any) -> None:
    assert call("bench", "colour", *QUICK, "--graph", "density", "--markdown") == 0
    title, empty, head, line, *rows = capsys.readouterr().out.splitlines()
    assert "cores" in title
    assert not empty
    assert head.startswith("| model | precision | engine | graph | batch | file MB | p50 ms |")
    assert set(line) <= set("| -")
    (row,) = rows
    assert "| density (1024 points) | 1 |" in row
    assert row.count("|") == head.count("|") == line.count("|")
    assert call("bench", "spots", *QUICK, "--graph", "refine") == 1
    assert "no model has a graph of these" in capsys.readouterr().err


def test_a_start_that_never_ends_is_one_line(
    spot_task: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(startup, "TIMEOUT_S", 0.01)
    with pytest.raises(EngineError, match="not started on cpu after 0 s"):
        startup.measure_startup(spot_task.model, "cpu", {"predict": 1})


def test_a_start_that_fails_is_one_line(spot_task: Any) -> None:
    with pytest.raises(EngineError) as caught:
        startup.measure_startup(spot_task.model, "coreml", {"predict": 1})
    assert "does not start on coreml" in str(caught.value)
    assert "is not in this ONNX Runtime" in str(caught.value)
    assert "EngineError" not in str(caught.value)


def test_the_memory_of_a_model_is_part_of_its_process(call: Any, capsys: Any) -> None:
    assert call("bench", "spots", "--engine", "cpu", "--runs", 2, "--json") == 0
    (row,) = json.loads(capsys.readouterr().out)["rows"]
    assert sys.platform == "win32" or 0 < row["model_mb"] < row["rss_mb"]
    assert row["file_mb"] >= 0


def test_threads_are_those_of_a_run_unless_chosen(
    call: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cases, "usable_cores", lambda: 3)

    def counts(*options: Any) -> dict[str, int]:
        record = tmp_path / "record.json"
        assert call("bench", "colour", *QUICK, "--save", record, *options) == 0
        rows = json.loads(record.read_text(encoding="utf-8"))["rows"]
        return {row["graph"].split()[0]: row["threads"] for row in rows}

    assert counts() == {"predict": 3, "refine": 1, "density": 3}
    assert counts("--threads", 2) == {"predict": 2, "refine": 2, "density": 2}
