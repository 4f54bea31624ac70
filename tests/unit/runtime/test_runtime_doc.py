"""What docs/runtime.md says of numpy arrays is what happens, on a GPU and a CUDA runtime whose memory is the host's."""

import doctest
from pathlib import Path

import pytest

from tests.support.fake_cuda import FakeCuda
from tests.support.fake_gpu import FakeDriver, installed
from tests.support.small_program import SmallProgram

PAGE = Path(__file__).parents[3] / "docs" / "runtime.md"


def test_python_examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cuda = FakeCuda.build(tmp_path)
    SmallProgram().build(tmp_path / "net.bolt", cuda.builder("sm_80"), on_cpu=True)
    monkeypatch.chdir(tmp_path)
    with installed(FakeDriver(stream=0)):
        results = doctest.testfile(str(PAGE), module_relative=False)
    assert results.attempted > 0
    assert results.failed == 0
