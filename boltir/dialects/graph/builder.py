"""Adding graph operations with few words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xdsl.builder import Builder
from xdsl.dialects.builtin import LocationAttr, TensorType
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.rewriter import InsertPoint

from boltir.dialects.graph.base import GraphOp
from boltir.dialects.graph.constants import splat_constant
from boltir.dialects.graph.elementwise import CastOp
from boltir.dialects.graph.movement import BroadcastToOp, ConcatOp, ReshapeOp, TransposeOp
from boltir.dialects.properties import int_attr, ints
from boltir.dialects.tensors import element_type, static_shape


@dataclass(frozen=True)
class GraphBuilder:
    """Adds operations at one place, each with the same location.

    Attributes:
        builder: an xDSL builder or pattern rewriter, which knows the place.
        location: where in the model the operations come from.
    """

    builder: Builder
    location: LocationAttr

    @staticmethod
    def before(op: Operation) -> GraphBuilder:
        """A builder that adds operations before `op`, at its location."""
        return GraphBuilder(Builder(InsertPoint.before(op)), op.location)

    def add(
        self,
        op_type: type[GraphOp],
        operands: Sequence[SSAValue],
        properties: Mapping[str, Attribute] | None = None,
    ) -> SSAValue:
        """The result of a new operation of fixed operand count."""
        return self.insert(op_type.build_inferred(operands, properties, self.location))

    def insert(self, op: GraphOp) -> SSAValue:
        """The result of `op`, which is added as it is."""
        op.location = self.location
        return self.builder.insert(op).results[0]

    def splat(self, number: float, result: TensorType[Attribute]) -> SSAValue:
        """A constant whose elements are all `number`."""
        return self.insert(splat_constant(number, result))

    def cast(self, value: SSAValue, element: Attribute) -> SSAValue:
        """`value` with elements of type `element`; itself if it has them."""
        if element_type(value) == element:
            return value
        return self.insert(CastOp(operands=[value], result_types=[TensorType(element, static_shape(value))]))

    def reshape(self, value: SSAValue, shape: Sequence[int]) -> SSAValue:
        """`value` under another shape; itself if it has that shape."""
        return value if static_shape(value) == tuple(shape) else self.add(ReshapeOp, [value], {"shape_to": ints(shape)})

    def broadcast_to(self, value: SSAValue, shape: Sequence[int]) -> SSAValue:
        """`value` repeated to another shape; itself if it has that shape."""
        if static_shape(value) == tuple(shape):
            return value
        return self.add(BroadcastToOp, [value], {"shape_to": ints(shape)})

    def concat(self, values: Sequence[SSAValue], axis: int) -> SSAValue:
        """`values` joined along `axis`."""
        element, first = element_type(values[0]), static_shape(values[0])
        joined = sum(static_shape(value)[axis] for value in values)
        shape = (*first[:axis], joined, *first[axis:][1:])
        op = ConcatOp(operands=[values], result_types=[TensorType(element, shape)], properties={"axis": int_attr(axis)})
        return self.insert(op)

    def transpose(self, value: SSAValue, permutation: Sequence[int]) -> SSAValue:
        """`value` with dimension i taken from dimension permutation[i]; as a reshape where no element moves."""
        shape = static_shape(value)
        if moves_no_element(shape, permutation):
            return self.reshape(value, [shape[i] for i in permutation])
        return self.add(TransposeOp, [value], {"permutation": ints(permutation)})


def moves_no_element(shape: Sequence[int], permutation: Sequence[int]) -> bool:
    """Whether a transpose keeps the row-major order: dimensions other than 1 stay in order."""
    wide = [i for i in permutation if shape[i] != 1]
    return wide == sorted(wide)
