"""boltir's own kernels of dependent products: what they mean, that nvcc compiles them, and which are tried."""

import pytest
from xdsl.dialects.builtin import f16

from boltir.dialects.cutlass.chain_gemm_simt import ChainGemmSimtAttr
from boltir.dialects.cutlass.chain_gemm_sm90 import ChainGemmSm90Attr
from boltir.dialects.cutlass.matrix import Layout
from boltir.dialects.cutlass.template import KernelSignature, StageSignature
from boltir.lowering.fused_to_cutlass.chains.candidates import chain_candidates
from boltir.lowering.fused_to_cutlass.chains.problem import ChainProblem
from boltir.target import Target
from tests.gpu import chain_gemm_simt_cases, chain_gemm_sm90_cases
from tests.gpu.chain_cases import ChainCase
from tests.support.chain_checks import check_meaning, compile_kernels, small

CASES = (*chain_gemm_sm90_cases.CASES, *chain_gemm_simt_cases.CASES)
COMPILED = {"sm_90a": ("three,", "everything, partners"), "sm_80": ("odd", "everything")}


@pytest.mark.parametrize("case", small(CASES), ids=lambda case: case.name)
def test_a_launch_means_the_chain(case: ChainCase) -> None:
    check_meaning(case)


@pytest.mark.parametrize("target", list(COMPILED))
def test_nvcc_compiles(target: str) -> None:
    """Three products, operands of every kind, parts that are added up; the GPU tests have them all compiled."""
    cases = [case for case in CASES if case.target == target and case.name.startswith(COMPILED[target])]
    assert len(cases) == len(COMPILED[target])
    compile_kernels(cases, Target.named(target))


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
        assert all(one.stages.data >= one.depth_blocks for one in found if one.chunks > one.partners.data)


def test_what_no_tensor_core_reads_is_computed_by_a_thread_per_row() -> None:
    (template,) = templates(2464, 4, 1, 4)
    assert isinstance(template, ChainGemmSimtAttr)
    assert template.vector.data == 4
