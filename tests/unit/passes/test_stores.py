"""However a result is stored, by one kernel or by several, on whatever target: the outputs are the same."""

from collections.abc import Callable, Sequence
from math import prod

from hypothesis import given, settings
from hypothesis import strategies as st
from xdsl.dialects.builtin import ArrayAttr, ModuleOp, f16, f32
from xdsl.ir import SSAValue

from boltir.dialects.fused import (
    Along,
    ColumnsAttr,
    Combiner,
    ConcatOp,
    Conv2dOp,
    DualGemmOp,
    ElementsAttr,
    GemmOp,
    PaddedAttr,
    PadOp,
    PermutedAttr,
    ReducedAttr,
    ReshapeOp,
    SliceOp,
    StoreAttr,
    TransposeOp,
)
from boltir.dialects.properties import int_attr, ints
from boltir.dialects.tensors import Shape, static_shape
from boltir.lowering.fused_to_cutlass.convert import ConvertFusedToCutlassPass
from boltir.passes.fold_into_store import FoldIntoStorePass
from boltir.passes.plan_memory import PlanMemoryPass
from boltir.passes.split_dual_gemm import SplitDualGemmPass
from boltir.passes.split_stores import SplitStoresPass
from tests.support.fused_networks import Network, epilogue, same

TARGETS = ("sm_75", "sm_80", "sm_90a")


ANCHORS = {
    "gemm": (GemmOp, ((24, 16), (16, 48)), (24, 48)),
    "batched": (GemmOp, ((2, 12, 16), (2, 16, 48)), (2, 12, 48)),
    "broadcast": (GemmOp, ((2, 12, 16), (16, 48)), (2, 12, 48)),
    "few rows": (GemmOp, ((2, 16), (16, 48)), (2, 48)),
    "dual": (DualGemmOp, ((24, 16), (16, 96)), (24, 48)),
    "conv": (Conv2dOp, ((1, 4, 6, 16), (48, 3, 3, 16)), (1, 2, 4, 48)),
    "pixel": (Conv2dOp, ((1, 4, 6, 16), (48, 1, 1, 16)), (1, 4, 6, 48)),
}
"""By name the kind of kernel, the shapes of its inputs and of its result."""


