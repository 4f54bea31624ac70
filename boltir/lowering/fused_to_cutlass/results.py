"""What a function returns: every result must be written by a kernel, straight into the function's argument."""

from xdsl.dialects.func import ReturnOp
from xdsl.ir import Block, Region, SSAValue
from xdsl.rewriter import InsertPoint, Rewriter

from boltir.dialects.fused import ChainOp, FusedOp, PointwiseOp, ReshapeOp, YieldOp
from boltir.dialects.tensors import compute_type, element_type


def result_origin(value: SSAValue) -> SSAValue | None:
    """The kernel output whose bytes `value` is, seen through reshapes; None for an argument or a weight."""
    while isinstance(value.owner, ReshapeOp):
        value = value.owner.input
    return value if isinstance(value.owner, FusedOp | ChainOp) else None


def copy_unwritten_results(terminator: ReturnOp) -> None:
    """Make every returned value the output of a kernel that nothing else returns, copying where it is not."""
    seen: set[SSAValue] = set()
    for index, value in enumerate(tuple(terminator.arguments)):
        origin = result_origin(value)
        if origin is None or origin in seen:
            copy = _copy_kernel(value)
            Rewriter.insert_op(copy, InsertPoint.before(terminator))
            terminator.operands[index] = origin = copy.outputs[0]
        seen.add(origin)


def _copy_kernel(value: SSAValue) -> PointwiseOp:
    block = Block(arg_types=[compute_type(element_type(value))])
    block.add_op(YieldOp(operands=[[block.args[0]]]))
    return PointwiseOp.build_kernel(
        [], result_element_types=[element_type(value)], epilogue_operands=[value], epilogue=Region(block)
    )
