"""Building graph operations, and turning values known at import into operands of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from xdsl.dialects.builtin import LocationAttr, SymbolRefAttr, TensorType
from xdsl.ir import Attribute, Block, SSAValue
from xdsl.rewriter import Rewriter
from xdsl.utils.exceptions import VerifyException

from boltir.dialects.graph import GraphOp
from boltir.dialects.graph.constants import LARGEST_CONSTANT, array_constant, fits_text
from boltir.dialects.graph.elementwise import CastOp
from boltir.dialects.graph.movement import ConcatOp
from boltir.dialects.graph.values import WeightOp
from boltir.dialects.properties import int_attr
from boltir.dialects.tensors import check_tensor, static_shape
from boltir.errors import BoltError, UnsupportedError
from boltir.frontends.onnx.element_types import Array, ir_type
from boltir.frontends.onnx.names import SymbolNames, location, printable
from boltir.frontends.onnx.values import Constant, Value
from boltir.weights import WeightStore


@dataclass
class GraphBuilder:
    """Appends operations to a block; each constant is materialised once, before its first use."""

    block: Block
    weights: WeightStore = field(default_factory=WeightStore)
    _symbols: SymbolNames = field(default_factory=SymbolNames)
    _materialised: dict[Constant, SSAValue] = field(default_factory=dict[Constant, SSAValue])
    _small_weights: dict[tuple[Attribute, bytes], str] = field(default_factory=dict[tuple[Attribute, bytes], str])

    def emit(
        self,
        op: type[GraphOp],
        operands: Sequence[SSAValue],
        properties: Mapping[str, Attribute],
        where: str,
        at: LocationAttr,
    ) -> SSAValue:
        """Append an operation of fixed operand count; its result.

        Raises:
            BoltError: the operands and properties do not fit together, or boltir does not compile the result's type.
        """
        try:
            return self._append(op.build_inferred(operands, properties, at))
        except VerifyException as error:
            raise BoltError(str(error), where=where) from None

    def concat(self, values: Sequence[SSAValue], axis: int, where: str, at: LocationAttr) -> SSAValue:
        """`values` joined along `axis`.

        Raises:
            BoltError: they do not fit together.
        """
        op = ConcatOp(operands=[values], result_types=[values[0].type], properties={"axis": int_attr(axis)})
        op.location = at
        try:
            Rewriter.replace_value_with_new_type(op.results[0], op.infer_type())
            return self._append(op)
        except VerifyException as error:
            raise BoltError(str(error), where=where) from None

    def cast(self, value: SSAValue, element: Attribute, at: LocationAttr) -> SSAValue:
        """`value` with elements of type `element`."""
        op = CastOp(operands=[value], result_types=[TensorType(element, static_shape(value))])
        op.location = at
        return self._append(op)

    def _append(self, op: GraphOp) -> SSAValue:
        check_tensor(op.results[0])
        self.block.add_op(op)
        return op.results[0]

    def tensor(self, value: Value) -> SSAValue:
        """`value` as an operand.

        Raises:
            BoltError: no tensor can hold it.
        """
        if isinstance(value, SSAValue):
            return value
        if value not in self._materialised:
            self._materialised[value] = self._materialise(value)
        return self._materialised[value]

    def _materialise(self, constant: Constant) -> SSAValue:
        where = f"tensor '{printable(constant.name)}'"
        array = _without_doubles(constant.array, where)
        if array.size == 0:
            raise UnsupportedError(f"it has no elements (shape {list(array.shape)})", where=where)
        tensor_type = TensorType(ir_type(array.dtype, where), array.shape)
        op = array_constant(array, tensor_type) if fits_text(array) else self._weight(constant.name, array, tensor_type)
        op.location = location(constant.name)
        self.block.add_op(op)
        return op.results[0]

    def _weight(self, name: str, array: Array, kind: TensorType[Attribute]) -> GraphOp:
        """The weight that holds `array`; equal small ones, such as the -inf of every layer's mask, are one."""
        is_small = array.size <= LARGEST_CONSTANT
        symbol = self._small_weights.get((kind, array.tobytes())) if is_small else None
        if symbol is None:
            symbol = self.weights.add(self._symbols.fresh(name), array)
        if is_small:
            self._small_weights[kind, array.tobytes()] = symbol
        return WeightOp(properties={"symbol": SymbolRefAttr(symbol)}, result_types=[kind])


def _without_doubles(array: Array, where: str) -> Array:
    """`array` with f64 elements rounded to f32.

    Raises:
        UnsupportedError: a number is too large for f32.
    """
    if array.dtype != np.float64:
        return array
    with np.errstate(over="ignore"):
        narrow = array.astype(np.float32)
    if (np.isfinite(array) & ~np.isfinite(narrow)).any():
        raise UnsupportedError("it holds f64 numbers that f32 cannot", where=where, hint="export the model in f32")
    return narrow
