"""Operations that read an image in either order, whatever they compute."""

from __future__ import annotations

from xdsl.ir import SSAValue

from boltir.dialects.graph.base import GraphOp
from boltir.dialects.graph.builder import GraphBuilder
from boltir.dialects.graph.elementwise import UnaryElementwiseOp
from boltir.dialects.graph.linear import BatchMatmulOp, GemmOp
from boltir.dialects.graph.movement import ReshapeOp, TransposeOp
from boltir.dialects.properties import bool_attr, ints
from boltir.dialects.tensors import Shape, static_shape
from boltir.passes.layout.images import Images
from boltir.passes.layout.order import SMALLEST_RANK


def takes_either_order(op: GraphOp, value: SSAValue, images: Images) -> bool:
    """Whether `op`, which cannot move, reads image `value` in either order at no cost."""
    match op:
        case TransposeOp():
            return True
        case BatchMatmulOp():
            return len(static_shape(value)) == SMALLEST_RANK
        case ReshapeOp():
            return images.lies_alike(value) or products_of_rows(op, images) is not None
        case _:
            return False


def products_of_rows(op: ReshapeOp, images: Images) -> list[GemmOp] | None:
    """The products with weights that read the pictures which `op` makes rows; None if anything else does.

    Activations may lie between them.
    """
    shape = static_shape(op.result)
    if len(op.shape) < SMALLEST_RANK or len(shape) != 2 or shape[0] != op.shape[0]:
        return None
    products: list[GemmOp] = []
    pending: list[SSAValue] = [op.result]
    while pending:
        rows = pending.pop()
        for use in rows.uses:
            user = use.operation
            if isinstance(user, UnaryElementwiseOp):
                pending.append(user.result)
            elif isinstance(user, GemmOp) and use.index == 0 and sums_rows(user, images):
                products.append(user)
            else:
                return None
    return products


def sums_rows(op: GemmOp, images: Images) -> bool:
    """Whether `op` multiplies the rows of its first operand by weights, whose order can follow theirs."""
    return not op.transpose_a.value.data and op.b in images.constants


def transpose_before(op: TransposeOp, permutation: Shape) -> None:
    """Let `op` read its operand after `permutation`, with the same result."""
    op.permutation = ints([permutation.index(axis) for axis in op.permutation.get_values()])


def exchange_matrix(op: BatchMatmulOp, index: int) -> None:
    """Let `op` read operand `index` with its last two dimensions exchanged."""
    if index:
        op.transpose_b = bool_attr(not op.transpose_b.value.data)
    else:
        op.transpose_a = bool_attr(not op.transpose_a.value.data)


def reorder_rows(op: GemmOp, picture: Shape, permutation: Shape) -> None:
    """Let `op` read pictures whose dimensions were permuted, as were those of `picture`, before they became rows."""
    build, weight, shape = GraphBuilder.before(op), op.b, static_shape(op.b)
    order = [axis - 1 for axis in permutation[1:]]
    if op.transpose_b.value.data:
        wide = build.reshape(weight, (shape[0], *picture))
        moved = build.transpose(wide, (0, *(axis + 1 for axis in order)))
    else:
        wide = build.reshape(weight, (*picture, shape[1]))
        moved = build.transpose(wide, (*order, len(order)))
    op.operands[1] = build.reshape(moved, shape)
