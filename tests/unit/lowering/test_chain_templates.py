"""The kernels of dependent products of CUTLASS 2.x: what they mean as launches, and that nvcc compiles them."""

import pytest

from boltir.target import Target
from tests.gpu.chain_cases import CHAIN_CASES, ChainCase
from tests.support.chain_checks import check_meaning, compile_kernels, small

COMPILED = ("three, rf", "conv, strided", "scale, scalar", "conv, three")


@pytest.mark.parametrize("case", small(CHAIN_CASES), ids=lambda case: case.name)
def test_a_launch_means_the_chain(case: ChainCase) -> None:
    check_meaning(case)


@pytest.mark.parametrize("target", ["sm_75", "sm_80"])
def test_nvcc_compiles(target: str) -> None:
    """Both residences, matrices and images, two and three products; the test on a GPU has them all compiled."""
    cases = [case for case in CHAIN_CASES if case.target == target and case.name.startswith(COMPILED)]
    assert cases
    compile_kernels(cases, Target.named(target))
