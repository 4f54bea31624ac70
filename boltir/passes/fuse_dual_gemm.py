"""`fuse-dual-gemm`: two products of one input, and what joins them element by element, become one kernel.

Gated units are made so: act(x @ W0 + b0) * (x @ W1 + b1), which is SwiGLU with SiLU, GeGLU with GELU, and bilinear
without an activation (Shazeer 2020, "GLU Variants Improve Transformer").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ArrayAttr, ModuleOp
from xdsl.ir import Attribute, Block, Region, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter

from boltir.context import remarks_of
from boltir.dialects.cutlass.matrix import no_tensor_cores
from boltir.dialects.fused import DualGemmOp, GemmOp, SliceOp, YieldOp
from boltir.dialects.fused.linear import PAIR_GROUP
from boltir.dialects.fused.origin import origin_of, set_origin
from boltir.dialects.fused.scalar_builder import ScalarBuilder
from boltir.dialects.graph.builder import GraphBuilder
from boltir.dialects.graph.constants import depends_on_weights_only
from boltir.dialects.tensors import Shape, compute_type, element_type, static_shape
from boltir.passes.support.epilogue_code import append_epilogue
from boltir.passes.support.product_halves import find_halves
from boltir.passes.support.rewriting import functions
from boltir.remarks import Remarks
from boltir.target import Target


def find_first(second: GemmOp) -> GemmOp | None:
    """The product of the same input whose result the epilogue of `second` loads."""
    owners = (value.owner for value in second.epilogue_operands)
    return next((op for op in owners if isinstance(op, GemmOp) and op.inputs[0] is second.inputs[0]), None)


def refusal(first: GemmOp, second: GemmOp, target: Target) -> str | None:
    """Why the two products, of which `second` loads what `first` gives, cannot be one; None if they can."""
    if len(first.outputs) > 1 or first.has_stores or not first.outputs[0].has_one_use():
        return "something else uses the first product"
    matrices = [op.inputs[1] for op in (first, second)]
    if matrices[0].type != matrices[1].type or layouts(first) != layouts(second):
        return "the matrices differ in shape or layout"
    return pairing_refusal(matrices, second.result_shape, target)


def pairing_refusal(matrices: Sequence[SSAValue], result: Shape, target: Target) -> str | None:
    """Why products by `matrices` with results of that shape cannot be one; None if they can."""
    *rows, columns = result
    if any(len(static_shape(matrix)) != 2 or not depends_on_weights_only(matrix) for matrix in matrices):
        return "the right operands are not weights"
    if columns % PAIR_GROUP:
        return f"{columns} columns are no multiple of {PAIR_GROUP}"
    return no_tensor_cores(prod(rows), element_type(matrices[0]), target)


def layouts(op: GemmOp) -> dict[str, Attribute]:
    """Which operands of `op` are transposed."""
    return {"transpose_a": op.transpose_a, "transpose_b": op.transpose_b}


def fuse(first: GemmOp, second: GemmOp) -> DualGemmOp:
    """Replace both products by one kernel in the place of `second`."""
    given = (*first.epilogue_operands, *second.epilogue_operands)
    operands = tuple(dict.fromkeys(value for value in given if value is not first.outputs[0]))
    stores = {"stores": ArrayAttr(second.output_stores)} if second.has_stores else {}
    kernel = DualGemmOp.build_kernel(
        [second.inputs[0], packed(first, second)],
        {**layouts(second), **stores},
        result_element_types=[element_type(output) for output in second.outputs],
        epilogue_operands=operands,
        epilogue=joint_epilogue(first, second, operands),
        location=second.location,
    )
    set_origin(kernel, (*origin_of(first), *origin_of(second)))
    for old, new in zip(second.outputs, kernel.outputs, strict=True):
        new.name_hint = old.name_hint
    Rewriter.replace_op(second, kernel)
    Rewriter.erase_op(first)
    return kernel


def joint_epilogue(first: GemmOp, second: GemmOp, operands: Sequence[SSAValue]) -> Region:
    """The scalar code of both on two accumulators and elements of `operands`: what `first` gives is no operand."""
    types = (compute_type(element_type(value)) for value in operands)
    block = Block(arg_types=[*first.accumulator_types(), *second.accumulator_types(), *types])
    elements: dict[SSAValue, SSAValue] = dict(zip(operands, block.args[2:], strict=True))
    (value,) = append_epilogue(first, [block.args[0], *(elements[v] for v in first.epilogue_operands)], block)
    (loaded,) = first.outputs
    elements[loaded] = ScalarBuilder(block).stored(value, element_type(loaded))
    values = append_epilogue(second, [block.args[1], *(elements[v] for v in second.epilogue_operands)], block)
    block.add_op(YieldOp(operands=[values]))
    return Region(block)


def packed(first: GemmOp, second: GemmOp) -> SSAValue:
    """Both matrices as one, with groups of their columns in turn."""
    build = GraphBuilder.before(second)
    matrices = [op.inputs[1] for op in (first, second)]
    shape, axis = static_shape(matrices[0]), 0 if second.transpose_b.value.data else 1
    before, columns, after = shape[:axis], shape[axis], shape[axis + 1 :]
    grouped = [build.reshape(matrix, (*before, columns // PAIR_GROUP, PAIR_GROUP, *after)) for matrix in matrices]
    return build.reshape(build.concat(grouped, axis + 1), (*before, 2 * columns, *after))


@dataclass(frozen=True)
class FuseDualGemmPass(ModulePass):
    """Makes one kernel of two products of one input, of which the second one's epilogue loads the first one's result.

    Run `fuse-epilogue` before it, which brings them into that form, and `fold-constants` behind it, which packs the
    matrices. The halves of one product, as `chunk` and `split` give them, count as two products.

    Attributes:
        target: the GPU; other cores than its tensor cores take one product at a time.
    """

    name: ClassVar[str] = "fuse-dual-gemm"
    target: str = "sm_80"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in functions(op):
            for kernel in tuple(function.body.block.ops):
                if isinstance(kernel, SliceOp):
                    self._fuse_halves(kernel, remarks_of(ctx))
                elif isinstance(kernel, GemmOp) and (first := find_first(kernel)) is not None:
                    self._fuse(first, kernel, remarks_of(ctx))

    def _fuse(self, first: GemmOp, second: GemmOp, remarks: Remarks) -> None:
        if (reason := refusal(first, second, Target.named(self.target))) is not None:
            remarks.missed(self.name, second, f"not one kernel with the product it loads: {reason}", reason=reason)
            return
        kernel = fuse(first, second)
        remarks.passed(self.name, kernel, f"two products of {kernel.result_shape[-1]} columns are one kernel")

    def _fuse_halves(self, second: SliceOp, remarks: Remarks) -> None:
        if (halves := find_halves(second)) is None:
            return
        matrix, target = halves.product.inputs[1], Target.named(self.target)
        reason = halves.refusal() or pairing_refusal([matrix], second.result_shape, target)
        if reason is not None:
            message = f"its halves do not meet in one kernel: {reason}"
            remarks.missed(self.name, halves.product, message, reason=reason)
            return
        self._fuse(*halves.split(), remarks)
