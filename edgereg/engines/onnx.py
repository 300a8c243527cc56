"""Graphs run by ONNX Runtime, on any provider it has."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from edgereg.core.arrays import DeviceArray, Value
from edgereg.core.errors import EngineError
from edgereg.engines import watchdog
from edgereg.engines.base import Arrays
from edgereg.engines.providers import CPU as CPU
from edgereg.engines.providers import chain_of, options_of

# Providers whose outputs can stay on the device, and ONNX Runtime's name of that device.
DEVICES = {"CUDAExecutionProvider": "cuda", "TensorrtExecutionProvider": "cuda"}

DTYPES: Mapping[str, type[np.generic]] = {
    "tensor(uint8)": np.uint8,
    "tensor(int8)": np.int8,
    "tensor(int32)": np.int32,
    "tensor(int64)": np.int64,
    "tensor(float16)": np.float16,
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(bool)": np.bool_,
}

Shape: TypeAlias = Sequence[int | str | None]


class OnnxEngine:
    """One ONNX file in one ONNX Runtime session.

    Inputs are checked before the run and outputs after it, so that a wrong shape is one line that
    names the graph and the array. An empty batch (a first dimension of 0 in an input whose batch
    is free) never reaches the graph: the outputs come back with 0 rows.
    """

    def __init__(
        self,
        path: Path | str,
        provider: str = CPU,
        *,
        options: Mapping[str, Any] | None = None,
        threads: int | None = None,
    ) -> None:
        """Load `path` on `provider`.

        options: the provider's own; None: those of `providers.options_of`. threads: CPU threads
        inside one run; None leaves the choice to ONNX Runtime, which takes all cores. Raises
        EngineError where the provider is absent or does not take the graph.
        """
        self._path = Path(path)
        self._has_run = False
        self._endless = False
        given = options_of(provider, threads) if options is None else options
        self._session = _session(self._path, provider, given, threads)
        self._inputs = {item.name: item for item in self._session.get_inputs()}
        self._outputs = {item.name: item for item in self._session.get_outputs()}
        if self.provider != provider:
            raise EngineError(
                f"{self._path.name}: {provider} did not start and left the graph to "
                f"{self.provider}; is its driver installed, with the libraries that it needs?"
            )

    @property
    def provider(self) -> str:
        """The provider that runs the graph."""
        return str(self._session.get_providers()[0])

    @property
    def inputs(self) -> tuple[str, ...]:
        """Input names, in the graph's order."""
        return tuple(self._inputs)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Output names, in the graph's order."""
        return tuple(self._outputs)

    def shapes(self) -> dict[str, Shape]:
        """Input shapes by name; a free dimension is its name or None."""
        return {name: list(item.shape) for name, item in self._inputs.items()}

    def dtypes(self) -> dict[str, type[np.generic]]:
        """Input dtypes by name. Raises EngineError where the graph takes what is no number."""
        for name, item in self._inputs.items():
            if item.type not in DTYPES:
                raise EngineError(f"{self._where()}: input '{name}' is {item.type}, no number")
        return {name: DTYPES[item.type] for name, item in self._inputs.items()}

    @property
    def device(self) -> str | None:
        """Where outputs can stay: 'onnxruntime cuda', or None on the CPU."""
        kind = DEVICES.get(self.provider)
        return None if kind is None else f"onnxruntime {kind}"

    def run(self, inputs: Arrays) -> dict[str, npt.NDArray[Any]]:
        """Run once.

        Raises EngineError where an input is missing, of a wrong dtype or ill-shaped, where the
        graph fails, or where an output has not the declared shape.
        """
        if any(isinstance(value, DeviceArray) for value in inputs.values()):
            return {name: np.asarray(v) for name, v in self.run_keeping(inputs, ()).items()}
        if self._check_inputs(inputs):
            return {name: _empty(item) for name, item in self._outputs.items()}
        with self._run() as options:
            given = {name: _plain(inputs[name]) for name in self._inputs}
            arrays = self._session.run(None, given, options)
        found = dict(zip(self._outputs, arrays, strict=True))
        for name, array in found.items():
            self._check_shape(name, array, self._outputs[name].shape)
        return found

    def run_keeping(self, inputs: Arrays, keep: Collection[str]) -> dict[str, Value]:
        """Run once; outputs named in `keep` stay on the device, the others come to the host.

        On a provider without a device of its own everything comes to the host. DeviceArrays of
        another device are copied. Raises EngineError as `run` does.
        """
        if self.device is None:
            return {**self.run({name: np.asarray(value) for name, value in inputs.items()})}
        if self._check_inputs(inputs):
            return {name: _empty(item) for name, item in self._outputs.items()}
        with self._run() as options:
            values = self._run_bound(inputs, keep, options)
        found: dict[str, Value] = {}
        for name, value in values.items():
            found[name] = self._kept(name, value) if name in keep else value.numpy()
            self._check_shape(name, found[name], self._outputs[name].shape)
        return found

    @contextmanager
    def _run(self) -> Iterator[Any]:
        """Options of one run, whose failure becomes an EngineError.

        One that does not come to an end is ended by the watchdog, and the graph is not run again.
        """
        from onnxruntime import RunOptions

        if self._endless:
            raise EngineError(f"{self._where()} came to no end before; it is not run again")
        quick = self._has_run or self.provider == CPU
        limit_s = watchdog.RUN_LIMIT_S if quick else watchdog.FIRST_LIMIT_S
        options = RunOptions()
        limit = watchdog.Limit.of(limit_s, partial(setattr, options, "terminate", True))
        try:
            with watchdog.watching(limit):
                yield options
        except Exception as error:  # ONNX Runtime raises bare RuntimeErrors and its own classes
            if limit.passed:
                self._endless = True
                raise EngineError(
                    f"{self._where()} came to no end within {limit_s:g} s and was ended"
                ) from error
            raise EngineError(f"{self._where()} failed: {_line(error)}") from error
        self._has_run = True

    def _run_bound(self, inputs: Arrays, keep: Collection[str], options: Any) -> dict[str, Any]:
        """Run with inputs and outputs bound to where they are; returns OrtValues."""
        binding = self._session.io_binding()
        for name in self._inputs:
            value = inputs[name]
            if isinstance(value, DeviceArray) and value.device == self.device:
                binding.bind_ortvalue_input(name, value.value)
            else:
                binding.bind_cpu_input(name, _plain(np.asarray(value)))
        for name in self._outputs:
            binding.bind_output(name, DEVICES[self.provider] if name in keep else "cpu")
        self._session.run_with_iobinding(binding, options)
        return dict(zip(self._outputs, binding.get_outputs(), strict=True))

    def _kept(self, name: str, value: Any) -> DeviceArray:
        dtype = np.dtype(DTYPES[self._outputs[name].type])
        return DeviceArray(value, str(self.device), tuple(value.shape()), dtype, _to_host)

    def _where(self) -> str:
        return f"{self._path.parent.name}/{self._path.name} on {self.provider}"

    def _check_inputs(self, inputs: Arrays) -> bool:
        """Raise EngineError where an input does not fit; return whether the batch is empty."""
        for name, item in self._inputs.items():
            self._check_input(name, inputs.get(name), item)
        return any(_is_empty_batch(inputs[name], item.shape) for name, item in self._inputs.items())

    def _check_input(self, name: str, array: Value | None, item: Any) -> None:
        if array is None:
            raise EngineError(f"{self._where()}: input '{name}' is missing")
        wanted = DTYPES.get(item.type)
        if wanted is None or array.dtype != wanted:
            raise EngineError(
                f"{self._where()}: input '{name}' is {array.dtype}, the graph takes {item.type}"
            )
        self._check_shape(name, array, item.shape)

    def _check_shape(self, name: str, array: Value, declared: Shape | None) -> None:
        if not _fits(array.shape, declared):
            text = ", ".join("?" if not isinstance(d, int) else str(d) for d in declared or ())
            raise EngineError(
                f"{self._where()}: '{name}' has shape {list(array.shape)}, declared is [{text}]"
            )


