"""A compiled network on a GPU, for Python: `boltir.load`."""

from __future__ import annotations

import statistics
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from boltir.errors import BoltError
from boltir.files import LIBRARY
from boltir.runtime.arguments import Argument, Arrays, arrange, host_input, host_output
from boltir.runtime.array_kinds import FOREIGN, DeviceArrays, kind_of
from boltir.runtime.device import Array, Device
from boltir.runtime.device_array import DeviceArray
from boltir.runtime.library import Addresses, KernelLaunch, Library
from boltir.runtime.manifest import read_manifest
from boltir.runtime.profile import Profile, profile_of
from boltir.runtime.run import Binder, CapturedRun, Run
from boltir.runtime.tensors import TensorDescription


def load(folder: str | Path, *, device: int = 0) -> Model:
    """Put a compiled network on a GPU: its weights, and memory for its intermediate tensors.

    Args:
        folder: what `bolt-compile` or `boltir.compile` wrote.
        device: the GPU's number.

    Raises:
        BoltError: the folder is no whole artifact of this version, pycuda is missing, there is no such GPU, it
            has another architecture than the artifact, or too little memory.
    """
    folder = Path(folder)
    read_manifest(folder)
    if not (folder / LIBRARY).exists():
        raise BoltError(f"has no {LIBRARY}", where=str(folder), hint="compile with --emit lib, the default")
    library = Library(folder)
    gpu = Device.open(device)
    with gpu.current():
        return Model(library, gpu, library.create())


