"""The arrays a caller may give: whose they are, where their memory is, and how to make results of the same kind.

No array library is imported here: a torch tensor can only come from a torch that is imported already.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from boltir.errors import BoltError
from boltir.runtime.arguments import Argument
from boltir.runtime.device import Device
from boltir.runtime.device_array import LEGACY_STREAM, DeviceArray
from boltir.runtime.dlpack import CUDA, is_row_major, read_capsule
from boltir.runtime.element_types import BY_NUMPY, BY_TORCH
from boltir.runtime.tensors import DeviceTensor, TensorDescription


class DeviceArrays(Protocol):
    """What the runtime asks of one library's arrays in device memory.

    Attributes:
        name: `a torch tensor`.
    """

    name: str

    def view(self, array: Any, where: str, stream: int) -> DeviceTensor:
        """Where the memory of `array` is, for use on `stream`.

        Raises:
            BoltError: it is in no GPU's memory. `where` says which array it is.
        """
        ...

    def current_stream(self, device: Device) -> int:
        """The stream on which the library works at the moment."""
        ...

    def on(self, stream: int, device: Device) -> AbstractContextManager[object]:
        """Makes `stream` the library's current one: allocators hand out memory that others may still be using."""
        ...

    def empty(self, description: TensorDescription, device: Device, stream: int) -> Any:
        """A new array, for use on `stream`, the current one."""
        ...


class TorchTensors:
    """torch.Tensor; results come from torch's allocator."""

    name = "a torch tensor"

    @property
    def _torch(self) -> Any:
        return sys.modules["torch"]

    def view(self, array: Any, where: str, stream: int) -> DeviceTensor:
        if not array.is_cuda:
            hint = "move it with .cuda(), or pass its .numpy()"
            raise BoltError(f"the tensor is on {array.device}, not on a GPU", where=where, hint=hint)
        if array.layout is not self._torch.strided:
            raise BoltError(f"the tensor's layout is {array.layout}", where=where, hint="pass its .to_dense()")
        dtype = str(array.dtype).removeprefix("torch.")
        return DeviceTensor(
            address=array.data_ptr(),
            dtype=BY_TORCH.get(dtype, dtype),
            shape=tuple(array.shape),
            contiguous=array.is_contiguous(),
            owner=array,
            device=array.device.index,
        )

    def current_stream(self, device: Device) -> int:
        return self._torch.cuda.current_stream(device.ordinal).cuda_stream

    def on(self, stream: int, device: Device) -> AbstractContextManager[object]:
        cuda = self._torch.cuda
        chosen = cuda.ExternalStream(stream, device.ordinal) if stream else cuda.default_stream(device.ordinal)
        return cuda.stream(chosen)

    def empty(self, description: TensorDescription, device: Device, stream: int) -> Any:
        dtype = getattr(self._torch, description.dtype.torch)
        return self._torch.empty(description.shape, dtype=dtype, device=f"cuda:{device.ordinal}")


class CupyArrays:
    """cupy.ndarray; results come from cupy's memory pool."""

    name = "a cupy array"

    @property
    def _cupy(self) -> Any:
        return sys.modules["cupy"]

    def view(self, array: Any, where: str, stream: int) -> DeviceTensor:
        return DeviceTensor(
            address=array.data.ptr,
            dtype=BY_NUMPY.get(array.dtype, str(array.dtype)),
            shape=tuple(array.shape),
            contiguous=array.flags.c_contiguous,
            owner=array,
            device=array.device.id,
        )

    def current_stream(self, device: Device) -> int:
        return self._cupy.cuda.get_current_stream(device.ordinal).ptr

    def on(self, stream: int, device: Device) -> AbstractContextManager[object]:
        streams = self._cupy.cuda
        if stream == 0:
            return streams.Stream.null
        if hasattr(streams.Stream, "from_external"):
            return streams.Stream.from_external(_StreamAt(stream))
        return streams.ExternalStream(stream, device.ordinal)  # cupy before version 14

    def empty(self, description: TensorDescription, device: Device, stream: int) -> Any:
        if description.dtype.name == "bf16":
            raise BoltError("cupy has no bf16", where=f"output '{description.name}'", hint="pass torch tensors")
        return self._cupy.empty(description.shape, description.dtype.numpy)


