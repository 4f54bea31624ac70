"""Elementwise operations: one scalar function per element, numpy broadcasting between operands."""

from abc import ABC

from xdsl.dialects.builtin import AnyFloat, IntegerType, TensorType, i1
from xdsl.ir import Attribute
from xdsl.irdl import irdl_op_definition, operand_def, prop_def
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.hints import isa

from boltir.dialects.graph.base import GraphOp, UnaryOp
from boltir.dialects.graph.enums import GeluApproximation, GeluApproximationAttr
from boltir.dialects.properties import float_prop
from boltir.dialects.tensors import (
    broadcast_shapes,
    element_type,
    require_float,
    require_numbers,
    require_same_element_type,
    static_shape,
    tensor_type,
)


class ElementwiseOp(GraphOp, ABC):
    """y[i] = f(a[i], b[i], ...), with numpy broadcasting between the operands."""


class UnaryElementwiseOp(ElementwiseOp, UnaryOp, ABC):
    """y[i] = f(x[i]); the result has the operand's type."""

    def infer_type(self) -> TensorType[Attribute]:
        return tensor_type(self.input)


class NumericUnaryOp(UnaryElementwiseOp, ABC):
    """A unary function of numbers."""

    def infer_type(self) -> TensorType[Attribute]:
        require_numbers(self.input)
        return tensor_type(self.input)


class FloatUnaryOp(UnaryElementwiseOp, ABC):
    """A unary function of real numbers."""

    def infer_type(self) -> TensorType[Attribute]:
        require_float(self.input)
        return tensor_type(self.input)


@irdl_op_definition
class ReluOp(NumericUnaryOp):
    """max(x, 0)"""

    name = "graph.relu"


@irdl_op_definition
class LeakyReluOp(FloatUnaryOp):
    """x if x >= 0 else alpha * x"""

    name = "graph.leaky_relu"
    alpha = float_prop(0.01)


@irdl_op_definition
class EluOp(FloatUnaryOp):
    """x if x >= 0 else alpha * (exp(x) - 1)"""

    name = "graph.elu"
    alpha = float_prop(1.0)


@irdl_op_definition
class GeluOp(FloatUnaryOp):
    """x * Phi(x), exactly (erf) or by the tanh approximation"""

    name = "graph.gelu"
    approximation = prop_def(GeluApproximationAttr, default_value=GeluApproximationAttr(GeluApproximation.NONE))


@irdl_op_definition
class SiluOp(FloatUnaryOp):
    """x * sigmoid(x)"""

    name = "graph.silu"


@irdl_op_definition
class SigmoidOp(FloatUnaryOp):
    """1 / (1 + exp(-x))"""

    name = "graph.sigmoid"


@irdl_op_definition
class HardSigmoidOp(FloatUnaryOp):
    """max(0, min(1, alpha * x + beta))"""

    name = "graph.hard_sigmoid"
    alpha = float_prop(0.2)
    beta = float_prop(0.5)


@irdl_op_definition
class HardSwishOp(FloatUnaryOp):
    """x * max(0, min(1, x / 6 + 0.5))"""

    name = "graph.hard_swish"


@irdl_op_definition
class SoftplusOp(FloatUnaryOp):
    """log(1 + exp(x))"""

    name = "graph.softplus"


@irdl_op_definition
class MishOp(FloatUnaryOp):
    """x * tanh(softplus(x))"""

    name = "graph.mish"


@irdl_op_definition
class TanhOp(FloatUnaryOp):
    """tanh(x)"""

    name = "graph.tanh"


@irdl_op_definition
class ErfOp(FloatUnaryOp):
    """The error function"""

    name = "graph.erf"


@irdl_op_definition
class ExpOp(FloatUnaryOp):
    """exp(x)"""

    name = "graph.exp"


@irdl_op_definition
class LogOp(FloatUnaryOp):
    """Natural logarithm"""

    name = "graph.log"


@irdl_op_definition
class SqrtOp(FloatUnaryOp):
    """Square root"""

    name = "graph.sqrt"


@irdl_op_definition
class RsqrtOp(FloatUnaryOp):
    """1 / sqrt(x)"""

    name = "graph.rsqrt"


@irdl_op_definition
class ReciprocalOp(FloatUnaryOp):
    """1 / x"""

    name = "graph.reciprocal"


@irdl_op_definition
class SinOp(FloatUnaryOp):
    """sin(x)"""

    name = "graph.sin"


@irdl_op_definition
class CosOp(FloatUnaryOp):
    """cos(x)"""

    name = "graph.cos"


@irdl_op_definition
class FloorOp(FloatUnaryOp):
    """The largest integer not above x"""

    name = "graph.floor"


@irdl_op_definition
class CeilOp(FloatUnaryOp):
    """The smallest integer not below x"""

    name = "graph.ceil"


@irdl_op_definition
class RoundOp(FloatUnaryOp):
    """The nearest integer, halves to even"""

    name = "graph.round"


@irdl_op_definition
class NegOp(NumericUnaryOp):
    """-x"""

    name = "graph.neg"


@irdl_op_definition
class AbsOp(NumericUnaryOp):
    """|x|"""

    name = "graph.abs"


@irdl_op_definition
class SignOp(FloatUnaryOp):
    """-1, 0 or 1"""

    name = "graph.sign"


