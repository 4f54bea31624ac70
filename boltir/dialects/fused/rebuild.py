"""Giving a kernel another epilogue."""

from collections.abc import Sequence

from xdsl.ir import Attribute, Region, SSAValue

from boltir.dialects.fused.base import FusedOp
from boltir.dialects.fused.reduction import PointwiseOp

_COMPUTED = ("broadcasts", "operandSegmentSizes")


def with_epilogue(
    op: FusedOp, operands: Sequence[SSAValue], epilogue: Region, result_element_types: Sequence[Attribute]
) -> FusedOp:
    """Build a kernel with the anchor, shape, location and attributes of `op`, which stays as it is."""
    if isinstance(op, PointwiseOp):
        new = PointwiseOp.of_shape(
            op.result_shape,
            operands,
            epilogue,
            result_element_types=result_element_types,
            location=op.location,
        )
    else:
        new = type(op).build_kernel(
            op.inputs,
            {name: value for name, value in op.properties.items() if name not in _COMPUTED},
            result_element_types=result_element_types,
            epilogue_operands=operands,
            epilogue=epilogue,
            location=op.location,
        )
    new.attributes.update(op.attributes)
    return new
