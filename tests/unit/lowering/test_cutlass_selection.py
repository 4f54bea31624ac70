"""Which products and convolutions the CUTLASS families take, and how they refuse the others."""

import pytest
from xdsl.dialects.builtin import ArrayAttr, TensorType, bf16, f16, f32, i8
from xdsl.ir import Attribute, SSAValue
from xdsl.utils.test_value import create_ssa_value

from boltir.dialects.cutlass.conv2d import IteratorAlgorithm
from boltir.dialects.cutlass.matrix import Math
from boltir.dialects.fused import (
    Along,
    ColumnsAttr,
    Combiner,
    Conv2dOp,
    GemmOp,
    PaddedAttr,
    PermutedAttr,
    ReducedAttr,
    StoreAttr,
)
from boltir.dialects.properties import bool_attr, int_attr
from boltir.dialects.tensors import Shape
from boltir.lowering.fused_to_cutlass.conv2d import iterator_algorithm
from boltir.lowering.fused_to_cutlass.families import select_on_tensor_cores
from boltir.lowering.fused_to_cutlass.selection import Refusal, Selection
from boltir.target import Target

SM80, SM90 = Target.named("sm_80"), Target.named("sm_90a")


def tensor(shape: Shape, element: Attribute = f16) -> SSAValue:
    return create_ssa_value(TensorType(element, shape))


def gemm(a: Shape, b: Shape, *operands: SSAValue, element: Attribute = f16, transpose_a: bool = False) -> GemmOp:
    return GemmOp.build_kernel(
        [tensor(a, element), tensor(b, element)],
        {"transpose_a": bool_attr(transpose_a)},
        result_element_types=[f16],
        epilogue_operands=operands,
    )


def conv2d(x: Shape, filters: Shape, *operands: SSAValue, groups: int = 1) -> Conv2dOp:
    return Conv2dOp.build_kernel(
        [tensor(x), tensor(filters)],
        {"groups": int_attr(groups)},
        result_element_types=[f16],
        epilogue_operands=operands,
    )


def selected(answer: Selection | Refusal) -> Selection:
    assert isinstance(answer, Selection), answer
    return answer


def refused(answer: Selection | Refusal) -> Refusal:
    assert isinstance(answer, Refusal), answer
    return answer


@pytest.mark.parametrize(
    ("op", "reason"),
    [
        (gemm((1, 64), (64, 128)), "M = 1 leaves a tensor-core tile of 64 rows nearly idle"),
        (gemm((64, 64), (64, 128), element=i8), "tensor cores multiply f16, bf16 and f32, not i8"),
        (gemm((0, 64), (64, 128)), "the product of 0 x 64 and 64 x 128 is empty"),
        (gemm((2, 1, 8, 8), (1, 3, 8, 8)), "batch dimensions 2x1 and 1x3 broadcast against each other"),
        (gemm((70000, 8, 8), (70000, 8, 8)), "70000 products of 8 x 8 x 8 exceed 32-bit indices or 65535 batches"),
    ],
)
def test_a_product_the_tensor_cores_do_not_suit_is_refused(op: GemmOp, reason: str) -> None:
    for target in (SM80, SM90):
        answer = refused(select_on_tensor_cores(op, target))
        assert (answer.reason, answer.operands) == (reason, ())


@pytest.mark.parametrize(("element", "math"), [(bf16, "bf16"), (f32, "tf32")], ids=str)
def test_turing_multiplies_f16_alone(element: Attribute, math: str) -> None:
    op = gemm((64, 64), (64, 128), element=element)
    assert refused(select_on_tensor_cores(op, Target.named("sm_75"))).reason == f"sm_75 has no {math} tensor cores"
    assert selected(select_on_tensor_cores(op, SM80)).template.values()["math"] == math


def test_a_product_holds_any_mix_of_operands() -> None:
    row, column, full = tensor((128,)), tensor((64, 1)), tensor((64, 128))
    wide, mask = tensor((64, 128), f32), tensor((64, 128), i8)
    op = gemm((64, 64), (64, 128), row, column, full, row, wide, full, full, mask)
    for target, family in ((SM80, "gemm"), (SM90, "gemm_sm90")):
        assert selected(select_on_tensor_cores(op, target)).template.family == family


def test_a_convolution_holds_any_mix_of_operands() -> None:
    full, wide, mask = tensor((1, 14, 14, 32)), tensor((1, 14, 14, 32), f32), tensor((1, 14, 14, 32), i8)
    op = conv2d((1, 16, 16, 64), (32, 3, 3, 64), full, full, wide, mask)
    for target, family in ((SM80, "conv2d"), (SM90, "conv2d_sm90")):
        chosen = selected(select_on_tensor_cores(op, target))
        assert (chosen.template.family, chosen.passed_over) == (family, "")


def test_a_refusal_names_the_epilogue_operands_that_are_too_many() -> None:
    expected = Refusal("an epilogue has at most 16 operands and outputs", (15, 16))
    scalars = [tensor((1,))] * 17
    for target in (SM80, SM90):
        assert select_on_tensor_cores(gemm((64, 64), (64, 128), *scalars), target) == expected
        assert select_on_tensor_cores(conv2d((1, 16, 16, 64), (32, 3, 3, 64), *scalars), target) == expected


