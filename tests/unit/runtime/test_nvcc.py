"""Finding nvcc, with made-up toolkits instead of the machine's."""

from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from boltir.errors import BoltError
from boltir.runtime import nvcc
from boltir.runtime.nvcc import Cutlass, Nvcc
from boltir.target import Target


def make_toolkit(folder: Path, *, version: str = "13.0.88", library: str | None = "libcudart.so") -> Path:
    """A toolkit whose nvcc answers questions as the real one does; returns nvcc's path."""
    (folder / "bin").mkdir(parents=True)
    (folder / "lib").mkdir()
    if library is not None:
        (folder / "lib" / library).touch()
    path = folder / "bin" / "nvcc"
    path.write_text(
        "#!/bin/sh\n"
        f'case "$1" in --version) echo "Cuda compilation tools, release x, V{version}";;\n'
        f"""*) echo '#$ LIBRARIES=  "-L{folder}/lib/stubs" "-L{folder}/lib"' >&2;; esac\n"""
    )
    path.chmod(0o755)
    return path


@pytest.fixture(autouse=True)
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine with a host compiler and no CUDA at all."""
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "g++").write_text("#!/bin/sh\necho 12.2.0\n")
    (tools / "g++").chmod(0o755)
    monkeypatch.setenv("PATH", str(tools))
    monkeypatch.delenv("BOLTIR_NVCC", raising=False)
    monkeypatch.setattr(nvcc, "SYSTEM_TOOLKIT", tmp_path / "usr" / "local" / "cuda")
    use_site_packages(monkeypatch, tmp_path / "site-packages")


def use_site_packages(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Make `nvidia` the namespace package in `folder`."""
    spec = ModuleSpec("nvidia", None, is_package=True)
    spec.submodule_search_locations = [str(folder / "nvidia")]

    def find_spec(name: str) -> ModuleSpec | None:
        return spec if name == "nvidia" else None

    monkeypatch.setattr(nvcc, "find_spec", find_spec)


def test_the_environment_variable_wins_over_everything(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    chosen = make_toolkit(tmp_path / "mine")
    make_toolkit(tmp_path / "usr" / "local" / "cuda")
    monkeypatch.setenv("BOLTIR_NVCC", str(chosen))

    assert Nvcc.find() == Nvcc(chosen, "13.0.88", "12.2.0", tmp_path / "mine" / "lib" / "libcudart.so")


def test_a_chosen_nvcc_may_be_named_from_the_current_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    chosen = make_toolkit(tmp_path / "mine")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BOLTIR_NVCC", str(chosen.relative_to(tmp_path)))

    assert Nvcc.find().path == chosen  # nvcc is run in other folders


def test_the_path_comes_before_usr_local(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    on_path = make_toolkit(tmp_path / "opt" / "cuda")
    make_toolkit(tmp_path / "usr" / "local" / "cuda")
    monkeypatch.setenv("PATH", str(on_path.parent), prepend=":")

    assert Nvcc.find().path == on_path


def test_usr_local_comes_before_the_wheels(tmp_path: Path) -> None:
    system = make_toolkit(tmp_path / "usr" / "local" / "cuda")
    make_toolkit(tmp_path / "site-packages" / "nvidia" / "cu13")

    assert Nvcc.find().path == system


def test_wheels_have_no_plain_libcudart(tmp_path: Path) -> None:
    """They ship libcudart.so.13 alone: it is linked by file name, and found again at run time."""
    toolkit = tmp_path / "site-packages" / "nvidia" / "cu13"
    make_toolkit(toolkit, library="libcudart.so.13")

    flags = Nvcc.find().link_flags(Target.named("sm_80"))
    assert f"-Xlinker={toolkit}/lib/libcudart.so.13" in flags
    assert f"-Xlinker=-rpath=$ORIGIN:{toolkit}/lib" in flags
    assert "-cudart=none" in flags


def test_the_linker_searches_if_nvcc_names_no_library(tmp_path: Path) -> None:
    make_toolkit(tmp_path / "usr" / "local" / "cuda", library=None)

    assert "-cudart=shared" in Nvcc.find().link_flags(Target.named("sm_80"))


def test_hopper_is_compiled_for_its_own_features(tmp_path: Path) -> None:
    make_toolkit(tmp_path / "usr" / "local" / "cuda")

    assert "-gencode=arch=compute_90a,code=sm_90a" in Nvcc.find().compile_flags(Target.named("sm_90a"))


def test_no_nvcc() -> None:
    with pytest.raises(BoltError, match=r"no nvcc found \(install the CUDA toolkit, or `pip install boltir\[nvcc\]`"):
        Nvcc.find()


def test_a_chosen_nvcc_must_exist(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    make_toolkit(tmp_path / "usr" / "local" / "cuda")
    monkeypatch.setenv("BOLTIR_NVCC", "/nowhere/nvcc")

    with pytest.raises(BoltError, match="BOLTIR_NVCC=/nowhere/nvcc: not an executable file"):
        Nvcc.find()


def test_a_chosen_program_that_fails_is_no_nvcc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOLTIR_NVCC", "/bin/false")

    with pytest.raises(BoltError, match="/bin/false --version: failed with status 1: it said nothing"):
        Nvcc.find()


def test_an_old_nvcc_is_refused(tmp_path: Path) -> None:
    make_toolkit(tmp_path / "usr" / "local" / "cuda", version="11.8.89")

    with pytest.raises(BoltError, match=r"nvcc 11\.8\.89 is older than 12\.0"):
        Nvcc.find()


def test_no_host_compiler(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    make_toolkit(tmp_path / "usr" / "local" / "cuda")
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(BoltError, match=r"there is no g\+\+ \(on Debian: apt install g\+\+\)"):
        Nvcc.find()


def test_no_cutlass() -> None:
    with pytest.raises(BoltError, match=r"`pip install boltir\[cutlass\]`"):
        Cutlass.find()


def test_cutlass_headers_are_found_without_importing_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    cutlass = Cutlass.find()

    assert cutlass.version == "4.2.0"
    assert (cutlass.include_folders[0] / "cutlass" / "cutlass.h").is_file()
    for header in ("41_fused_multi_head_attention/kernel_forward.h", "88_hopper_fmha/kernel/fmha_kernel_builder.hpp"):
        assert any((folder / header).is_file() for folder in cutlass.include_folders)
