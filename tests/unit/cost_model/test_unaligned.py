"""The product of unaligned rows beside what was measured on an H100."""

import pytest
from xdsl.dialects.builtin import f16

from boltir.cost_model import estimate
from boltir.dialects.cutlass.gemm_unaligned import GemmUnalignedAttr
from boltir.dialects.cutlass.matrix import GEMM_PARAMETERS
from boltir.dialects.cutlass.template import KernelSignature
from boltir.dialects.fused import Broadcast
from boltir.target import Target

BIAS = KernelSignature((f16, f16), (f16,), (Broadcast.ROW,), (f16,))


@pytest.mark.parametrize(
    ("m", "n", "k", "microseconds"),
    [(77, 1000, 77, 3.2), (77, 1000, 333, 6.0), (333, 1000, 1003, 34.2), (1024, 768, 333, 23.5), (4096, 768, 46, 31.1)],
)
def test_estimates_are_near_what_was_measured(m: int, n: int, k: int, microseconds: float) -> None:
    template = GemmUnalignedAttr.of(math="f16", alignment_c=4, layout_a="row", layout_b="column")
    sizes = (m, n, k, 1, k, k, n, m * k, n * k, m * n)
    integers: dict[str, int] = dict(zip(GEMM_PARAMETERS, sizes, strict=True))
    found = estimate(template, integers, BIAS, Target.named("sm_90a"))
    assert found is not None
    assert 1e6 * found.seconds == pytest.approx(microseconds, rel=0.35)
