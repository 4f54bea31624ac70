"""Runs a compiled network on the GPU through its C interface, with torch holding the memory."""

import ctypes
import importlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

torch: Any = importlib.import_module("torch")  # has no types here: only the machine with the GPU has it

_DTYPES = {"f32": torch.float32, "f16": torch.float16, "i64": torch.int64, "i32": torch.int32, "i1": torch.bool}


class DeviceModel:
    """An artifact's library with its weights, and an arena, in device memory."""

    def __init__(self, folder: Path) -> None:
        self.library = ctypes.CDLL(str(folder / "libmodel.so"))
        self.library.boltir_arena_bytes.restype = ctypes.c_int64
        self.manifest = json.loads((folder / "manifest.json").read_text())
        weights = np.fromfile(folder / "weights.bin", dtype=np.uint8)
        self.weights = torch.from_numpy(weights).cuda()
        # NaN in every format: whatever is read before it is written shows.
        self.arena = torch.full((max(1, self.library.boltir_arena_bytes()),), 0xFF, dtype=torch.uint8, device="cuda")

    def run(self, inputs: list[Array]) -> list[Array]:
        """The network's outputs, written over NaN."""
        given = [torch.from_numpy(np.ascontiguousarray(array)).cuda() for array in inputs]
        outputs = [self._poisoned(description) for description in self.manifest["outputs"]]
        pointers = [(ctypes.c_void_p * max(1, len(ts)))(*(t.data_ptr() for t in ts)) for ts in (given, outputs)]
        memory = (ctypes.c_void_p(self.arena.data_ptr()), ctypes.c_void_p(self.weights.data_ptr()))
        stream = ctypes.c_void_p(torch.cuda.current_stream().cuda_stream)
        status = self.library.boltir_run(*memory, *pointers, stream)
        torch.cuda.synchronize()
        if status != 0:
            raise RuntimeError(f"boltir_run returned {status}")
        return [output.cpu().numpy() for output in outputs]

    @staticmethod
    def _poisoned(description: dict[str, Any]) -> Any:
        dtype = _DTYPES[description["dtype"]]
        shape = tuple(description["shape"])
        if dtype.is_floating_point:
            return torch.full(shape, float("nan"), dtype=dtype, device="cuda")
        return torch.zeros(shape, dtype=dtype, device="cuda")
