"""Giving a kernel another epilogue."""

from collections.abc import Sequence

from xdsl.dialects.builtin import ArrayAttr
from xdsl.ir import Attribute, Region, SSAValue

from boltir.dialects.fused.base import FusedOp
from boltir.dialects.fused.reduction import PointwiseOp
from boltir.dialects.fused.store import ElementsAttr, StoreAttr

_COMPUTED = ("broadcasts", "operandSegmentSizes", "stores")


def with_epilogue(
    op: FusedOp,
    operands: Sequence[SSAValue],
    epilogue: Region,
    result_element_types: Sequence[Attribute],
    stores: Sequence[StoreAttr] | None = None,
) -> FusedOp:
    """Build a kernel with the anchor, result shape, location and attributes of `op`, which stays as it is.

    The outputs are stored as `stores` says, by default as those of `op` are.
    """
    given = op.output_stores if stores is None else tuple(stores)
    needed = given if any(not isinstance(store, ElementsAttr) for store in given) else ()
    if isinstance(op, PointwiseOp):
        new = PointwiseOp.of_shape(
            op.result_shape,
            operands,
            epilogue,
            result_element_types=result_element_types,
            stores=needed,
            location=op.location,
        )
    else:
        properties = {name: value for name, value in op.properties.items() if name not in _COMPUTED}
        new = type(op).build_kernel(
            op.inputs,
            {**properties, **({"stores": ArrayAttr(needed)} if needed else {})},
            result_element_types=result_element_types,
            epilogue_operands=operands,
            epilogue=epilogue,
            location=op.location,
        )
    new.attributes.update(op.attributes)
    return new
