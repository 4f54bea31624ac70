"""The register epilogue of Hopper's kernels moves rows that begin anywhere, and nothing beside them (on the CPU)."""

import ctypes
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from boltir.lowering.render import render_template
from boltir.runtime.nvcc import Nvcc

SUPPORT = Path(__file__).resolve().parents[2] / "support"
HEADERS = ("register_loads_sm90.cuh.jinja", "register_stores_sm90.cuh.jinja")
DTYPES = {"i8": np.int8, "f16": np.float16, "f32": np.float32, "i64": np.int64}
POISON = 0x5B
GUARD = 256  # bytes on both sides
ACCESS = 16  # bytes

TILES = st.integers(0, 4)  # register_epilogue.cpp, move
VECTORS = st.sampled_from(
    [("i8", 1), ("i8", 4), ("f16", 1), ("f16", 2), ("f16", 4), ("f16", 8), ("f32", 1), ("f32", 2), ("i64", 1)]
)
"""Element types, and how many elements all sizes are a multiple of."""


def memory(elements: int, element: str, skew: int) -> npt.NDArray[np.uint8]:
    """Poisoned bytes for so many elements, `skew` elements after a vector of 16 bytes, and guards around them."""
    size = np.dtype(DTYPES[element]).itemsize
    raw = np.full(ACCESS + 2 * GUARD + (skew + elements) * size, POISON, np.uint8)
    return raw[-raw.ctypes.data % ACCESS + skew * size :][: 2 * GUARD + elements * size]


def guarded(memory: npt.NDArray[np.uint8], element: str) -> npt.NDArray[np.generic]:
    """The elements between the guards."""
    return memory[GUARD:-GUARD].view(DTYPES[element])


def address(memory: npt.NDArray[np.uint8]) -> ctypes.c_void_p:
    return ctypes.c_void_p(memory.ctypes.data + GUARD)


@dataclass(frozen=True)
class Stored:
    """Columns [begin, end) of matrices of `columns` columns, in rows `pitch` apart; all multiples of `vector`."""

    kind: str
    element: str
    vector: int
    batches: int
    rows: int
    columns: int
    begin: int
    end: int
    pitch: int
    skew: int

    @property
    def sizes(self) -> tuple[int, ...]:
        return (self.batches, self.rows, self.columns, self.begin, self.end, self.pitch)

    def memory(self) -> npt.NDArray[np.uint8]:
        return memory(self.batches * self.rows * self.pitch, self.element, self.skew)

    def stored(self) -> npt.NDArray[np.uint8]:
        """The memory after register_epilogue.cpp's value_at was stored to it."""
        batch, row, column = np.ogrid[: self.batches, : self.rows, self.begin : self.end]
        values = np.where(column < self.columns, (17 * batch + 31 * row + 7 * column) % 89, 0)
        result = self.memory()
        rows = guarded(result, self.element).reshape(self.batches, self.rows, self.pitch)
        rows[..., : self.end - self.begin] = values.astype(DTYPES[self.element])
        return result


@st.composite
def stored(draw: st.DrawFn) -> Stored:
    element, vector = draw(VECTORS)
    kind = draw(st.sampled_from("eEcp"))  # all elements, the same without a stage, some columns, zeros behind
    columns = vector * draw(st.integers(1, 300 // vector))
    begin, end, extra = 0, columns, vector * draw(st.integers(0, 20))
    if kind == "c":
        begin = vector * draw(st.integers(0, columns // vector - 1))
        end, extra = begin + vector * draw(st.integers(1, (columns - begin) // vector)), 0
    if kind == "p":
        end, extra = columns + extra, 0
    batches, rows = draw(st.integers(1, 2)), draw(st.integers(1, 200))
    skew = vector * draw(st.integers(0, ACCESS // vector))
    return Stored(kind, element, vector, batches, rows, columns, begin, end, end - begin + extra, skew)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    folder = tmp_path_factory.mktemp("register_epilogue")
    source, output = folder / "epilogue.cpp", folder / "epilogue.so"
    words = [f'#include "{SUPPORT / name}"\n' for name in ("cuda_on_cpu.h", "cutlass_words.h")]
    headers = [render_template(name, {}) for name in HEADERS]
    source.write_text("".join((*words, *headers, f'#include "{SUPPORT / "register_epilogue.cpp"}"\n')))
    # nvcc hands C++ to g++ with the include folders of its headers.
    command = [Nvcc.find().path, "-x", "c++", "-std=c++17", "-O1", "-w", "-shared", "-Xcompiler=-fPIC", "-cudart=none"]
    subprocess.run([*command, source, "-o", output], check=True)
    return ctypes.CDLL(str(output))


@given(case=stored(), tile=TILES)
def test_stores_its_elements_and_nothing_else(library: ctypes.CDLL, case: Stored, tile: int) -> None:
    memory = case.memory()
    store = library[f"store_{case.element}_{case.vector}"]
    store(ctypes.c_char(case.kind.encode()), tile, address(memory), (ctypes.c_int * 6)(*case.sizes))
    np.testing.assert_array_equal(memory, case.stored())


@given(
    vectors=VECTORS, kind=st.sampled_from("fFr"), tile=TILES, batches=st.integers(1, 2), rows=st.integers(1, 200),
    width=st.integers(1, 300), seed=st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_reads_whole_operands_and_rows_that_all_share(
    library: ctypes.CDLL, vectors: tuple[str, int], kind: str, tile: int, batches: int, rows: int, width: int, seed: int
) -> None:
    element, vector = vectors
    columns = -(-width // vector) * vector
    shape = (columns,) if kind == "r" else (batches, rows, columns)
    values = np.random.default_rng(seed).integers(-100, 100, shape).astype(DTYPES[element])
    operand, result = memory(values.size, element, 0), memory(batches * rows * columns, element, 0)
    guarded(operand, element)[:] = values.ravel()
    copy = library[f"copy_{element}_{vector}"]
    sizes = (ctypes.c_int * 3)(batches, rows, columns)
    copy(ctypes.c_char(kind.encode()), tile, address(result), address(operand), sizes)
    expected = memory(batches * rows * columns, element, 0)
    guarded(expected, element).reshape(batches, rows, columns)[:] = values
    np.testing.assert_array_equal(result, expected)