@st.composite
def stores(draw: st.DrawFn, result: Shape) -> StoreAttr:
    """A way to store a result of that shape, whose 48 columns are 4 x 12."""
    rows, columns = prod(result[:-1]), result[-1]
    match draw(st.sampled_from(["elements", "columns", "permuted", "padded", "reduced", "reduced"])):
        case "columns":
            begin = draw(st.integers(0, columns - 1))
            return ColumnsAttr.of(begin, draw(st.integers(1, columns - begin)))
        case "permuted":
            view = draw(st.sampled_from([(rows, 4, 12), (2, rows // 2, 4, 12), (rows // 2, 2, columns), (rows, 48)]))
            return PermutedAttr.of(view, draw(st.permutations(range(len(view)))))
        case "padded":
            return PaddedAttr.of(draw(st.integers(columns, columns + 9)))
        case "reduced":
            along, combiner = draw(st.sampled_from(Along)), draw(st.sampled_from(Combiner))
            extent = columns if along is Along.COLUMNS else rows
            return ReducedAttr.of(combiner, along, draw(st.sampled_from([extent, 1000, extent // 2])))
        case _:
            return ElementsAttr()


OPERANDS: dict[str, Callable[[Shape], Shape]] = {
    "full": lambda result: result,
    "row": lambda result: result[-1:],
    "column": lambda result: (*result[:-1], 1),
    "scalar": lambda result: (),
    "general": lambda result: (result[-2], 1) if len(result) > 2 else result,
}


@st.composite
def kernels(draw: st.DrawFn) -> ModuleOp:
    """One product or convolution with several outputs, each stored in its own way."""
    kind, shapes, result = draw(st.sampled_from(list(ANCHORS.values())))
    network = Network(draw(st.sampled_from([f16, f32])))
    chosen = draw(st.lists(stores(result), min_size=1, max_size=3))
    names = draw(st.lists(st.sampled_from(list(OPERANDS)), max_size=2))
    inputs = [network.argument(*shape) for shape in shapes]
    operands = [network.argument(*OPERANDS[name](result)) for name in names]
    kernel = kind.build_kernel(
        inputs,
        {"stores": ArrayAttr(chosen)},
        result_element_types=[draw(st.sampled_from([f32, network.element])) for _ in chosen],
        epilogue_operands=operands,
        epilogue=epilogue(kind, operands, len(chosen)),
    )
    network.add(kernel)
    return network.finish(kernel.outputs)


@given(kernels())
def test_stores_taken_apart_are_the_same(module: ModuleOp) -> None:
    same(module, [SplitDualGemmPass(), SplitStoresPass()])


@given(kernels(), st.sampled_from(TARGETS))
@settings(deadline=None)
def test_stores_of_templates_are_the_same(module: ModuleOp, target: str) -> None:
    same(module, [ConvertFusedToCutlassPass(target), PlanMemoryPass()])


def moved(draw: st.DrawFn, network: Network, value: SSAValue) -> SSAValue:
    """A part of `value`, or `value` in another order or with zeros around it."""
    shape, element = static_shape(value), [network.element]
    rank = len(shape)
    match draw(st.sampled_from(["transpose", "slice", "columns", "columns", "pad"])):
        case "transpose":
            order = ints(draw(st.permutations(range(rank))))
            kernel = TransposeOp.build_kernel([value], {"permutation": order}, result_element_types=element)
        case "slice":
            offsets = [draw(st.integers(0, extent - 1)) for extent in shape]
            kernel = slice_of(draw, value, offsets)
        case "columns":
            kernel = slice_of(draw, value, [0] * (rank - 1) + [draw(st.integers(0, shape[-1] - 1))])
        case _:
            low, high = draw(st.sampled_from([0, 0, 1])), draw(st.integers(0, 9))
            bounds = {"low": ints([0] * (rank - 1) + [low]), "high": ints([0] * (rank - 1) + [high])}
            kernel = PadOp.build_kernel([value], bounds, result_element_types=element)
    return network.add(kernel)


def slice_of(draw: st.DrawFn, value: SSAValue, offsets: Sequence[int]) -> SliceOp:
    """A range of columns of `value`, and all of each dimension that is not cut at its beginning."""
    shape = static_shape(value)
    sizes = [extent - offset for extent, offset in zip(shape, offsets, strict=True)]
    sizes[-1] = draw(st.integers(1, sizes[-1]))
    bounds = {"offsets": ints(offsets), "sizes": ints(sizes), "strides": ints([1] * len(shape))}
    return SliceOp.build_kernel([value], bounds, result_element_types=[f16])


@st.composite
def movements(draw: st.DrawFn) -> ModuleOp:
    """A product or convolution, and kernels that move what it stores, seen in some shape or as it is."""
    kind, shapes, result = draw(st.sampled_from(list(ANCHORS.values())))
    network, outputs = Network(), draw(st.integers(1, 2))
    kernel = kind.build_kernel(
        [network.argument(*shape) for shape in shapes],
        result_element_types=[f16] * outputs,
        epilogue=epilogue(kind, (), outputs),
    )
    network.add(kernel)
    rows = prod(result[:-1])
    views = [(rows, 4, 12), (rows, 48), (2, rows // 2, 4, 12)]
    values: list[SSAValue] = []
    for output in kernel.outputs:
        for _ in range(draw(st.integers(0, 3))):
            is_viewed = draw(st.booleans())
            source = network.add(ReshapeOp.of(output, draw(st.sampled_from(views)))) if is_viewed else output
            values.append(moved(draw, network, source))
    return network.finish([*values, *(output for output in kernel.outputs if output.first_use is None)])


@given(movements(), st.sampled_from(TARGETS))
@settings(deadline=None)
def test_movements_folded_into_stores_are_the_same(module: ModuleOp, target: str) -> None:
    same(module, [FoldIntoStorePass()])
    same(module, [FoldIntoStorePass(), ConvertFusedToCutlassPass(target), PlanMemoryPass()])


@given(movements())
def test_what_is_folded_into_stores_can_be_taken_apart(module: ModuleOp) -> None:
    same(module, [FoldIntoStorePass(), SplitStoresPass()])


@st.composite
def concats(draw: st.DrawFn) -> ModuleOp:
    """Products or convolutions joined along their columns or another axis, and read by another kernel or returned."""
    network, batch = Network(), draw(st.integers(1, 2))
    kind, rows = draw(st.sampled_from([(GemmOp, (batch, 8)), (Conv2dOp, (batch, 2, 4))]))
    axis = draw(st.sampled_from([*range(len(rows)), *[len(rows)] * 3]))
    x = network.argument(*rows, 16)
    parts: list[SSAValue] = []
    for _ in range(draw(st.integers(1, 3))):
        columns = 8 * draw(st.integers(1, 3)) if axis == len(rows) else 16
        residual = [network.argument(*rows, columns)] if draw(st.booleans()) else []
        weight = network.argument(16, columns) if kind is GemmOp else network.argument(columns, 1, 1, 16)
        region = epilogue(kind, residual, 1)
        kernel = kind.build_kernel([x, weight], result_element_types=[f16], epilogue_operands=residual, epilogue=region)
        parts.append(network.add(kernel))
    joined = network.add(ConcatOp.build_kernel(parts, {"axis": int_attr(axis)}, result_element_types=[f16]))
    if draw(st.booleans()):
        joined = moved(draw, network, joined)
    return network.finish([joined])


@given(concats(), st.sampled_from(TARGETS))
@settings(deadline=None)
def test_concats_in_place_are_the_same(module: ModuleOp, target: str) -> None:
    same(module, [FoldIntoStorePass()])
    same(module, [FoldIntoStorePass(), ConvertFusedToCutlassPass(target), PlanMemoryPass()])
