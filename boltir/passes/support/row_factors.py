"""Moves what scales the rows of a product's left operand behind the product: (c * A) @ B = c * (A @ B).

So normalised rows need not be stored: the product reads them as they were, and its epilogue loads one factor per row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from xdsl.dialects import arith
from xdsl.ir import Block, Region, SSAValue
from xdsl.rewriter import Rewriter

from boltir.dialects.fused import Broadcast, DualGemmOp, FusedOp, GemmOp, PointwiseOp, YieldOp
from boltir.dialects.fused.origin import origin_of, set_origin
from boltir.dialects.fused.rebuild import with_epilogue
from boltir.dialects.tensors import compute_type, element_type, static_shape
from boltir.passes.support.epilogue_code import append_epilogue

Product = GemmOp | DualGemmOp


def hoist_row_factors(block: Block, max_operands: int) -> Iterator[FusedOp]:
    """Let products scale their results instead of reading rows that kernels of `block` scaled for them alone.

    Yields each product that does.
    """
    for op in tuple(block.ops):
        if not isinstance(op, PointwiseOp) or (scaled := scaled_operand(op)) is None:
            continue
        uses = tuple(op.outputs[0].uses)
        products = [use.operation for use in uses if isinstance(use.operation, Product) and use.index == 0]
        takers = [product for product in products if takes_row_factors(product, op, max_operands)]
        if not takers or len(takers) < len(uses):
            continue
        for product in takers:
            yield scale_result(product, op, scaled)
        Rewriter.erase_op(op)


def scaled_operand(op: PointwiseOp) -> int | None:
    """The number of the operand that `op` multiplies by one value per row, or divides, and does nothing else with."""
    kinds = [kind.data for kind in op.broadcasts]
    if kinds.count(Broadcast.FULL) != 1 or len(op.outputs) > 1 or op.has_stores:
        return None
    number = kinds.index(Broadcast.FULL)
    if {*kinds} - {Broadcast.FULL, Broadcast.COLUMN, Broadcast.SCALAR} or len(kinds) < 2:
        return None
    same_type = op.epilogue_operands[number].type == op.outputs[0].type
    return number if same_type and is_multiple(op.epilogue, op.epilogue.block.args[number]) else None


def is_multiple(epilogue: Region, x: SSAValue) -> bool:
    """Whether what `epilogue` yields is `x` times something that does not depend on it."""
    multiples = {x}
    for op in epilogue.block.ops:
        if isinstance(op, YieldOp):
            return op.values[0] in multiples
        of_x = [operand in multiples for operand in op.operands]
        if not any(of_x):
            continue
        is_product = isinstance(op, arith.MulfOp) and not all(of_x)
        if not is_product and not (isinstance(op, arith.DivfOp) and not of_x[1]):
            return False
        multiples.update(op.results)
    return False


def takes_row_factors(product: Product, op: PointwiseOp, max_operands: int) -> bool:
    """Whether the rows of `product` are those of `op`, and its epilogue can load what these are scaled with."""
    rows = static_shape(op.outputs[0])[:-1]
    operands = len(product.epilogue_operands) + len(op.epilogue_operands) - 1
    return not product.transpose_a.value.data and product.result_shape[:-1] == rows and operands <= max_operands


def scale_result(product: Product, op: PointwiseOp, scaled: int) -> FusedOp:
    """Replace `product`, whose left operand is what `op` makes of its operand `scaled`, by one that reads that."""
    factors = [value for i, value in enumerate(op.epilogue_operands) if i != scaled]
    operands = (*factors, *product.epilogue_operands)
    accumulators = product.accumulator_types()
    block = Block(arg_types=[*accumulators, *(compute_type(element_type(value)) for value in operands)])
    arguments = block.args[len(accumulators) :]
    loaded = arguments[: len(factors)]
    values = [
        _scaled(op, (*loaded[:scaled], accumulator, *loaded[scaled:]), block)
        for accumulator in block.args[: len(accumulators)]
    ]
    yielded = append_epilogue(product, (*values, *arguments[len(factors) :]), block)
    block.add_op(YieldOp(operands=[yielded]))
    product.operands[0] = op.epilogue_operands[scaled]
    kernel = with_epilogue(product, operands, Region(block), [element_type(output) for output in product.outputs])
    set_origin(kernel, (*origin_of(product)[:1], *origin_of(op), *origin_of(product)[1:]))
    Rewriter.replace_op(product, kernel)
    return kernel


def _scaled(op: PointwiseOp, arguments: Sequence[SSAValue], block: Block) -> SSAValue:
    """Append to `block` what `op` computes of one element of each operand, and return it."""
    values: dict[SSAValue, SSAValue] = dict(zip(op.epilogue.block.args, arguments, strict=True))
    for scalar in op.epilogue.block.ops:
        if not isinstance(scalar, YieldOp):
            block.add_op(scalar.clone(values))
    result = op.epilogue_yield.values[0]
    return values[result]