class Model:
    """A compiled network on a GPU; calling it runs it.

    It has one block of memory for intermediate tensors: use it on one stream at a time, and `clone` it for
    further ones. Its memory is freed with the last reference, by `close`, or at the end of a `with` block.
    """

    def __init__(self, library: Library, device: Device, instance: int) -> None:
        self._library = library
        self._device = device
        self._instance = instance
        self._free = device.clean_up_with(self, partial(library.destroy, instance))
        self._copies: tuple[list[DeviceArray], list[DeviceArray]] | None = None

    @property
    def inputs(self) -> tuple[TensorDescription, ...]:
        """What the network takes, in order."""
        return self._library.inputs

    @property
    def outputs(self) -> tuple[TensorDescription, ...]:
        """What the network gives, in order."""
        return self._library.outputs

    @property
    def launches(self) -> tuple[KernelLaunch, ...]:
        """The kernel launches of a run, in order."""
        return self._library.launches

    @property
    def target(self) -> str:
        """The architecture it was compiled for: `sm_90a`."""
        return self._library.target

    @property
    def arena_bytes(self) -> int:
        """Device memory for intermediate tensors; each clone has its own."""
        return self._library.arena_bytes

    @property
    def weights_bytes(self) -> int:
        """Device memory for weights; clones share it."""
        return self._library.weights_bytes

    def __call__(self, inputs: Arrays, *, outputs: Arrays | None = None, stream: Any = None) -> list[Any]:
        """Run the network; returns its outputs, in order.

        Numpy arrays are copied to the GPU and the results back: they are there when the call returns. Arrays in
        the GPU's memory are read where they are, and the run is only queued: on `stream`, else on the stream that
        is current in torch or cupy, else on the default stream. The results are arrays of the same library.

        Args:
            inputs: arrays in order, by name, or the only one; all of one kind.
            outputs: where to write the results, given like the inputs; without it new arrays are made.
            stream: an address, or an object with `.cuda_stream`, `.ptr` or `.handle`.

        Raises:
            BoltError: the arrays do not fit the network, are not contiguous, on another GPU or of several kinds,
                or the GPU reports an error.
        """
        given, wanted = self._arrange(inputs, outputs)
        kind = kind_of([*given, *wanted])
        if kind is None:
            return self._run_on_copies(given, wanted, stream)
        with self._device.current():
            run = self._bind(kind, given, wanted, stream)
            self._library.run(self._handle, run.addresses, run.stream)
        return run.outputs

    def capture(self, inputs: Arrays, outputs: Arrays | None = None) -> CapturedRun:
        """Record a run on these arrays as a CUDA graph, which costs the host one launch to replay.

        Raises:
            BoltError: as for a run, or the arrays are numpy's, which have no place on the GPU.
        """
        given, wanted = self._arrange(inputs, outputs)
        kind = kind_of([*given, *wanted]) if given else FOREIGN
        if kind is None:
            hint = "Model.upload copies numpy arrays there"
            raise BoltError("a captured run needs arrays in the GPU's memory", hint=hint)
        with self._device.current():
            run = self._bind(kind, given, wanted, None)
            graph = self._library.capture(self._handle, run.addresses)
        inputs_kept = [argument.array for argument in given]
        return CapturedRun(self._library, Binder(self._device, kind), graph, inputs_kept, run)

    def clone(self) -> Model:
        """Another instance with the same weights and memory of its own: for another stream."""
        with self._device.current():
            return Model(self._library, self._device, self._library.clone(self._handle))

    def upload(self, inputs: Arrays) -> list[DeviceArray]:
        """Numpy arrays as arrays in the GPU's memory.

        Raises:
            BoltError: they do not fit the network.
        """
        given, _ = self._arrange(inputs, None)
        arrays = [host_input(argument) for argument in given]
        with self._device.current():
            uploaded = self._new_arrays(self.inputs)
            for array, destination in zip(arrays, uploaded, strict=True):
                destination.fill(array)
        return uploaded

    def measure(self, inputs: Arrays, *, repetitions: int = 100, graph: bool = True) -> list[float]:
        """Microseconds of each of several runs, queued one after the other; a first one is not counted.

        Args:
            graph: replay a captured run; otherwise launch every kernel anew.

        Raises:
            BoltError: as for a run.
        """
        arrays = self._on_device(inputs)
        captured = self.capture(arrays)
        run = captured.replay if graph else partial(self, arrays, outputs=captured.outputs)
        with self._device.current():
            self._device.synchronize()
            return self._device.time(lambda stream: run(stream=stream), repetitions)

    def profile(self, inputs: Arrays, *, repetitions: int = 100) -> Profile:
        """Measure each kernel launch on its own, and whole runs.

        Raises:
            BoltError: as for a run.
        """
        arrays = self._on_device(inputs)
        whole = statistics.median(self.measure(arrays, repetitions=repetitions))
        given, _ = self._arrange(arrays, None)
        with self._device.current():
            run = self._bind(kind_of(given) or FOREIGN, given, [], None)
            times = self._library.profile(self._handle, run.addresses, run.stream, repetitions)
        return profile_of(self.target, self.launches, times, whole)

    def close(self) -> None:
        """Wait for the GPU and free what only this instance needs; it cannot run any more."""
        self._copies = None
        self._free()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        inputs, outputs = (", ".join(map(str, tensors)) for tensors in (self.inputs, self.outputs))
        return f"Model({self._library.folder.name}, {self.target}, ({inputs}) -> ({outputs}))"

    @property
    def _handle(self) -> int:
        if not self._free.alive:
            raise BoltError("the model was closed", where=str(self._library.folder))
        return self._instance

    def _arrange(self, inputs: Arrays, outputs: Arrays | None) -> tuple[list[Argument], list[Argument]]:
        wanted = [] if outputs is None else arrange(outputs, self.outputs, "output")
        return arrange(inputs, self.inputs, "input"), wanted

    def _bind(self, kind: DeviceArrays, given: list[Argument], wanted: list[Argument], stream: Any) -> Run:
        made = () if wanted else self.outputs
        return Binder(self._device, kind).bind(given, wanted, made, stream)

    def _on_device(self, inputs: Arrays) -> list[Any]:
        given, _ = self._arrange(inputs, None)
        return self.upload(inputs) if kind_of(given) is None else [argument.array for argument in given]

    def _new_arrays(self, descriptions: tuple[TensorDescription, ...]) -> list[DeviceArray]:
        return [DeviceArray(description, self._device, 0) for description in descriptions]

    def _run_on_copies(self, given: list[Argument], wanted: list[Argument], stream: Any) -> list[Array]:
        if stream is not None:
            hint = "give arrays in the GPU's memory"
            raise BoltError("numpy arrays are copied and waited for: they take no stream", where="stream", hint=hint)
        arrays = [host_input(argument) for argument in given]
        made = () if wanted else self.outputs
        results = [host_output(argument) for argument in wanted]
        results += [np.empty(description.shape, description.dtype.numpy) for description in made]
        with self._device.current():
            self._copies = self._copies or (self._new_arrays(self.inputs), self._new_arrays(self.outputs))
            sources, targets = self._copies
            self._device.synchronize()  # this instance may be at work on another stream
            for array, source in zip(arrays, sources, strict=True):
                source.fill(array)
            addresses = Addresses([array.address for array in sources], [array.address for array in targets])
            self._library.run(self._handle, addresses, 0)
            for result, target in zip(results, targets, strict=True):
                self._device.download(target.address, result)
        return results
