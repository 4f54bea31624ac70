"""Appends scalar code to an epilogue."""

from typing import TypeVar

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import AnyFloat, FloatAttr, IntegerAttr, IntegerType, f32, i1, i8, i32
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.utils.hints import isa

from boltir.dialects.tensors import compute_type, ui8

FloatUnary = TypeVar("FloatUnary", bound=math.FloatingPointLikeUnaryMathOperation)

_ORDERED = {"eq": "oeq", "lt": "olt", "le": "ole", "gt": "ogt", "ge": "oge"}
_SIGNED = {"eq": "eq", "lt": "slt", "le": "sle", "gt": "sgt", "ge": "sge"}


class ScalarBuilder:
    """Builds arith and math operations at the end of a block, choosing them by the operands' type.

    Operands are of compute types: f32, or signless integers. NaN operands give NaN, and a comparison
    with NaN is false, as in numpy.
    """

    def __init__(self, block: Block) -> None:
        self._block = block

    def insert(self, op: Operation) -> SSAValue:
        """Append `op` and return its result."""
        self._block.add_op(op)
        return op.results[0]

    def constant(self, value: float, kind: Attribute = f32) -> SSAValue:
        """The number `value` of compute type `kind`."""
        if isa(kind, IntegerType):
            return self.insert(arith.ConstantOp(IntegerAttr(int(value), kind)))
        return self.insert(arith.ConstantOp(FloatAttr(value, f32)))

    def call(self, function: type[FloatUnary], x: SSAValue) -> SSAValue:
        """A function of one float: `call(math.ExpOp, x)`."""
        return self.insert(function(x))

    def _arithmetic(
        self,
        on_floats: type[arith.FloatingPointLikeBinaryOperation],
        on_integers: type[arith.SignlessIntegerBinaryOperation],
        a: SSAValue,
        b: SSAValue,
    ) -> SSAValue:
        return self.insert(on_floats(a, b) if is_float(a) else on_integers(a, b))

    def add(self, a: SSAValue, b: SSAValue) -> SSAValue:
        return self._arithmetic(arith.AddfOp, arith.AddiOp, a, b)

    def subtract(self, a: SSAValue, b: SSAValue) -> SSAValue:
        return self._arithmetic(arith.SubfOp, arith.SubiOp, a, b)

    def multiply(self, a: SSAValue, b: SSAValue) -> SSAValue:
        return self._arithmetic(arith.MulfOp, arith.MuliOp, a, b)

    def divide(self, a: SSAValue, b: SSAValue) -> SSAValue:
        """The quotient; integers truncate towards zero."""
        return self._arithmetic(arith.DivfOp, arith.DivSIOp, a, b)

    def maximum(self, a: SSAValue, b: SSAValue) -> SSAValue:
        return self._arithmetic(arith.MaximumfOp, arith.MaxSIOp, a, b)

    def minimum(self, a: SSAValue, b: SSAValue) -> SSAValue:
        return self._arithmetic(arith.MinimumfOp, arith.MinSIOp, a, b)

    def negate(self, x: SSAValue) -> SSAValue:
        return self.insert(arith.NegfOp(x)) if is_float(x) else self.subtract(self.constant(0, x.type), x)

    def compare(self, predicate: str, a: SSAValue, b: SSAValue) -> SSAValue:
        """Whether `a` is `eq`, `lt`, `le`, `gt` or `ge` to `b`, as an i1."""
        if is_float(a):
            return self.insert(arith.CmpfOp(a, b, _ORDERED[predicate]))
        return self.insert(arith.CmpiOp(a, b, _SIGNED[predicate]))

    def select(self, condition: SSAValue, a: SSAValue, b: SSAValue) -> SSAValue:
        """`a` where the condition holds, else `b`."""
        return self.insert(arith.SelectOp(condition, a, b))

    def stored(self, value: SSAValue, element: Attribute) -> SSAValue:
        """What loading gives after storing `value` as `element`, but that a narrower float rounds.

        Float to integer truncates; other integers saturate into i8 and ui8 and wrap elsewhere; i1 is whether it is
        not 0.
        """
        kind = compute_type(element)
        if element == ui8:
            return self._clamped(self.stored(value, i32), 0, 255)
        if value.type == kind:
            return value
        if not isa(kind, IntegerType):
            return self.insert((arith.UIToFPOp if value.type == i1 else arith.SIToFPOp)(value, f32))
        if kind == i1:
            return self._is_nonzero(value)
        if kind == i8:
            wide = self.stored(value, i32) if is_float(value) or value.type == i1 else value
            return self.insert(arith.TruncIOp(self._clamped(wide, -128, 127), i8))
        if is_float(value):
            return self.insert(arith.FPToSIOp(value, kind))
        if value.type == i1:
            return self.insert(arith.ExtUIOp(value, kind))
        widens = isa(value.type, IntegerType) and value.type.width.data < kind.width.data
        return self.insert((arith.ExtSIOp if widens else arith.TruncIOp)(value, kind))

    def _clamped(self, value: SSAValue, low: int, high: int) -> SSAValue:
        above = self.maximum(value, self.constant(low, value.type))
        return self.minimum(above, self.constant(high, value.type))

    def _is_nonzero(self, value: SSAValue) -> SSAValue:
        zero = self.constant(0, value.type)
        return self.insert(arith.CmpfOp(value, zero, "une") if is_float(value) else arith.CmpiOp(value, zero, "ne"))


def is_float(value: SSAValue) -> bool:
    """Whether scalar `value` is a floating-point number."""
    return isinstance(value.type, AnyFloat)
