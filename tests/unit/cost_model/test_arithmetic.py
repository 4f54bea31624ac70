"""What an epilogue's arithmetic costs, and where it shows."""

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import f16, f32
from xdsl.ir import Block

from boltir.cost_model import epilogue_instructions, estimate
from boltir.cost_model.usual import usual_seconds
from boltir.dialects.cutlass.gemm_sm90 import GemmSm90Attr
from boltir.dialects.cutlass.matrix import GEMM_PARAMETERS, Math
from boltir.dialects.cutlass.template import KernelSignature
from boltir.dialects.fused.epilogue import YieldOp
from boltir.dialects.fused.scalar_builder import ScalarBuilder
from boltir.target import Target
from tests.gpu.epilogue_cases import gelu

H100 = Target.named("sm_90a")
PLAIN = KernelSignature((f16, f16), (), (), (f16,))


def product(m: int, n: int, k: int) -> dict[str, int]:
    return dict(zip(GEMM_PARAMETERS, (m, n, k, 1, k, k, n, m * k, n * k, m * n), strict=True))


def seconds(schedule: str, instructions: int) -> float:
    template = GemmSm90Attr.of(
        math="f16", tile=(128, 128, 64), cluster=(1, 1, 1), schedule=schedule, layout_a="row", layout_b="column",
        alignment_a=8, alignment_b=8, alignment_c=8,
    )  # fmt: skip
    integers = {**product(4096, 3072, 768), "swizzle": 1, "raster": 0}
    found = estimate(template, integers, PLAIN, H100, instructions)
    assert found is not None
    return found.seconds


def test_special_functions_count_for_more_than_sums() -> None:
    block = Block(arg_types=[f32, f32])
    total = arith.AddfOp(block.args[0], block.args[1])
    bent = math.TanhOp(total.result)
    block.add_ops([total, bent, YieldOp(operands=[[bent.result]])])
    assert epilogue_instructions(block) == 1 + 12


def test_a_gelu_counts_for_what_its_formula_executes() -> None:
    """Seven fused multiplications, two comparisons, and an exponential for four (narrow_gelu in narrow_math.cuh)."""
    block = Block(arg_types=[f32])
    result = gelu(ScalarBuilder(block), block.args[0])
    block.add_op(YieldOp(operands=[[result]]))
    assert epilogue_instructions(block) == 7 + 2 + 4


def test_arithmetic_takes_time_unless_the_next_tile_is_multiplied_meanwhile() -> None:
    assert seconds("cooperative", 20) > seconds("cooperative", 2)
    assert seconds("pingpong", 20) - seconds("pingpong", 2) < seconds("cooperative", 20) - seconds("cooperative", 2)


def test_a_usual_product_is_no_faster_than_the_roof() -> None:
    for name in ("sm_75", "sm_80", "sm_90a"):
        target = Target.named(name)
        expected = usual_seconds(product(1280, 3072, 768), (3072,), Math.F16, target)
        assert expected > 2 * 1280 * 3072 * 768 / target.tensor_flops


def test_parts_of_a_product_take_longer_to_store_than_the_whole() -> None:
    whole, parts = (usual_seconds(product(1280, 2304, 768), p, Math.F16, H100) for p in ((2304,), (768,) * 3))
    assert whole < parts
