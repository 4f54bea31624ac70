"""The kernels of dependent products of CUTLASS 2.x: what they mean as launches, and that nvcc compiles them."""

import numpy as np
import pytest

from boltir.dialects.cutlass import KernelOp
from boltir.lowering.render import render_kernel
from boltir.runtime.build import Builder
from boltir.runtime.kernel_source import KernelSource
from boltir.target import Target
from tests.gpu.chain_cases import CHAIN_CASES, ChainCase
from tests.gpu.epilogue_cases import TOLERANCES

MOST_ELEMENTS = 1_000_000
"""Of A, for which the interpreter takes no time."""
COMPILED = ("three, rf", "conv, strided", "scale, scalar", "conv, three")


def kernel_of(case: ChainCase) -> KernelOp:
    (kernel,) = (op for op in case.lowered().module.ops if isinstance(op, KernelOp))
    return kernel


@pytest.mark.parametrize(
    "case", [case for case in CHAIN_CASES if np.prod(case.a) < MOST_ELEMENTS], ids=lambda case: case.name
)
def test_a_launch_means_the_chain(case: ChainCase) -> None:
    network = case.lowered()
    network.module.verify()
    arguments = case.random_arguments(0)
    (output,), (exact,) = network.run(arguments), case.expected(arguments)
    assert output.shape == exact.shape
    difference = np.abs(output.astype(np.float64) - exact).max() / np.abs(exact).max()
    assert difference <= TOLERANCES[case.intermediate_dtype]


@pytest.mark.parametrize("target", ["sm_75", "sm_80"])
def test_nvcc_compiles(target: str) -> None:
    """Both residences, matrices and images, two and three products; the test on a GPU has them all compiled."""
    cases = [case for case in CHAIN_CASES if case.target == target and case.name.startswith(COMPILED)]
    sources = [KernelSource(f"chain_{i}", _named(case, f"chain_{i}")) for i, case in enumerate(cases)]
    assert sources
    Builder(Target.named(target), jobs=1, show_progress=False).compile_kernels(sources)


def _named(case: ChainCase, name: str) -> str:
    kernel = kernel_of(case)
    kernel.sym_name = type(kernel.sym_name)(name)
    return render_kernel(kernel)
