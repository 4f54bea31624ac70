"""`split-dual-gemm`: two products in one kernel become one of twice the columns, and a kernel that pairs them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from boltir.context import remarks_of
from boltir.dialects.fused import DualGemmOp, GemmOp, PointwiseOp, ReshapeOp, SliceOp
from boltir.dialects.fused.origin import origin_of, set_origin
from boltir.dialects.properties import ints
from boltir.dialects.tensors import element_type, static_shape
from boltir.passes.support.rewriting import functions


@dataclass(frozen=True)
class SplitDualGemmPass(ModulePass):
    """Makes the epilogue of every `fused.dual_gemm` a kernel of its own."""

    name: ClassVar[str] = "split-dual-gemm"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in functions(op):
            for kernel in tuple(function.body.block.ops):
                if isinstance(kernel, DualGemmOp):
                    remarks_of(ctx).missed(self.name, kernel, "one kernel multiplies, another pairs the products")
                    split_dual_gemm(kernel)


def split_dual_gemm(op: DualGemmOp) -> GemmOp:
    """Replace `op` by a product, which is returned and stored in its inputs' type, and a pointwise kernel."""
    element, group = element_type(op.inputs[0]), op.group.value.data
    shape = op.result_shape
    gemm = GemmOp.build_kernel(
        op.inputs,
        {"transpose_a": op.transpose_a, "transpose_b": op.transpose_b},
        result_element_types=[element],
        location=op.location,
    )
    Rewriter.insert_op(gemm, InsertPoint.before(op))
    pairs = ReshapeOp.of(gemm.outputs[0], (*shape[:-1], shape[-1] // group, 2, group))
    Rewriter.insert_op(pairs, InsertPoint.before(op))
    products = [_member(pairs.output, index, op) for index in range(2)]
    pointwise = PointwiseOp.of_shape(
        shape,
        [*products, *op.epilogue_operands],
        op.detach_region(op.epilogue),
        result_element_types=[element_type(output) for output in op.outputs],
        stores=op.output_stores if op.has_stores else (),
        location=op.location,
    )
    origin = origin_of(op)
    set_origin(gemm, origin[:1])
    set_origin(pointwise, origin[1:] or origin)
    for old, new in zip(op.outputs, pointwise.outputs, strict=True):
        new.name_hint = old.name_hint
    Rewriter.replace_op(op, pointwise)
    return gemm


def _member(pairs: SSAValue, index: int, op: DualGemmOp) -> SSAValue:
    """The first or second of each pair of groups, in the shape of the result of `op`."""
    *rows, groups, _, group = static_shape(pairs)
    offsets, sizes = ints((0,) * (len(rows) + 1) + (index, 0)), ints((*rows, groups, 1, group))
    bounds = {"offsets": offsets, "sizes": sizes, "strides": ints((1,) * (len(rows) + 3))}
    part = SliceOp.build_kernel([pairs], bounds, result_element_types=[element_type(pairs)], location=op.location)
    set_origin(part, origin_of(op)[:1])
    view = ReshapeOp.of(part.outputs[0], op.result_shape)
    Rewriter.insert_op([part, view], InsertPoint.before(op))
    return view.output
