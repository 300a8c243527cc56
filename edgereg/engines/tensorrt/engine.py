"""The TensorRT engine: a compiled plan, its buffers on the device, and CUDA graphs.

Follow `run` from top to bottom: inputs are checked, and split where they hold more than the
largest batch; `_run_part` tells TensorRT the shapes, gives every tensor an address, starts the
engine (or, where the same shapes came before, a captured CUDA graph) and copies the outputs back.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from edgereg.core.errors import EngineError
from edgereg.engines.base import Arrays
from edgereg.engines.ranges import Profile
from edgereg.engines.tensorrt.api import TensorRT
from edgereg.engines.tensorrt.cuda import CapturedGraph, Cuda, Memory, size_of
from edgereg.engines.tensorrt.staging import Staging

log = logging.getLogger(__name__)

NAME = "TensorRT"
Array = npt.NDArray[Any]
Shapes = dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class Replay:
    """A captured CUDA graph: for which input shapes, what it returns, and how to launch it."""

    key: tuple[Any, ...]
    shapes: Shapes
    graph: CapturedGraph


class TensorRTEngine:
    """One plan, ready to run."""

    def __init__(
        self,
        api: TensorRT,
        cuda: Cuda,
        plan: bytes,
        profile: Profile,
        *,
        title: str = "plan",
        graphs: bool = True,
    ) -> None:
        """graphs: replay captured CUDA graphs where shapes repeat. Raises EngineError."""
        self._api, self._cuda, self._profile = api, cuda, profile
        self._title = title
        self._engine, self._context = api.load(plan)
        self._inputs, self._outputs = api.tensors(self._engine)
        self._dtypes = {n: api.dtype(self._engine, n) for n in (*self._inputs, *self._outputs)}
        self._hosted = {n for n in self._dtypes if api.on_host(self._engine, n)}
        self._free = {
            n: bool(shape) and shape[0] == -1
            for n in self._dtypes
            for shape in [tuple(self._engine.get_tensor_shape(n))]
        }
        self._memory: dict[str, Memory] = {}
        self._staging = Staging(cuda)
        self._host: dict[str, Array] = {}
        self._replay: Replay | None = None
        self._seen: tuple[Any, ...] | None = None
        # What depends on numbers in the host's memory can't be recorded once for all.
        self._capture = graphs and not self._hosted

    @property
    def provider(self) -> str:
        """'TensorRT'."""
        return NAME

    @property
    def inputs(self) -> tuple[str, ...]:
        """Input names, in the graph's order."""
        return tuple(self._inputs)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Output names, in the graph's order."""
        return tuple(self._outputs)

    def run(self, inputs: Arrays) -> dict[str, Array]:
        """Run once; more rows than the largest batch are run in parts and joined.

        Raises EngineError where an input is missing, of a wrong dtype, or of a shape that the
        engine was not built for, and where the device fails.
        """
        feed = {name: self._checked(name, inputs.get(name)) for name in self._inputs}
        batched = [name for name in self._inputs if self._free[name]]
        rows = len(feed[batched[0]]) if batched else 0
        most = self._profile.most
        if not batched or 0 < rows <= most:
            return self._run_part(feed)
        if not rows:
            return {name: self._empty(name) for name in self._outputs}
        parts = [
            self._run_part(
                {n: a[start : start + most] if n in batched else a for n, a in feed.items()}
            )
            for start in range(0, rows, most)
        ]
        return {
            name: np.concatenate([part[name] for part in parts]) if self._free[name] else whole
            for name, whole in parts[0].items()
        }

    def _checked(self, name: str, array: Array | None) -> Array:
        if array is None:
            raise EngineError(f"{self._title}: input '{name}' is missing")
        wanted = np.dtype(self._dtypes[name])
        if array.dtype != wanted:
            raise EngineError(
                f"{self._title}: input '{name}' is {array.dtype}, the engine takes {wanted}"
            )
        return np.ascontiguousarray(array).reshape(array.shape)

    def _empty(self, name: str) -> Array:
        shape = tuple(self._engine.get_tensor_shape(name))
        return np.zeros((0, *(max(size, 0) for size in shape[1:])), self._dtypes[name])

    def _run_part(self, feed: Mapping[str, Array]) -> dict[str, Array]:
        key = tuple((name, array.shape) for name, array in feed.items())
        replay = self._replay if self._replay and self._replay.key == key else None
        if replay is None:
            # Other shapes change what the context would do.
            self._replay = None
            self._bind_inputs(feed)
        for name, array in feed.items():
            if name not in self._hosted:
                self._staging.upload(name, self._memory[name], array)
        if replay is not None:
            self._cuda.launch(replay.graph)
            return self._fetch(replay.shapes)
        shapes, late = self._bind_outputs()
        if self._capture and not late and key == self._seen:
            self._record(key, shapes)
        else:
            self._start()
        self._seen = key
        if late:
            self._cuda.synchronise()
            shapes |= {name: allocator.shape or () for name, allocator in late.items()}
        return self._fetch(shapes)

    def _bind_inputs(self, feed: Mapping[str, Array]) -> None:
        for name, array in feed.items():
            if not self._context.set_input_shape(name, array.shape):
                raise EngineError(
                    f"{self._title}: input '{name}' has shape {list(array.shape)}; the engine was "
                    f"built for {self._built_for(name)}; build it for more: edgereg engines build"
                )
            if name in self._hosted:
                self._host[name] = array
                self._address(name, array.ctypes.data)
            else:
                self._address(name, self._room(name, array.nbytes))
        lacking = self._api.lacking_shapes(self._context)
        if lacking:
            raise EngineError(f"{self._title}: TensorRT lacks the shape of {', '.join(lacking)}")

    def _built_for(self, name: str) -> str:
        least, _, most = self._profile.shapes.get(name, ((), (), ()))
        return f"{list(least)} to {list(most)}"

    def _bind_outputs(self) -> tuple[Shapes, dict[str, Any]]:
        """Addresses for outputs of known shape, allocators for those that only the run tells."""
        shapes: Shapes = {}
        late: dict[str, Any] = {}
        for name in self._outputs:
            shape = tuple(self._context.get_tensor_shape(name))
            if -1 in shape:
                late[name] = self._api.allocator(partial(self._room, name))
                if not self._context.set_output_allocator(name, late[name]):
                    raise EngineError(f"{self._title}: no allocator for output '{name}'")
            elif name in self._hosted:
                shapes[name] = shape
                self._host[name] = np.empty(shape, self._dtypes[name])
                self._address(name, self._host[name].ctypes.data)
            else:
                shapes[name] = shape
                self._address(name, self._room(name, size_of(shape, self._dtypes[name])))
        return shapes, late

    def _room(self, name: str, size: int) -> int:
        """The address of device memory for a tensor; where it grows, a captured graph is void."""
        held = self._memory.get(name)
        if held is None or held.size < size:
            self._seen = None
            if held is not None:
                held.free()
                del self._memory[name]
            self._memory[name] = self._cuda.allocate(size)
        return self._memory[name].address

    def _address(self, name: str, address: int) -> None:
        if not self._context.set_tensor_address(name, address):
            raise EngineError(f"{self._title}: TensorRT refused the memory of '{name}'")

    def _start(self) -> None:
        if not self._context.execute_async_v3(self._cuda.handle):
            raise EngineError(f"{self._title}: the run failed: {self._api.complaint()}")

    def _record(self, key: tuple[Any, ...], shapes: Shapes) -> None:
        """Capture a run that came a second time, and launch it; some graphs can't be captured."""
        self._cuda.synchronise()
        try:
            self._cuda.begin_capture()
            try:
                self._start()
            finally:
                replay = self._cuda.end_capture()
            self._cuda.launch(replay)
        except EngineError as error:
            log.info("%s: runs without a CUDA graph: %s", self._title, error)
            self._capture = False
            self._start()
            return
        self._replay = Replay(key, shapes, replay)

    def _fetch(self, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Array]:
        device = {
            name: self._staging.download(name, self._memory[name], shapes[name], self._dtypes[name])
            for name in self._outputs
            if name not in self._hosted
        }
        self._cuda.synchronise()
        return {
            name: device[name]() if name in device else self._host[name] for name in self._outputs
        }
