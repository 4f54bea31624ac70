"""Simplifications of single kernels."""

from xdsl.ir import BlockArgument
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from boltir.dialects.fused.base import FusedOp
from boltir.dialects.fused.movement import PadOp, ReshapeOp, TransposeOp
from boltir.dialects.fused.origin import origin_of, set_origin
from boltir.dialects.fused.rebuild import with_epilogue
from boltir.dialects.fused.reduction import PointwiseOp
from boltir.dialects.graph.enums import PadMode
from boltir.dialects.properties import int_attr
from boltir.dialects.tensors import element_type, static_shape


class SimplifyOperands(RewritePattern):
    """An epilogue loads each tensor once, and only if it uses it."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: FusedOp, rewriter: PatternRewriter) -> None:
        block = op.epilogue.block
        operands, arguments = op.epilogue_operands, block.args[len(block.args) - len(op.epilogue_operands) :]
        first = dict(zip(reversed(operands), reversed(arguments), strict=True))
        for value, argument in zip(operands, arguments, strict=True):
            if argument is not first[value]:
                argument.replace_all_uses_with(first[value])
        kept = [v for v, argument in zip(operands, arguments, strict=True) if argument.first_use is not None]
        if not kept and isinstance(op, PointwiseOp):
            kept = [operands[0]]
        if len(kept) == len(operands):
            return
        for value, argument in zip(operands, arguments, strict=True):
            if value not in kept or argument is not first[value]:
                block.erase_arg(argument)
        elements = [element_type(output) for output in op.outputs]
        rewriter.replace(op, with_epilogue(op, kept, op.detach_region(op.epilogue), elements))


class DropUnusedOutputs(RewritePattern):
    """A kernel stores what is used, if anything is."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: FusedOp, rewriter: PatternRewriter) -> None:
        kept = [i for i, output in enumerate(op.outputs) if output.first_use is not None]
        if not kept or len(kept) == len(op.outputs):
            return
        stores, elements = op.output_stores, [element_type(op.outputs[i]) for i in kept]
        op.epilogue_yield.operands = [op.epilogue_yield.values[i] for i in kept]
        region = op.detach_region(op.epilogue)
        kernel = with_epilogue(op, op.epilogue_operands, region, elements, [stores[i] for i in kept])
        new = dict(zip(kept, kernel.outputs, strict=True))
        rewriter.replace(op, kernel, [new.get(i) for i in range(len(stores))])


class FoldIdentity(RewritePattern):
    """A pointwise kernel that stores an operand as it is."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: PointwiseOp, rewriter: PatternRewriter) -> None:
        if len(op.outputs) > 1 or op.has_stores:
            return
        value = op.epilogue_yield.values[0]
        if not isinstance(value, BlockArgument):
            return
        operand = op.epilogue_operands[value.index]
        if operand.type == op.outputs[0].type:
            rewriter.replace(op, [], [operand])


MOST_TRANSPOSED = 4
"""Dimensions that a kernel can transpose while it appends zeros."""


class AppendZerosInTranspose(RewritePattern):
    """Zeros after the last dimension of a transposed tensor: the kernel that transposes it writes them, too."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: PadOp, rewriter: PatternRewriter) -> None:
        transpose = op.inputs[0].owner
        high = op.high.get_values()
        if not isinstance(transpose, TransposeOp) or not op.inputs[0].has_one_use() or op.has_stores:
            return
        if op.mode.data is not PadMode.CONSTANT or op.value.value.data != 0 or any((*op.low.get_values(), *high[:-1])):
            return
        permutation = transpose.permutation.get_values()
        stays = not permutation or permutation[-1] == len(permutation) - 1
        if stays or len(permutation) > MOST_TRANSPOSED or not transpose.stores_accumulator:
            return
        merged = TransposeOp.build_kernel(
            transpose.inputs,
            {"permutation": transpose.permutation, "padding": int_attr(transpose.padding.value.data + high[-1])},
            result_element_types=[element_type(output) for output in op.outputs],
            epilogue_operands=op.epilogue_operands,
            epilogue=op.detach_region(op.epilogue),
            location=op.location,
        )
        set_origin(merged, (*origin_of(transpose), *origin_of(op)))
        rewriter.replace(op, merged)
        rewriter.erase(transpose)


class ComposeReshapes(RewritePattern):
    """Two reshapes are one, and one that changes nothing is none."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: ReshapeOp, rewriter: PatternRewriter) -> None:
        if op.input.type == op.output.type:
            rewriter.replace(op, [], [op.input])
        elif isinstance(op.input.owner, ReshapeOp):
            composed = ReshapeOp.of(op.input.owner.input, static_shape(op.output))
            composed.location = op.location
            rewriter.replace(op, composed)
