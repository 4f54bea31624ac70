"""One run of a network on arrays in device memory: their addresses, the stream, and the recorded form."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

from boltir.errors import BoltError
from boltir.runtime.arguments import Argument, check_device_tensor, stream_address
from boltir.runtime.array_kinds import DeviceArrays
from boltir.runtime.device import Device
from boltir.runtime.device_array import LEGACY_STREAM, DeviceArray
from boltir.runtime.library import Addresses, Library
from boltir.runtime.tensors import DeviceTensor, TensorDescription


@dataclass(frozen=True)
class Run:
    """The arrays of one run, checked.

    Attributes:
        tensors: keep alive what the addresses point to.
        outputs: the results, in the caller's kind of array.
        stream: where to queue it.
    """

    addresses: Addresses
    tensors: Sequence[DeviceTensor]
    outputs: list[Any]
    stream: int


@dataclass(frozen=True)
class Binder:
    """Makes runs out of a caller's arrays, which are all of one kind; the GPU's context is current."""

    device: Device
    kind: DeviceArrays

    def bind(
        self, inputs: Sequence[Argument], outputs: Sequence[Argument], made: Sequence[TensorDescription], stream: Any
    ) -> Run:
        """A run on `stream`, or on the library's current one, that waits for the arrays where they ask for it.

        Args:
            made: the outputs for which an array is made here.

        Raises:
            BoltError: an array does not fit, or is not in this GPU's memory.
        """
        address = self.kind.current_stream(self.device) if stream is None else stream_address(stream)
        results = [argument.array for argument in outputs]
        read = [self._tensor(argument, address) for argument in inputs]
        written = [self._tensor(argument, address, writable=True) for argument in outputs]
        with nullcontext() if stream is None else self.kind.on(address, self.device):
            results += [self.kind.empty(description, self.device, address) for description in made]
        for description, result in zip(made, results[len(outputs) :], strict=True):
            written.append(self.kind.view(result, f"output '{description.name}'", address))
        for other in {tensor.ready_on for tensor in (*read, *written)} - {None, address, address or LEGACY_STREAM}:
            self.device.order(other or 0, address)
        addresses = Addresses([tensor.address for tensor in read], [tensor.address for tensor in written])
        _note_stream(results, address)
        return Run(addresses, [*read, *written], results, address)

    def _tensor(self, argument: Argument, stream: int, *, writable: bool = False) -> DeviceTensor:
        tensor = self.kind.view(argument.array, argument.where, stream)
        check_device_tensor(argument, tensor, self.device.ordinal)
        if writable and not tensor.writable:
            raise BoltError("the array is read-only", where=argument.where)
        return tensor


def _note_stream(results: Sequence[Any], stream: int) -> None:
    """Our own arrays tell their readers where they are written."""
    for result in results:
        if isinstance(result, DeviceArray):
            result.stream = stream


class CapturedRun:
    """A run on fixed arrays, recorded as a CUDA graph.

    Attributes:
        inputs: the arrays it reads; write new values into them between replays.
        outputs: the arrays it writes.
    """

    def __init__(self, library: Library, binder: Binder, graph: int, inputs: list[Any], run: Run) -> None:
        self.inputs = inputs
        self.outputs = run.outputs
        self._library, self._binder, self._graph, self._run = library, binder, graph, run
        self._free = binder.device.clean_up_with(self, partial(library.destroy_graph, graph))

    def replay(self, stream: Any = None) -> list[Any]:
        """Queue the run on `stream`, or on the library's current one; returns the outputs.

        Raises:
            BoltError: it was closed, or the GPU reports an error.
        """
        if not self._free.alive:
            raise BoltError("the captured run was closed")
        device, kind = self._binder.device, self._binder.kind
        with device.current():
            address = kind.current_stream(device) if stream is None else stream_address(stream)
            self._library.replay(self._graph, address)
        _note_stream(self.outputs, address)
        return self.outputs

    def close(self) -> None:
        """Wait for the GPU and free the recording."""
        self._free()
