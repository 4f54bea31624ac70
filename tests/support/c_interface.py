"""The C interface of an artifact through ctypes: the functions of boltir_model.h as they are, statuses and all."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from ctypes import POINTER, Structure, byref, c_char_p, c_float, c_int, c_int32, c_int64, c_void_p
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any


class Status(IntEnum):
    """`boltir_status`."""

    OK = 0
    INVALID_ARGUMENT = 1
    NO_DEVICE = 2
    WRONG_ARCHITECTURE = 3
    BAD_WEIGHTS = 4
    BAD_TENSOR = 5
    OUT_OF_MEMORY = 6
    CUDA_ERROR = 7


class Dtype(IntEnum):
    """`boltir_dtype`."""

    F16 = 1
    BF16 = 2
    F32 = 3
    I8 = 4
    I32 = 5
    I64 = 6
    BOOL = 7
    U8 = 8


class TensorInfo(Structure):
    """`boltir_tensor_info`."""

    _fields_ = (
        ("name", c_char_p),
        ("dtype", c_int),
        ("rank", c_int32),
        ("shape", POINTER(c_int64)),
        ("bytes", c_int64),
    )


class CTensor(Structure):
    """`boltir_tensor`."""

    _fields_ = (("data", c_void_p), ("dtype", c_int), ("rank", c_int32), ("shape", POINTER(c_int64)))


class KernelInfo(Structure):
    """`boltir_kernel_info`."""

    _fields_ = (
        ("kernel", c_char_p),
        ("family", c_char_p),
        ("origin", c_char_p),
        ("bytes", c_int64),
        ("flops", c_int64),
    )


@dataclass(frozen=True)
class Tensor:
    """An input or output: its address, and what it claims to be."""

    address: int | None
    dtype: int
    shape: tuple[int, ...] | None
    rank: int | None = None

    def as_c(self) -> CTensor:
        extents = () if self.shape is None else self.shape
        shape = None if self.shape is None else (c_int64 * max(1, len(extents)))(*extents)
        return CTensor(self.address, self.dtype, len(extents) if self.rank is None else self.rank, shape)


Description = tuple[str, Dtype, tuple[int, ...], int]
"""Name, element type, shape, bytes."""


class CInterface:
    """One library."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.library: Any = ctypes.CDLL(str(folder / "libmodel.so"))
        lib = self.library
        lib.boltir_last_error.restype = lib.boltir_target.restype = c_char_p
        lib.boltir_arena_bytes.restype = lib.boltir_weights_bytes.restype = c_int64
        lib.boltir_input.restype = lib.boltir_output.restype = POINTER(TensorInfo)
        lib.boltir_kernel.restype = POINTER(KernelInfo)
        lib.boltir_destroy.argtypes = lib.boltir_graph_destroy.argtypes = [c_void_p]

    @property
    def last_error(self) -> str:
        return self.library.boltir_last_error().decode()

    @property
    def inputs(self) -> list[Description]:
        return [_description(self.library.boltir_input(i)) for i in range(self.library.boltir_input_count())]

    @property
    def outputs(self) -> list[Description]:
        return [_description(self.library.boltir_output(i)) for i in range(self.library.boltir_output_count())]

    @property
    def kernels(self) -> list[tuple[str, str, str, int, int]]:
        """Kernel, family, origin, bytes and flops of each launch."""
        infos = (self.library.boltir_kernel(i).contents for i in range(self.library.boltir_launch_count()))
        return [(i.kernel.decode(), i.family.decode(), i.origin.decode(), i.bytes, i.flops) for i in infos]

    def create(self, folder: Path | None) -> tuple[Status, int | None]:
        """The status, and the handle if there is one."""
        return self._made("boltir_create", c_char_p(None if folder is None else str(folder).encode()))

    def clone(self, model: int | None) -> tuple[Status, int | None]:
        return self._made("boltir_clone", c_void_p(model))

    def destroy(self, model: int | None) -> None:
        self.library.boltir_destroy(model)

    def run(
        self, model: int | None, inputs: Sequence[Tensor], outputs: Sequence[Tensor], stream: int | None = None
    ) -> Status:
        return Status(self.library.boltir_run(c_void_p(model), *_sides(inputs, outputs), c_void_p(stream)))

    def capture(
        self, model: int | None, inputs: Sequence[Tensor], outputs: Sequence[Tensor]
    ) -> tuple[Status, int | None]:
        return self._made("boltir_capture", c_void_p(model), *_sides(inputs, outputs))

    def replay(self, graph: int | None, stream: int | None = None) -> Status:
        return Status(self.library.boltir_replay(c_void_p(graph), c_void_p(stream)))

    def destroy_graph(self, graph: int | None) -> None:
        self.library.boltir_graph_destroy(graph)

    def profile(
        self, model: int | None, inputs: Sequence[Tensor], outputs: Sequence[Tensor], repetitions: int
    ) -> tuple[Status, list[float]]:
        """The status, and microseconds per launch, -1 where nothing was written."""
        times = (c_float * self.library.boltir_launch_count())(*[-1.0] * self.library.boltir_launch_count())
        sides = _sides(inputs, outputs)
        status = self.library.boltir_profile(c_void_p(model), *sides, c_void_p(None), c_int(repetitions), times)
        return Status(status), list(times)

    def _made(self, function: str, *arguments: Any) -> tuple[Status, int | None]:
        """Calls `function`, which makes something; a failure must leave its last argument as it was."""
        untouched = 0xDEAD
        made = c_void_p(untouched)
        status = Status(self.library[function](*arguments, byref(made)))
        if status is Status.OK:
            return status, made.value
        assert made.value == untouched, f"{function} failed and wrote its result"
        return status, None


def _sides(inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> tuple[Any, c_int, Any, c_int]:
    given, wanted = ((CTensor * len(side))(*(tensor.as_c() for tensor in side)) for side in (inputs, outputs))
    return given, c_int(len(inputs)), wanted, c_int(len(outputs))


def _description(pointer: Any) -> Description:
    info = pointer.contents
    return info.name.decode(), Dtype(info.dtype), tuple(info.shape[: info.rank]), info.bytes