@irdl_op_definition
class ClipOp(FloatUnaryOp):
    """max(min, min(max, x))"""

    name = "graph.clip"
    min = float_prop(float("-inf"))
    max = float_prop(float("inf"))

    def verify_(self) -> None:
        super().verify_()
        low, high = self.min.value.data, self.max.value.data
        if not low <= high:  # true of NaN, too
            raise VerifyException(f"min {low} must not be above max {high}")


@irdl_op_definition
class NotOp(UnaryElementwiseOp):
    """Logical negation of truth values"""

    name = "graph.not"

    def infer_type(self) -> TensorType[Attribute]:
        if self.element_type != i1:
            raise VerifyException(f"expected truth values (i1), got {self.input.type}")
        return tensor_type(self.input)


class BinaryElementwiseOp(ElementwiseOp, ABC):
    """y[i] = f(a[i], b[i]); both operands have one element type."""

    lhs = operand_def(TensorType)
    rhs = operand_def(TensorType)

    assembly_format = "$lhs `,` $rhs attr-dict `:` functional-type(operands, results)"

    def result_element_type(self, operand: Attribute) -> Attribute:
        """The result's element type for operands of element type `operand`."""
        return operand

    def infer_type(self) -> TensorType[Attribute]:
        operand = require_same_element_type(self.lhs, self.rhs)
        shape = broadcast_shapes(static_shape(self.lhs), static_shape(self.rhs))
        return TensorType(self.result_element_type(operand), shape)


class ArithmeticOp(BinaryElementwiseOp, ABC):
    """A function of two numbers."""

    def infer_type(self) -> TensorType[Attribute]:
        require_numbers(self.lhs)
        return super().infer_type()


@irdl_op_definition
class AddOp(ArithmeticOp):
    """a + b"""

    name = "graph.add"


@irdl_op_definition
class SubOp(ArithmeticOp):
    """a - b"""

    name = "graph.sub"


@irdl_op_definition
class MulOp(ArithmeticOp):
    """a * b"""

    name = "graph.mul"


@irdl_op_definition
class DivOp(ArithmeticOp):
    """a / b; integers truncate towards zero"""

    name = "graph.div"


@irdl_op_definition
class PowOp(BinaryElementwiseOp):
    """a to the power of b"""

    name = "graph.pow"

    def result_element_type(self, operand: Attribute) -> Attribute:
        if not isinstance(operand, AnyFloat):
            raise VerifyException(f"expected floating-point elements, got {operand}")
        return operand


@irdl_op_definition
class MaximumOp(ArithmeticOp):
    """The larger of a and b"""

    name = "graph.maximum"


@irdl_op_definition
class MinimumOp(ArithmeticOp):
    """The smaller of a and b"""

    name = "graph.minimum"


@irdl_op_definition
class PReluOp(ArithmeticOp):
    """a if a >= 0 else b * a"""

    name = "graph.prelu"


class ComparisonOp(BinaryElementwiseOp, ABC):
    """Compares element by element; the result holds truth values."""

    def result_element_type(self, operand: Attribute) -> Attribute:
        return i1


@irdl_op_definition
class EqualOp(ComparisonOp):
    """a == b"""

    name = "graph.equal"


class OrderingOp(ComparisonOp, ABC):
    """Compares two numbers by size."""

    def infer_type(self) -> TensorType[Attribute]:
        require_numbers(self.lhs)
        return super().infer_type()


@irdl_op_definition
class LessOp(OrderingOp):
    """a < b"""

    name = "graph.less"


@irdl_op_definition
class LessOrEqualOp(OrderingOp):
    """a <= b"""

    name = "graph.less_or_equal"


@irdl_op_definition
class GreaterOp(OrderingOp):
    """a > b"""

    name = "graph.greater"


@irdl_op_definition
class GreaterOrEqualOp(OrderingOp):
    """a >= b"""

    name = "graph.greater_or_equal"


class LogicalOp(BinaryElementwiseOp, ABC):
    """A function of two truth values."""

    def result_element_type(self, operand: Attribute) -> Attribute:
        if operand != i1:
            raise VerifyException(f"expected truth values (i1), got {operand}")
        return operand


@irdl_op_definition
class AndOp(LogicalOp):
    """a and b"""

    name = "graph.and"


@irdl_op_definition
class OrOp(LogicalOp):
    """a or b"""

    name = "graph.or"


@irdl_op_definition
class WhereOp(ElementwiseOp):
    """a[i] where the condition holds, else b[i]; all three broadcast"""

    name = "graph.where"
    condition = operand_def(TensorType)
    lhs = operand_def(TensorType)
    rhs = operand_def(TensorType)

    assembly_format = "$condition `,` $lhs `,` $rhs attr-dict `:` functional-type(operands, results)"

    def infer_type(self) -> TensorType[Attribute]:
        if element_type(self.condition) != i1:
            raise VerifyException(f"the condition must hold truth values (i1), got {self.condition.type}")
        element = require_same_element_type(self.lhs, self.rhs)
        return TensorType(element, broadcast_shapes(*map(static_shape, self.operands)))


@irdl_op_definition
class CastOp(ElementwiseOp, UnaryOp):
    """Converts elements; to a narrower float rounds to nearest even, float to integer truncates"""

    name = "graph.cast"

    def infer_type(self) -> TensorType[Attribute]:
        target = element_type(self.results[0])
        if not (isinstance(target, AnyFloat) or isa(target, IntegerType)):
            raise VerifyException(f"cannot cast {self.input.type} to elements of {target}")
        return TensorType(target, self.shape)
