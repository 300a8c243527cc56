"""Options that providers get: only documented ones, and threads that are obeyed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgereg.core.errors import EngineError
from edgereg.engines import select
from edgereg.engines.onnx import CPU, OnnxEngine
from edgereg.engines.providers import (
    CUDA,
    NATIVE,
    OPENVINO,
    TENSORRT,
    chain_of,
    options_of,
    tensorrt_options,
)
from edgereg.engines.ranges import Profile

ort = pytest.importorskip("onnxruntime")

# Options that edgereg may give, as ONNX Runtime 1.20 to 1.31 documents them.
DOCUMENTED = {
    CUDA: {"cudnn_conv_algo_search": {"EXHAUSTIVE", "HEURISTIC", "DEFAULT"}},
    OPENVINO: {"num_of_threads": {"3"}},
    TENSORRT: {
        "trt_engine_cache_enable": {True},
        "trt_engine_cache_path": {"engines"},
        "trt_timing_cache_enable": {True},
        "trt_timing_cache_path": {"timings"},
        "trt_profile_min_shapes": {"x:1x8"},
        "trt_profile_opt_shapes": {"x:2x8"},
        "trt_profile_max_shapes": {"x:4x8"},
    },
}
PROFILE = Profile({"x": ((1, 8), (2, 8), (4, 8)), "fixed": ((3,), (3,), (3,))})


def given(provider: str) -> dict[str, Any]:
    if provider == TENSORRT:
        return tensorrt_options(Path("engines"), Path("timings"), PROFILE)
    return options_of(provider, 3)


@pytest.mark.parametrize("provider", [name for name in select.RANKING if name != NATIVE])
def test_only_documented_options_are_given(provider: str) -> None:
    documented = DOCUMENTED.get(provider, {})
    options = given(provider)
    assert set(options) == set(documented)
    assert all(options[name] in documented[name] for name in options)


def test_openvino_is_left_alone_where_threads_are() -> None:
    assert options_of(OPENVINO, None) == {}


def test_cuda_stands_behind_tensorrt_where_it_is_there() -> None:
    everything = [TENSORRT, CUDA, CPU]
    assert [name for name, _ in chain_of(TENSORRT, {}, everything)] == [TENSORRT, CUDA, CPU]
    assert [name for name, _ in chain_of(TENSORRT, {}, [TENSORRT, CPU])] == [TENSORRT, CPU]
    assert [name for name, _ in chain_of(CUDA, {}, everything)] == [CUDA, CPU]
    assert chain_of(CPU, {}, everything) == [(CPU, {})]


@pytest.fixture
def graph(tmp_path: Path, tiny_graphs: dict[str, Callable[[], bytes]]) -> Path:
    path = tmp_path / "predict.onnx"
    path.write_bytes(tiny_graphs["predict"]())
    return path


class Session:
    """Takes what a session is made with; starts on the providers of `starts`."""

    starts: tuple[str, ...] = (CPU,)
    made: dict[str, Any]

    def __init__(self, path: str, settings: Any, **more: Any) -> None:
        Session.made = {"settings": settings, **more}

    def get_providers(self) -> list[str]:
        return list(self.starts)

    def get_inputs(self) -> list[Any]:
        return []

    get_outputs = get_inputs


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> type[Session]:
    monkeypatch.setattr(ort, "InferenceSession", Session)
    monkeypatch.setattr(ort, "get_available_providers", lambda: [TENSORRT, CUDA, OPENVINO, CPU])
    monkeypatch.setattr(Session, "starts", (CPU,))
    return Session


def test_openvino_obeys_the_threads(
    graph: Path, session: type[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "starts", (OPENVINO, CPU))
    OnnxEngine(graph, OPENVINO, threads=3)
    assert session.made["providers"][0] == (OPENVINO, {"num_of_threads": "3"})
    assert session.made["settings"].intra_op_num_threads == 3


@pytest.mark.parametrize("left", [(CPU,), (CUDA, CPU)])
def test_a_provider_that_did_not_start_is_not_taken_for_another(
    graph: Path, session: type[Session], monkeypatch: pytest.MonkeyPatch, left: tuple[str, ...]
) -> None:
    monkeypatch.setattr(session, "starts", left)
    with pytest.raises(EngineError, match=f"did not start and left the graph to {left[0]}"):
        OnnxEngine(graph, TENSORRT, options={})


def test_onnx_runtime_never_changes_the_provider_by_itself(
    graph: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    inner = ort.InferenceSession._create_inference_session

    def fail(self: Any, providers: Any, *more: Any) -> None:
        made.append(providers)
        if len(made) == 1:
            raise RuntimeError("Invalid option: nonsense")
        inner(self, providers, *more)

    monkeypatch.setattr(ort.InferenceSession, "_create_inference_session", fail)
    with pytest.raises(EngineError, match="can't load the graph: Invalid option: nonsense"):
        OnnxEngine(graph)
    assert len(made) == 1
    assert capfd.readouterr().out == ""


def test_an_input_that_is_no_number_is_named(
    tmp_path: Path, make_graph: Callable[..., bytes]
) -> None:
    path = tmp_path / "words.onnx"
    io = [("words", "STRING", ["n"])], [("same", "STRING", ["n"])]
    path.write_bytes(make_graph([("Identity", ["words"], ["same"])], *io, {}))
    with pytest.raises(EngineError, match=r"input 'words' is tensor\(string\)"):
        OnnxEngine(path).dtypes()
