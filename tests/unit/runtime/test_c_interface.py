"""The C interface of a library that nvcc built, as far as it goes without a GPU."""

import ctypes
import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest

from boltir.lowering.cutlass_to_cuda.tables import c_string
from boltir.runtime.build import Builder
from boltir.target import Target
from tests.support.c_interface import CInterface, Dtype, Status
from tests.support.small_program import SmallProgram
from tests.unit.test_hostile_names import HOSTILE

HEADER = Path(__file__).parents[3] / "boltir" / "lowering" / "host" / "boltir_model.h"


@pytest.fixture(scope="module")
def builder() -> Builder:
    return Builder(Target.named("sm_80"), jobs=1, show_progress=False)


@pytest.fixture(scope="module")
def small(builder: Builder, tmp_path_factory: pytest.TempPathFactory) -> CInterface:
    return CInterface(SmallProgram().build(tmp_path_factory.mktemp("small") / "artifact", builder))


@pytest.mark.parametrize("compiler", [["gcc", "-std=c89"], ["g++", "-std=c++98"]])
def test_the_header_is_plain_c(compiler: list[str], tmp_path: Path) -> None:
    source = tmp_path / "user.c"
    source.write_text('#include "boltir_model.h"\nint main(void) { return boltir_input_count(); }\n')
    warnings = ["-pedantic", "-Wall", "-Wextra", "-Werror", "-Wno-long-long"]
    subprocess.run([*compiler, *warnings, f"-I{HEADER.parent}", "-fsyntax-only", source], check=True)


def test_descriptions_need_no_device(small: CInterface) -> None:
    assert small.inputs == [("x", Dtype.F32, (4, 8), 128)]
    assert small.outputs == [("y", Dtype.F32, (4, 8), 128)]
    assert small.kernels == [
        ("multiply", "pointwise", "first0; second0", 3 * 128, 0),
        ("multiply", "pointwise", "first1; second1", 3 * 128, 0),
    ]
    library = small.library
    assert library.boltir_target() == b"sm_80"
    assert (library.boltir_arena_bytes(), library.boltir_weights_bytes()) == (4096 + 256, 256)


@pytest.mark.parametrize("index", [-1, 2, 1 << 30])
def test_an_index_out_of_range_is_null(small: CInterface, index: int) -> None:
    describe = (small.library.boltir_input, small.library.boltir_output, small.library.boltir_kernel)
    assert not any(function(index) for function in describe)


def test_no_driver_is_a_status_and_says_what_to_install(small: CInterface) -> None:
    if Path("/dev/nvidiactl").exists():
        pytest.skip("there is a driver here")
    assert small.create(small.folder) == (Status.NO_DEVICE, None)
    assert small.last_error == (
        "there is no GPU to run on (CUDA driver version is insufficient for CUDA runtime version): "
        "install NVIDIA's driver, or give the container access to the GPU"
    )


def test_null_arguments_are_refused(small: CInterface) -> None:
    library = small.library
    assert small.create(None) == (Status.INVALID_ARGUMENT, None)
    assert small.last_error == "folder is NULL"
    assert Status(library.boltir_create(str(small.folder).encode(), None)) is Status.INVALID_ARGUMENT
    assert small.last_error == "model is NULL"
    assert small.clone(None) == (Status.INVALID_ARGUMENT, None)
    assert small.run(None, [], []) is Status.INVALID_ARGUMENT
    assert small.capture(None, [], []) == (Status.INVALID_ARGUMENT, None)
    assert small.replay(None) is Status.INVALID_ARGUMENT
    assert small.last_error == "graph is NULL"
    assert small.profile(None, [], [], 1) == (Status.INVALID_ARGUMENT, [-1, -1])
    small.destroy(None)
    small.destroy_graph(None)


def test_errors_belong_to_a_thread(small: CInterface) -> None:
    seen: list[str] = []

    def fail() -> None:
        seen.append(small.last_error)
        small.replay(None)
        seen.append(small.last_error)

    small.clone(None)
    thread = Thread(target=fail)
    thread.start()
    thread.join()
    assert seen == ["", "graph is NULL"]
    assert small.last_error == "model is NULL"


def test_any_text_is_one_string_literal(tmp_path: Path) -> None:
    """A zero byte, which would end a string in C, is shown as a character."""
    source, library = tmp_path / "texts.cpp", tmp_path / "texts.so"
    source.write_text('extern "C" const char* const texts[] = {' + ",\n".join(map(c_string, HOSTILE)) + "};")
    subprocess.run(["g++", "-shared", "-fPIC", "-Wall", "-Werror", source, "-o", library], check=True)
    texts = (ctypes.c_char_p * len(HOSTILE)).in_dll(ctypes.CDLL(str(library)), "texts")
    assert [text.decode() for text in texts] == [name.replace("\0", "\u2400") for name in HOSTILE]


def test_names_are_the_models(builder: Builder, tmp_path: Path) -> None:
    name = "".join(HOSTILE)
    program = SmallProgram(input_name=name, output_name=f"{name} too")
    library = CInterface(program.build(tmp_path / "artifact", builder))
    expected = name.replace("\0", "\u2400")
    assert [tensor[0] for tensor in (*library.inputs, *library.outputs)] == [expected, f"{expected} too"]


IN_ONE_PROCESS = """
import ctypes, sys
from pathlib import Path
from tests.support.c_interface import CInterface

first, second = map(Path, sys.argv[1:])
ctypes.CDLL(str(first / "libmodel.so"), mode=ctypes.RTLD_GLOBAL)
for library in map(CInterface, (first, second)):
    library.replay(None) if library.folder == first else library.clone(None)
    print(library.inputs[0][0], library.last_error)
"""


def test_libraries_in_one_process_keep_to_themselves(builder: Builder, small: CInterface, tmp_path: Path) -> None:
    """Even when the symbols of one are visible to all, which is for a process of its own."""
    other = SmallProgram(input_name="another").build(tmp_path / "other", builder)
    command = [sys.executable, "-c", IN_ONE_PROCESS, small.folder, other]
    done = subprocess.run(command, cwd=Path(__file__).parents[3], capture_output=True, text=True, check=True)
    assert done.stdout == "x graph is NULL\nanother model is NULL\n"


def test_an_artifact_can_carry_its_cuda_runtime(small: CInterface) -> None:
    """A libcudart beside the library is found before that of the machine it was built on."""
    printed = subprocess.run(
        ["readelf", "-d", small.folder / "libmodel.so"], capture_output=True, text=True, check=True
    )
    assert "runpath: [$ORIGIN:/" in printed.stdout
