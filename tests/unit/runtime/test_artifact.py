"""The folder that a compiled network is."""

import json
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from xdsl.dialects.builtin import StringAttr, SymbolRefAttr

import boltir
from boltir.dialects.cutlass import KernelOp, LaunchOp
from boltir.errors import BoltError
from boltir.lowering.cutlass_to_cuda.emit import emit_cuda
from boltir.lowering.cutlass_to_cuda.program import Place, Space
from boltir.runtime.artifact import write_artifact_sources
from boltir.runtime.build import Builder
from boltir.runtime.weights_file import Fletcher64
from boltir.target import Target
from boltir.weights import WeightStore
from tests.support.small_program import SmallProgram


def sources_of(program: SmallProgram, folder: Path) -> Path:
    weights = WeightStore(added={"w": program.weight})
    return write_artifact_sources(emit_cuda(program.module("sm_80")), weights, folder).folder


def test_the_manifest_says_what_the_artifact_is(tmp_path: Path) -> None:
    program = SmallProgram(input_name="picture\n", output_name="class")
    builder = Builder(Target.named("sm_80"), jobs=1, show_progress=False)
    manifest = json.loads((program.build(tmp_path / "artifact", builder) / "manifest.json").read_text())

    tensor = {"shape": [4, 8], "dtype": "f32"}
    launch = {"kernel": "multiply", "integers": {"size_0": 32}, "bytes": 384, "flops": 0}
    checksum = manifest.pop("weights_checksum")
    assert manifest == {
        "format": 2,
        "versions": {"boltir": boltir.__version__, "cutlass": builder.cutlass.version, "nvcc": builder.nvcc.version},
        "target": "sm_80",
        "dtypes": ["f32"],
        "inputs": [{"name": "picture\n", **tensor}],
        "outputs": [{"name": "class", **tensor}],
        "arena_bytes": 4096 + 256,
        "weights_bytes": 256,
        "kernels": {
            "multiply": "#cutlass.pointwise<inputs = 0, vector = 1, rank = 1, strided = [], innermost = []>",
        },
        "launches": [{**launch, "origin": ["first0", "second0"]}, {**launch, "origin": ["first1", "second1"]}],
        "weights": [{"name": "w", "offset": 0, "size": 128}],
    }
    assert checksum in (tmp_path / "artifact" / "host" / "checksum.cpp").read_text()


def test_without_a_library_there_are_no_versions_of_its_tools(tmp_path: Path) -> None:
    manifest = json.loads((sources_of(SmallProgram(), tmp_path / "out") / "manifest.json").read_text())
    assert manifest["versions"] == {"boltir": boltir.__version__}


def test_weights_lie_at_their_offsets_and_gaps_are_zero(tmp_path: Path) -> None:
    program = SmallProgram()
    content = (sources_of(program, tmp_path / "out") / "weights.bin").read_bytes()
    assert content == program.weight.tobytes() + bytes(128)


def test_new_weights_change_the_checksum_and_no_other_source(tmp_path: Path) -> None:
    """So that only a line is compiled again for a network that was trained further."""
    program = SmallProgram()
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder, scale in zip(folders, (1, 2), strict=True):
        weights = WeightStore(added={"w": program.weight * np.float32(scale)})
        write_artifact_sources(emit_cuda(program.module("sm_80")), weights, folder)
    files = [path.relative_to(folders[0]) for path in folders[0].rglob("*") if path.is_file()]
    differing = {str(file) for file in files if (folders[0] / file).read_bytes() != (folders[1] / file).read_bytes()}
    assert differing == {"host/checksum.cpp", "manifest.json", "weights.bin"}


def fletcher64(words: tuple[int, ...]) -> int:
    """By the definition, one word at a time."""
    total = total_of_totals = 0
    for word in words:
        total = (total + word) % (2**32 - 1)
        total_of_totals = (total_of_totals + total) % (2**32 - 1)
    return total_of_totals << 32 | total


@given(st.binary(max_size=400).map(lambda data: data + bytes(-len(data) % 4)), st.integers(0, 100))
def test_the_checksum_is_fletcher_64(data: bytes, split: int) -> None:
    checksum = Fletcher64()
    checksum.add(data[: 4 * split])
    checksum.add(data[4 * split :])
    assert checksum.value == fletcher64(struct.unpack(f"<{len(data) // 4}I", data))


@pytest.mark.parametrize("word", [0, 1, 2**32 - 1])
def test_the_checksum_of_much_data_does_not_overflow(word: int) -> None:
    count = 200_001
    checksum = Fletcher64()
    checksum.add(struct.pack("<I", word) * count)
    assert checksum.value == fletcher64((word,) * count)


@pytest.mark.parametrize(
    ("text", "expected"),
    [(b"abcde", 0xC8C6C527646362C6), (b"abcdef", 0xC8C72B276463C8C6), (b"abcdefgh", 0x312E2B28CCCAC8C6)],
)
def test_the_published_checksums(text: bytes, expected: int) -> None:
    """Of Wikipedia, "Fletcher's checksum"; zeros fill up the last word."""
    checksum = Fletcher64()
    checksum.add(text + bytes(-len(text) % 4))
    assert checksum.value == expected


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("run", "cutlass.kernel @run: boltir_model.h has a function of that name (rename it)"),
        ("../up", "cutlass.kernel @../up: a kernel's name is made of letters, digits and _"),
        ("a b", "cutlass.kernel @a b: a kernel's name is made of letters, digits and _"),
        ("naïve", "cutlass.kernel @naïve: a kernel's name is made of letters, digits and _"),
        ("", "cutlass.kernel @: a kernel's name is made of letters, digits and _"),
    ],
)
def test_kernels_need_names_for_functions(name: str, message: str) -> None:
    module = SmallProgram().module("sm_80")
    for op in module.walk():
        if isinstance(op, KernelOp):
            op.sym_name = StringAttr(name)
        if isinstance(op, LaunchOp):
            op.kernel = SymbolRefAttr(name)
    with pytest.raises(BoltError) as error:
        emit_cuda(module)
    assert str(error.value) == message


def test_each_launch_reads_what_the_one_before_wrote() -> None:
    """x, then each intermediate tensor in its turn, then y."""
    launches = emit_cuda(SmallProgram(launches=4).module("sm_80")).program.launches
    arena = [Place(Space.ARENA, offset) for offset in (4096, 4352, 4608)]
    assert [launch.places[0] for launch in launches] == [Place(Space.INPUT, 0), *arena]
    assert [launch.places[1] for launch in launches] == [Place(Space.WEIGHTS, 0)] * 4
    assert [launch.places[2] for launch in launches] == [*arena, Place(Space.OUTPUT, 0)]
