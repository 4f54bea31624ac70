"""An artifact's `libmodel.so` through ctypes; boltir_model.h says what each function does."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Sequence
from ctypes import POINTER, Structure, byref, c_char_p, c_float, c_int, c_int32, c_int64, c_void_p
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

from boltir.errors import BoltError
from boltir.files import LIBRARY
from boltir.runtime.element_types import BY_CODE
from boltir.runtime.tensors import TensorDescription


class _TensorInfo(Structure):
    _fields_ = (
        ("name", c_char_p),
        ("dtype", c_int),
        ("rank", c_int32),
        ("shape", POINTER(c_int64)),
        ("bytes", c_int64),
    )


class _Tensor(Structure):
    _fields_ = (("data", c_void_p), ("dtype", c_int), ("rank", c_int32), ("shape", POINTER(c_int64)))


_Tensors: TypeAlias = ctypes.Array[_Tensor]


class _KernelInfo(Structure):
    _fields_ = (
        ("kernel", c_char_p),
        ("family", c_char_p),
        ("origin", c_char_p),
        ("bytes", c_int64),
        ("flops", c_int64),
    )


@dataclass(frozen=True)
class KernelLaunch:
    """One kernel launch of a run.

    Attributes:
        kernel: its name.
        family: the template it instantiates.
        origin: the graph operations that it computes.
        bytes: of device memory that it reads and writes.
        flops: floating-point operations; 0 where only memory counts.
    """

    kernel: str
    family: str
    origin: tuple[str, ...]
    bytes: int
    flops: int


_TENSORS = (c_void_p, POINTER(_Tensor), c_int, POINTER(_Tensor), c_int)

_FUNCTIONS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "boltir_last_error": (c_char_p, ()),
    "boltir_input_count": (c_int, ()),
    "boltir_output_count": (c_int, ()),
    "boltir_launch_count": (c_int, ()),
    "boltir_input": (POINTER(_TensorInfo), (c_int,)),
    "boltir_output": (POINTER(_TensorInfo), (c_int,)),
    "boltir_kernel": (POINTER(_KernelInfo), (c_int,)),
    "boltir_target": (c_char_p, ()),
    "boltir_arena_bytes": (c_int64, ()),
    "boltir_weights_bytes": (c_int64, ()),
    "boltir_create": (c_int, (c_char_p, POINTER(c_void_p))),
    "boltir_clone": (c_int, (c_void_p, POINTER(c_void_p))),
    "boltir_destroy": (None, (c_void_p,)),
    "boltir_run": (c_int, (*_TENSORS, c_void_p)),
    "boltir_capture": (c_int, (*_TENSORS, POINTER(c_void_p))),
    "boltir_replay": (c_int, (c_void_p, c_void_p)),
    "boltir_graph_destroy": (None, (c_void_p,)),
    "boltir_profile": (c_int, (*_TENSORS, c_void_p, c_int, POINTER(c_float))),
}
"""The interface: the result and the arguments of each function."""


@dataclass(frozen=True)
class Addresses:
    """Where the inputs and outputs of a run lie in device memory."""

    inputs: Sequence[int]
    outputs: Sequence[int]


class Library:
    """The functions of one `libmodel.so`, with errors as exceptions and handles as integers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        path = folder / LIBRARY
        try:
            self._library = ctypes.CDLL(str(path.resolve()))
            for name, (result, arguments) in _FUNCTIONS.items():
                function = getattr(self._library, name)
                function.restype, function.argtypes = result, arguments
        except (OSError, AttributeError) as error:
            hint = "compile it again on this machine: it needs the CUDA runtime that it was linked with"
            raise BoltError(f"the library cannot be loaded: {error}", where=str(path), hint=hint) from None

    @cached_property
    def target(self) -> str:
        """The architecture that the kernels are for."""
        return self._library.boltir_target().decode()

    @cached_property
    def arena_bytes(self) -> int:
        """Device memory for the intermediate tensors of each instance."""
        return self._library.boltir_arena_bytes()

    @cached_property
    def weights_bytes(self) -> int:
        """Device memory for the weights, which clones share."""
        return self._library.boltir_weights_bytes()

    @cached_property
    def inputs(self) -> tuple[TensorDescription, ...]:
        return _descriptions(self._library.boltir_input, self._library.boltir_input_count())

    @cached_property
    def outputs(self) -> tuple[TensorDescription, ...]:
        return _descriptions(self._library.boltir_output, self._library.boltir_output_count())

    @cached_property
    def launches(self) -> tuple[KernelLaunch, ...]:
        """The kernel launches of a run, in order."""
        infos = (self._library.boltir_kernel(i).contents for i in range(self._library.boltir_launch_count()))
        return tuple(
            KernelLaunch(
                info.kernel.decode(),
                info.family.decode(),
                tuple(filter(None, info.origin.decode().split("; "))),
                info.bytes,
                info.flops,
            )
            for info in infos
        )

    def create(self) -> int:
        """A new instance on the current device."""
        handle = c_void_p()
        self._check(self._library.boltir_create(os.fsencode(self.folder), byref(handle)))
        return _address(handle)

    def clone(self, model: int) -> int:
        """Another instance with the same weights and an arena of its own."""
        handle = c_void_p()
        self._check(self._library.boltir_clone(model, byref(handle)))
        return _address(handle)

    def destroy(self, model: int) -> None:
        """Free an instance whose last run has finished."""
        self._library.boltir_destroy(model)

    def run(self, model: int, addresses: Addresses, stream: int) -> None:
        """Queue a run on `stream`."""
        self._check(self._library.boltir_run(model, *self._tensors(addresses), stream))

    def capture(self, model: int, addresses: Addresses) -> int:
        """Record a run as a CUDA graph."""
        handle = c_void_p()
        self._check(self._library.boltir_capture(model, *self._tensors(addresses), byref(handle)))
        return _address(handle)

    def replay(self, graph: int, stream: int) -> None:
        """Queue a recorded run on `stream`."""
        self._check(self._library.boltir_replay(graph, stream))

    def destroy_graph(self, graph: int) -> None:
        """Free a recorded run whose last replay has finished."""
        self._library.boltir_graph_destroy(graph)

    def profile(self, model: int, addresses: Addresses, stream: int, repetitions: int) -> list[float]:
        """The median time of each launch in microseconds."""
        times = (c_float * max(1, len(self.launches)))()
        self._check(self._library.boltir_profile(model, *self._tensors(addresses), stream, repetitions, times))
        return list(times)[: len(self.launches)]

    @cached_property
    def _input_types(self) -> _Tensors:
        return _tensor_array(self.inputs)

    @cached_property
    def _output_types(self) -> _Tensors:
        return _tensor_array(self.outputs)

    def _tensors(self, addresses: Addresses) -> tuple[_Tensors, int, _Tensors, int]:
        inputs = _tensors_at(addresses.inputs, self._input_types)
        outputs = _tensors_at(addresses.outputs, self._output_types)
        return inputs, len(addresses.inputs), outputs, len(addresses.outputs)

    def _check(self, status: int) -> None:
        """Raises:
        BoltError: `status` is not BOLTIR_OK; with what the library says about it.
        """
        if status != 0:
            raise BoltError(self._library.boltir_last_error().decode(), where=str(self.folder))


def _descriptions(describe: Callable[[int], Any], count: int) -> tuple[TensorDescription, ...]:
    infos = (describe(index).contents for index in range(count))
    return tuple(
        TensorDescription(info.name.decode(), BY_CODE[info.dtype], tuple(info.shape[: info.rank])) for info in infos
    )


def _tensor_array(descriptions: Sequence[TensorDescription]) -> _Tensors:
    """A C array of tensors that have everything but addresses."""
    tensors = (_Tensor(None, d.dtype.code, len(d.shape), (c_int64 * len(d.shape))(*d.shape)) for d in descriptions)
    return (_Tensor * max(1, len(descriptions)))(*tensors)


def _tensors_at(addresses: Sequence[int], types: _Tensors) -> _Tensors:
    """A copy of the array `types`, which goes on owning the shapes, with addresses."""
    tensors = type(types).from_buffer_copy(types)
    for tensor, address in zip(tensors, addresses, strict=False):
        tensor.data = address
    return tensors


def _address(handle: c_void_p) -> int:
    return handle.value or 0
