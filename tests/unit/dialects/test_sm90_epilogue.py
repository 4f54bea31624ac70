"""Which way the operands and outputs of a Hopper kernel's epilogue go, and what it cannot hold."""

import re
from dataclasses import replace

import pytest
from xdsl.dialects.builtin import bf16, f16, f32, f64, i8, i32
from xdsl.ir import Attribute
from xdsl.utils.exceptions import VerifyException

from boltir.dialects.cutlass import GemmSm90Attr, KernelSignature, Store, StoreKind
from boltir.dialects.cutlass.template import ParameterValue
from boltir.dialects.fused import Broadcast
from boltir.dialects.fused.store import Along, Combiner
from boltir.target import Target

HOPPER = Target.named("sm_90a")
PARAMETERS: dict[str, ParameterValue] = {
    "math": "f16", "tile": (128, 128, 64), "cluster": (1, 1, 1), "schedule": "pingpong",
    "alignment_a": 8, "alignment_b": 8, "alignment_c": 8, "layout_a": "row", "layout_b": "column",
}  # fmt: skip
ELEMENTS = Store()
PADDED = Store(StoreKind.PADDED)
PITCHED = Store(StoreKind.PITCHED)
ROWS = Store(StoreKind.REDUCED, combiner=Combiner.SUM, along=Along.ROWS)
PLAIN = KernelSignature((f16, f16), (), (), (f16,))


def template(**changes: ParameterValue) -> GemmSm90Attr:
    return GemmSm90Attr.of(**{**PARAMETERS, **changes})


def reading(*operands: tuple[str, Attribute]) -> KernelSignature:
    kinds = tuple(Broadcast(kind) for kind, _ in operands)
    return replace(PLAIN, epilogue_operands=tuple(element for _, element in operands), broadcasts=kinds)


def storing(*outputs: tuple[Store, Attribute]) -> KernelSignature:
    return replace(PLAIN, stores=tuple(s for s, _ in outputs), outputs=tuple(element for _, element in outputs))


@pytest.mark.parametrize(
    "kernel",
    [
        PLAIN,
        replace(PLAIN, outputs=(f32,)),
        storing((PITCHED, f16)),
        storing((ELEMENTS, f16), (ELEMENTS, f32), (ROWS, f32)),
        storing((ROWS, f16)),
        reading(("row", f16), ("full", f32), ("column", bf16), ("scalar", f16), ("full", f16)),
    ],
)
def test_what_cutlass_can_do_is_left_to_cutlass(kernel: KernelSignature) -> None:
    assert not template().epilogue(kernel).uses_registers
    template().check_legal(HOPPER, kernel)


@pytest.mark.parametrize(
    "kernel",
    [
        reading(("general", f16)),
        reading(("full", i32)),
        replace(PLAIN, outputs=(i8,)),
        replace(PLAIN, accumulators=2),
        storing((PADDED, f16)),
        storing((ELEMENTS, f16), (ELEMENTS, i8)),
    ],
)
def test_the_rest_goes_through_registers(kernel: KernelSignature) -> None:
    assert template().epilogue(kernel).uses_registers
    template().check_legal(HOPPER, kernel)


@pytest.mark.parametrize(
    ("alignment", "element", "moved"), [(8, f16, True), (4, f16, False), (4, f32, True), (2, f32, False)]
)
def test_tma_moves_rows_of_16_bytes(alignment: int, element: Attribute, moved: bool) -> None:
    for kernel in (replace(PLAIN, outputs=(element,)), replace(reading(("full", element)), outputs=(f32,))):
        assert template(alignment_c=alignment).epilogue(kernel).uses_registers is not moved
        template(alignment_c=alignment).check_legal(HOPPER, kernel)


def test_every_whole_output_passes_through_two_epilogue_tiles() -> None:
    """Of 64 x 32 elements each."""
    one, two = (template().epilogue(storing(*outputs)) for outputs in ([(ELEMENTS, f16)], [(ELEMENTS, f16)] * 2))
    assert (one.shared_memory, two.shared_memory) == (2 * 64 * 32 * 2, 2 * 64 * 32 * 2 * 2)


def test_reductions_along_the_rows_keep_one_number_for_each_warp_and_column() -> None:
    plain, reduced = (template().epilogue(storing((ELEMENTS, f16), *more)) for more in ([], [(ROWS, f32)]))
    assert reduced.shared_memory - plain.shared_memory == 4 * 128 * 4
    assert template().epilogue(storing((PADDED, f16), (ROWS, f32))).shared_memory == 4 * 128 * 4


COLUMNS, PERMUTED = Store(StoreKind.COLUMNS), Store(StoreKind.PERMUTED, 4, 2)


@pytest.mark.parametrize(
    ("alignment", "output", "rows"),
    [
        (1, (ELEMENTS, f16), 128),
        (4, (COLUMNS, f16), 128),
        (2, (PADDED, f32), 128),
        (4, (PADDED, f32), 0),
        (8, (COLUMNS, f16), 0),
        (1, (PERMUTED, f16), 0),
    ],
)
def test_rows_that_begin_anywhere_are_staged(alignment: int, output: tuple[Store, Attribute], rows: int) -> None:
    """256 bytes of each row of the tile, and room to shift them within 16."""
    expected = 16 + rows * (256 + 16) if rows else 0
    assert template(alignment_c=alignment).epilogue(storing(output)).shared_memory == expected


def test_whole_operands_with_such_rows_are_staged_too() -> None:
    kernels = PLAIN, reading(("full", f16), ("row", f16))
    stored, read = (template(alignment_c=1).epilogue(kernel).shared_memory for kernel in kernels)
    assert read == 2 * stored


def test_two_stages_are_enough() -> None:
    one, two, three = (
        template(alignment_c=1).epilogue(storing(*[(ELEMENTS, f16)] * n)).shared_memory for n in (1, 2, 3)
    )
    assert two == three == 2 * one


@pytest.mark.parametrize(
    ("kernel", "message"),
    [
        (reading(("full", f64)), "the epilogue reads and stores f16, bf16, f32 and integers, not f64"),
        (reading(*[("row", f16)] * 16), "17 operands and outputs of the epilogue exceed 16"),
        (storing((ROWS, i8)), "a reduced store makes f16, bf16 or f32, not i8"),
        (replace(storing((ROWS, f32)), accumulators=2), "a reduced store counts the tiles of one product, not of two"),
        (storing((Store(StoreKind.PERMUTED, 9, 1), f16)), "a permuted store has at most 8 dimensions, got 9"),
        (replace(reading(("general", f16)), general_rank=9), "general operands have at most 8 dimensions, got 9"),
        (replace(PLAIN, accumulators=3), "the template gemm_sm90 does not accumulate 3 products"),
    ],
)
def test_an_epilogue_states_the_rule_it_breaks(kernel: KernelSignature, message: str) -> None:
    with pytest.raises(VerifyException, match=re.escape(message)):
        template().check_legal(HOPPER, kernel)


@pytest.mark.parametrize("name", ["begin", "pitch", "batch_stride"])
def test_what_the_epilogue_stores_by_is_a_multiple_of_its_alignment(name: str) -> None:
    integers = {"lda": 64, "ldb": 64, "ldd": 64, "r0_begin": 8, "r0_pitch": 136, "r0_batch_stride": 13600}
    integers |= {"swizzle": 1, "raster": 0}
    template().check_launch(integers)
    wrong = {f"r0_{name}": 12}
    with pytest.raises(VerifyException, match=f"r0_{name} = 12 is no multiple of alignment_c = 8"):
        template().check_launch(integers | wrong)
    template(alignment_c=4).check_launch(integers | wrong)
