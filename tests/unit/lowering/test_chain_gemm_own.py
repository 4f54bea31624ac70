"""boltir's own kernels of dependent products: what they mean, that nvcc compiles them, and which are tried."""

import numpy as np
import pytest
from xdsl.dialects.builtin import f16

from boltir.dialects.cutlass import KernelOp
from boltir.dialects.cutlass.chain_gemm_simt import ChainGemmSimtAttr
from boltir.dialects.cutlass.chain_gemm_sm90 import ChainGemmSm90Attr
from boltir.dialects.cutlass.matrix import Layout
from boltir.dialects.cutlass.template import KernelSignature, StageSignature
from boltir.lowering.fused_to_cutlass.chain import ChainProblem
from boltir.lowering.fused_to_cutlass.chain_candidates import chain_candidates
from boltir.lowering.render import render_kernel
from boltir.runtime.build import Builder
from boltir.runtime.kernel_source import KernelSource
from boltir.target import Target
from tests.gpu import chain_gemm_simt_cases, chain_gemm_sm90_cases
from tests.gpu.chain_cases import ChainCase
from tests.gpu.epilogue_cases import TOLERANCES

CASES = (*chain_gemm_sm90_cases.CASES, *chain_gemm_simt_cases.CASES)
MOST_ELEMENTS = 1_000_000
"""Of A, for which the interpreter takes no time."""
COMPILED = {"sm_90a": ("three,", "everything, split"), "sm_80": ("odd", "everything")}


def kernel_of(case: ChainCase) -> KernelOp:
    (kernel,) = (op for op in case.lowered().module.ops if isinstance(op, KernelOp))
    return kernel


@pytest.mark.parametrize(
    "case", [case for case in CASES if np.prod(case.a) < MOST_ELEMENTS], ids=lambda case: case.name
)
def test_a_launch_means_the_chain(case: ChainCase) -> None:
    network = case.lowered()
    network.module.verify()
    arguments = case.random_arguments(0)
    (output,), (exact,) = network.run(arguments), case.expected(arguments)
    assert output.shape == exact.shape
    difference = np.abs(output.astype(np.float64) - exact).max() / np.abs(exact).max()
    assert difference <= TOLERANCES[case.intermediate_dtype]


@pytest.mark.parametrize("target", list(COMPILED))
def test_nvcc_compiles(target: str) -> None:
    """Three products, operands of every kind, parts that are added up; the GPU tests have them all compiled."""
    cases = [case for case in CASES if case.target == target and case.name.startswith(COMPILED[target])]
    assert len(cases) == len(COMPILED[target])
    sources: list[KernelSource] = []
    for i, case in enumerate(cases):
        kernel = kernel_of(case)
        kernel.sym_name = type(kernel.sym_name)(f"chain_{i}")
        sources.append(KernelSource(f"chain_{i}", render_kernel(kernel)))
    Builder(Target.named(target), jobs=1, show_progress=False).compile_kernels(sources)


def templates(rows: int, *extents: int) -> list[object]:
    products = len(extents) - 1
    stages = (StageSignature((), ()),) * (products - 1)
    signature = KernelSignature((f16,) * (products + 1), (), (), (f16,), stages=stages)
    problem = ChainProblem(None, rows, extents, Layout.COLUMN, signature)
    return [one.template for one in chain_candidates(problem, Target.named("sm_90a")).candidates]


def test_weights_stay_where_they_fit() -> None:
    for extents, stay in (((576, 128, 64), True), ((192, 768, 192), False)):
        found = [one for one in templates(8192, *extents) if isinstance(one, ChainGemmSm90Attr)]
        assert any(one.is_resident for one in found) == stay
        assert all(one.stages.data >= one.depth_blocks for one in found if one.chunks > 1)


def test_what_no_tensor_core_reads_is_computed_by_a_thread_per_row() -> None:
    (template,) = templates(2464, 4, 1, 4)
    assert isinstance(template, ChainGemmSimtAttr)
    assert template.vector.data == 4