@pytest.mark.parametrize(
    ("rows", "stores", "alignment"),
    [
        ((64,), [ColumnsAttr.of(0, 64), ColumnsAttr.of(64, 64)], 8),
        ((64,), [ColumnsAttr.of(0, 60), ColumnsAttr.of(60, 68)], 4),
        ((64,), [PaddedAttr.of(130)], 2),
        ((2, 32), [PermutedAttr.of((2, 32, 8, 16), (0, 2, 1, 3))], 8),
        ((2, 32), [PermutedAttr.of((2, 32, 32, 4), (0, 2, 1, 3))], 4),
        ((64,), [ReducedAttr.of(Combiner.SUM, Along.COLUMNS, 128)], 8),
    ],
    ids=str,
)
def test_accesses_end_where_a_store_does(rows: Shape, stores: list[StoreAttr], alignment: int) -> None:
    op = GemmOp.build_kernel(
        [tensor((*rows, 64)), tensor((64, 128))],
        {"stores": ArrayAttr(stores)},
        result_element_types=[f16] * len(stores),
    )
    assert selected(select_on_tensor_cores(op, SM80)).template.values()["alignment_c"] == alignment


@pytest.mark.parametrize(
    ("op", "reason"),
    [
        (
            conv2d((1, 16, 16, 24), (32, 3, 3, 24)),
            "c = 24 fills less than half of the 64 channels that a step on Hopper multiplies",
        ),
        (conv2d((1, 16, 16, 36), (32, 3, 3, 36)), "TMA moves 16-byte rows: alignment of A must be 8 elements, got 4"),
    ],
)
def test_a_convolution_that_tma_does_not_suit_is_left_to_2x(op: Conv2dOp, reason: str) -> None:
    answer = selected(select_on_tensor_cores(op, SM90))
    assert (answer.template.family, answer.passed_over) == ("conv2d", reason)


def test_grouped_convolutions_are_refused() -> None:
    answer = refused(select_on_tensor_cores(conv2d((1, 16, 16, 16), (32, 3, 3, 8), groups=2), SM80))
    assert answer.reason == "the implicit-GEMM template takes ungrouped convolutions, this one has 2 groups"


def test_a_transposed_batch_stays_a_batch() -> None:
    """The rows of a transposed A are columns of its storage: those of several matrices are not evenly spaced."""
    arguments = selected(select_on_tensor_cores(gemm((4, 64, 40), (64, 128), transpose_a=True), SM80)).arguments
    assert (arguments["m"], arguments["batch"], arguments["lda"]) == (40, 4, 40)
    assert (arguments["batch_stride_a"], arguments["batch_stride_b"]) == (2560, 0)


def test_launch_integers_are_in_the_templates_order() -> None:
    for selection in (
        selected(select_on_tensor_cores(gemm((64, 64), (64, 128)), SM80)),
        selected(select_on_tensor_cores(gemm((64, 64), (64, 128)), SM90)),
        selected(select_on_tensor_cores(conv2d((1, 16, 16, 16), (32, 3, 3, 16)), SM80)),
        selected(select_on_tensor_cores(conv2d((1, 16, 16, 64), (32, 3, 3, 64)), SM90)),
    ):
        assert tuple(selection.arguments) == selection.template.launch_parameters


@pytest.mark.parametrize(
    ("channels", "window", "expected"),
    [
        (1, 3, (IteratorAlgorithm.FEW_CHANNELS, 1)),
        (2, 3, (IteratorAlgorithm.FEW_CHANNELS, 2)),
        (3, 3, (IteratorAlgorithm.FEW_CHANNELS, 1)),
        (4, 3, (IteratorAlgorithm.FIXED_CHANNELS, 4)),
        (8, 3, (IteratorAlgorithm.FIXED_CHANNELS, 8)),
        (9, 3, (IteratorAlgorithm.ANALYTIC, 1)),
        (12, 3, (IteratorAlgorithm.OPTIMIZED, 4)),
        (64, 3, (IteratorAlgorithm.OPTIMIZED, 8)),
        (64, 33, (IteratorAlgorithm.ANALYTIC, 8)),
    ],
)
def test_channels_decide_the_iterator(channels: int, window: int, expected: tuple[IteratorAlgorithm, int]) -> None:
    assert iterator_algorithm(Math.BF16, channels, window, window) == expected


@pytest.mark.parametrize(
    ("channels", "expected"),
    [
        (3, (IteratorAlgorithm.FEW_CHANNELS, 1)),
        (4, (IteratorAlgorithm.FIXED_CHANNELS, 4)),
        (6, (IteratorAlgorithm.OPTIMIZED, 2)),
        (8, (IteratorAlgorithm.OPTIMIZED, 4)),
        (9, (IteratorAlgorithm.ANALYTIC, 1)),
    ],
)
def test_one_access_moves_four_channels_of_f32(channels: int, expected: tuple[IteratorAlgorithm, int]) -> None:
    assert iterator_algorithm(Math.TF32, channels, 3, 3) == expected


def test_small_products_get_small_tiles() -> None:
    def area(m: int, n: int) -> int:
        tile = selected(select_on_tensor_cores(gemm((m, 256), (256, n)), SM80)).template.values()["threadblock"]
        assert isinstance(tile, tuple)
        return tile[0] * tile[1]

    areas = [area(m, n) for m, n in ((64, 64), (1024, 1024), (8192, 8192))]
    assert areas == sorted(areas)
    assert areas[0] < areas[-1]
