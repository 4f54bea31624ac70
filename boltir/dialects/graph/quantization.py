"""Between real numbers and the small integers that stand for them."""

from abc import ABC

from xdsl.dialects.builtin import TensorType, i8, i32
from xdsl.ir import Attribute
from xdsl.irdl import irdl_op_definition, operand_def
from xdsl.utils.exceptions import VerifyException

from boltir.dialects.graph.elementwise import ElementwiseOp
from boltir.dialects.tensors import broadcast_shapes, element_type, require_float, static_shape, ui8


class QuantizationOp(ElementwiseOp, ABC):
    """What both directions share: an integer q stands for (q - zero_point) * scale."""

    input = operand_def(TensorType)
    scale = operand_def(TensorType)
    zero_point = operand_def(TensorType)

    assembly_format = "$input `,` $scale `,` $zero_point attr-dict `:` functional-type(operands, results)"

    def result_of(self, element: Attribute) -> TensorType[Attribute]:
        """The type of a result with elements of type `element`."""
        return TensorType(element, broadcast_shapes(*map(static_shape, self.operands)))


@irdl_op_definition
class QuantizeOp(QuantizationOp):
    """round(x / scale) + zero_point, halves to even, as i8 or ui8: what lies beyond saturates, NaN is the least"""

    name = "graph.quantize"

    def infer_type(self) -> TensorType[Attribute]:
        require_float(self.input)
        require_float(self.scale)
        if (element := element_type(self.zero_point)) not in (i8, ui8):
            raise VerifyException(f"the zero point has the result's type, which must be i8 or ui8, not {element}")
        return self.result_of(element)


@irdl_op_definition
class DequantizeOp(QuantizationOp):
    """(x - zero_point) * scale, in the type of the scale"""

    name = "graph.dequantize"

    def infer_type(self) -> TensorType[Attribute]:
        require_float(self.scale)
        element, zero = element_type(self.input), element_type(self.zero_point)
        if element not in (i8, ui8, i32) or zero != element:
            raise VerifyException(f"expected i8, ui8 or i32 and a zero point of that type, got {element} and {zero}")
        return self.result_of(element_type(self.scale))
