"""What the tests of every family of chains do with its cases: run their launches on the interpreter, compile them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from boltir.dialects.cutlass import KernelOp
from boltir.dialects.cutlass.chain_conv2d_sm90 import ChainConv2dSm90Attr
from boltir.dialects.cutlass.chain_gemm_sm90 import ChainGemmSm90Attr
from boltir.lowering.render import render_kernel
from boltir.runtime.build import Builder
from boltir.runtime.kernel_source import KernelSource
from boltir.target import Target
from tests.gpu.chain_cases import ChainCase
from tests.gpu.epilogue_cases import TOLERANCES

MOST_ELEMENTS = 1_000_000
"""Of A, or of the images, for which the interpreter takes no time."""


def small(cases: Iterable[ChainCase]) -> list[ChainCase]:
    """Those that the interpreter can run in a test."""
    return [case for case in cases if np.prod(case.a) < MOST_ELEMENTS]


def kernel_of(case: ChainCase) -> KernelOp:
    """The one kernel that a case becomes."""
    (kernel,) = (op for op in case.lowered().module.ops if isinstance(op, KernelOp))
    return kernel


def check_meaning(case: ChainCase) -> None:
    """Have the interpreter run the launch of a case, and compare with f64."""
    network = case.lowered()
    network.module.verify()
    arguments = case.random_arguments(0)
    (output,), (exact,) = network.run(arguments), case.expected(arguments)
    assert output.shape == exact.shape
    difference = np.abs(output.astype(np.float64) - exact).max() / np.abs(exact).max()
    assert difference <= TOLERANCES[case.intermediate_dtype]


def compile_kernels(cases: Iterable[ChainCase], target: Target) -> None:
    """Have nvcc compile the kernels of all cases for `target`."""
    sources: list[KernelSource] = []
    for i, case in enumerate(cases):
        kernel = kernel_of(case)
        kernel.sym_name = type(kernel.sym_name)(f"chain_{i}")
        sources.append(KernelSource(f"chain_{i}", render_kernel(kernel) + stated_resources(kernel)))
    Builder(target, jobs=1, show_progress=False).compile_kernels(sources)


def stated_resources(kernel: KernelOp) -> str:
    """C++ that compiles only if the dialect knows what a kernel of Hopper's takes."""
    chain, template = f"boltir_{kernel.sym_name.data}_detail::Chain", kernel.template_attr
    if not isinstance(template, ChainGemmSm90Attr | ChainConv2dSm90Attr):
        return ""
    stated = [f"{chain}::kSharedBytes <= {template.shared_memory}"]
    if isinstance(template, ChainGemmSm90Attr):
        stated.append(f"{chain}::kConsumerRegisters == {template.consumer_registers}")
    return "".join(f'static_assert({one}, "the dialect and the kernel agree");\n' for one in stated)