def _session(path: Path, provider: str, options: Mapping[str, Any], threads: int | None) -> Any:
    """An InferenceSession on one provider, with those behind it that take what it does not."""
    try:
        import onnxruntime as ort
    except ImportError as error:
        raise EngineError(
            "ONNX Runtime is not installed; install edgereg[cpu] or edgereg[gpu]"
        ) from error
    # For programs that imported ONNX Runtime before edgereg could switch it off altogether.
    ort.disable_telemetry_events()
    if provider not in ort.get_available_providers():
        raise EngineError(
            f"{provider} is not in this ONNX Runtime; it has "
            f"{', '.join(ort.get_available_providers())}"
        )
    settings = ort.SessionOptions()
    settings.log_severity_level = 4
    if threads:
        settings.intra_op_num_threads = threads
        settings.inter_op_num_threads = 1
    # A thread that spins while it waits for work takes the core from the other stages.
    settings.add_session_config_entry("session.intra_op.allow_spinning", "0")
    chain = chain_of(provider, options, ort.get_available_providers())
    try:
        # Else it prints to stdout what went wrong and goes on with the CPU, in mid-run even.
        return ort.InferenceSession(str(path), settings, providers=chain, enable_fallback=0)
    except Exception as error:  # ONNX Runtime raises bare RuntimeErrors and its own classes
        raise EngineError(f"{path}: {provider} can't load the graph: {_line(error)}") from error


def _to_host(value: Any) -> npt.NDArray[Any]:
    """An OrtValue's numbers, copied from wherever they are."""
    array: npt.NDArray[Any] = value.numpy()
    return array


def _plain(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The same numbers one after the other in memory; a number of no dimension stays one."""
    return np.ascontiguousarray(array).reshape(array.shape)


def _line(error: Exception) -> str:
    """One line of an error that may run over many.

    A provider's own words stand last, behind the places in C++ that handed them on.
    """
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if not lines:
        return type(error).__name__
    return (lines[-1] if "::" in lines[0] else lines[0])[:300]


def _fits(shape: tuple[int, ...], declared: Shape | None) -> bool:
    if not declared:
        # ONNX has no word for "shape unknown" here: [] is a scalar or an undeclared shape.
        return True
    return len(shape) == len(declared) and all(
        not isinstance(want, int) or want == have
        for have, want in zip(shape, declared, strict=True)
    )


def _is_empty_batch(array: Value, declared: Shape) -> bool:
    return bool(declared) and len(array) == 0 and not isinstance(declared[0], int)


def _empty(item: Any) -> npt.NDArray[Any]:
    """An output with 0 rows; dimensions that only a run would tell are 0 as well."""
    shape = [0, *(d if isinstance(d, int) else 0 for d in item.shape[1:])]
    return np.zeros(shape, DTYPES[item.type])
