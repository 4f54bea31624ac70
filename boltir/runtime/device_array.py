"""Results for callers whose arrays come from neither torch nor cupy: memory that other libraries can adopt."""

from __future__ import annotations

from typing import Any

import numpy as np

from boltir.runtime.device import Array, Device
from boltir.runtime.dlpack import CUDA, make_capsule
from boltir.runtime.element_types import ElementType
from boltir.runtime.tensors import DeviceTensor, TensorDescription

LEGACY_STREAM = 1
"""How the CUDA array interface and DLPack call the default stream, whose address is 0."""


class DeviceArray:
    """A dense array in device memory, written on `stream`; with the CUDA array interface and DLPack.

    Attributes:
        shape: its extents.
        dtype: its element type.
        stream: the stream on which it is written, and which a reader on another stream must wait for.
    """

    def __init__(self, description: TensorDescription, device: Device, stream: int) -> None:
        self.shape: tuple[int, ...] = description.shape
        self.dtype: ElementType = description.dtype
        self.stream = stream
        self._device = device
        self._memory = device.allocate(description.nbytes)

    @property
    def address(self) -> int:
        """Where it lies in device memory."""
        return self._memory.address

    @property
    def tensor(self) -> DeviceTensor:
        """What the runtime needs to know of it."""
        return DeviceTensor(
            address=self.address,
            dtype=self.dtype,
            shape=self.shape,
            contiguous=True,
            owner=self._memory,
            device=self._device.ordinal,
            ready_on=self.stream,
        )

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        """Version 3 of the interface.

        Raises:
            AttributeError: the interface has no name for bf16; DLPack has.
        """
        if self.dtype.name == "bf16":
            raise AttributeError("the CUDA array interface has no bf16: use DLPack")
        return {
            "shape": self.shape,
            "typestr": self.dtype.numpy.str,
            "data": (self.address, False),
            "strides": None,
            "stream": self.stream or LEGACY_STREAM,
            "version": 3,
        }

    def __dlpack_device__(self) -> tuple[int, int]:
        return CUDA, self._device.ordinal

    def __dlpack__(self, *, stream: int | None = None, **_: object) -> object:
        """A capsule for a reader on `stream`, which waits for this array's; -1: the reader sees to it."""
        reader = LEGACY_STREAM if stream is None else stream
        if reader not in (-1, self.stream or LEGACY_STREAM):
            with self._device.current():
                self._device.order(self.stream, reader)
        return make_capsule(self.address, self.dtype, self.shape, self._device.ordinal, self._memory)

    def fill(self, array: Array) -> None:
        """Copy a contiguous numpy array of the same type and shape to the GPU, whose context is current."""
        self._device.upload(array, self.address)

    def numpy(self) -> Array:
        """A copy on the host, made when all work on the GPU is done."""
        array = np.empty(self.shape, self.dtype.numpy)
        with self._device.current():
            self._device.synchronize()
            self._device.download(self.address, array)
        return array

    def __repr__(self) -> str:
        return f"DeviceArray({self.dtype}, {self.shape}, GPU {self._device.ordinal})"