@dataclass(frozen=True)
class _StreamAt:
    """A stream as CUDA's Python libraries pass them on (`__cuda_stream__` of cuda.core)."""

    address: int

    def __cuda_stream__(self) -> tuple[int, int]:
        return 0, self.address


class ForeignArrays:
    """Anything with DLPack or the CUDA array interface; results are DeviceArrays.

    DLPack comes first: it says which GPU, and knows bf16.
    """

    name = "an array with __dlpack__ or __cuda_array_interface__"

    def view(self, array: Any, where: str, stream: int) -> DeviceTensor:
        if isinstance(array, DeviceArray):
            return array.tensor
        if not hasattr(array, "__dlpack__"):
            return _view_of_interface(array.__cuda_array_interface__, array, where)
        if array.__dlpack_device__()[0] != CUDA:
            raise BoltError("the array is not on a GPU", where=where, hint="move it there, or pass a numpy array")
        return read_capsule(array.__dlpack__(stream=stream or LEGACY_STREAM))

    def current_stream(self, device: Device) -> int:
        return 0

    def on(self, stream: int, device: Device) -> AbstractContextManager[object]:
        return nullcontext()

    def empty(self, description: TensorDescription, device: Device, stream: int) -> Any:
        return DeviceArray(description, device, stream)


def _view_of_interface(interface: dict[str, Any], array: Any, where: str) -> DeviceTensor:
    """Source: the CUDA array interface, versions 2 and 3 (numba's documentation)."""
    if interface.get("mask") is not None:
        raise BoltError("the array is masked", where=where, hint="pass an array without a mask")
    dtype, shape, strides = np.dtype(interface["typestr"]), tuple(interface["shape"]), interface.get("strides")
    address, read_only = interface["data"]
    return DeviceTensor(
        address=address or 0,
        dtype=BY_NUMPY.get(dtype, str(dtype)),
        shape=shape,
        contiguous=strides is None or is_row_major(shape, tuple(strides), dtype.itemsize),
        owner=array,
        writable=not read_only,
        ready_on=interface.get("stream"),
    )


_LIBRARIES: tuple[tuple[str, str, DeviceArrays], ...] = (
    ("torch", "Tensor", TorchTensors()),
    ("cupy", "ndarray", CupyArrays()),
)
FOREIGN: DeviceArrays = ForeignArrays()


def kind_of(arguments: Sequence[Argument]) -> DeviceArrays | None:
    """The one kind that all arrays are of; None for numpy arrays, and where there are none.

    Raises:
        BoltError: something that is no array, or arrays of different kinds.
    """
    kinds = [_kind(argument) for argument in arguments]
    for argument, kind in zip(arguments, kinds, strict=True):
        if kind is not kinds[0]:
            message = f"{_name(kind)}, but {arguments[0].where} is {_name(kinds[0])}"
            raise BoltError(message, where=argument.where, hint="give all of one kind")
    return kinds[0] if kinds else None


def _kind(argument: Argument) -> DeviceArrays | None:
    array = argument.array
    if isinstance(array, np.ndarray):
        return None
    for library, type_name, kind in _LIBRARIES:
        if library in sys.modules and isinstance(array, getattr(sys.modules[library], type_name)):
            return kind
    if hasattr(array, "__dlpack__") or hasattr(array, "__cuda_array_interface__"):
        return FOREIGN
    raise BoltError(
        f"expected an array, got {type(array).__name__}",
        where=argument.where,
        hint="a numpy array, a torch tensor, or anything with __cuda_array_interface__ or __dlpack__",
    )


def _name(kind: DeviceArrays | None) -> str:
    return "a numpy array" if kind is None else kind.name
