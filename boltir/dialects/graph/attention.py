"""Attention over several heads."""

from collections.abc import Sequence

from xdsl.dialects.builtin import TensorType
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import irdl_op_definition, operand_def, opt_operand_def

from boltir.dialects.graph.base import GraphOp
from boltir.dialects.properties import float_prop, int_prop, ints_prop, require_ints
from boltir.dialects.shape_rules import attention_shape
from boltir.dialects.tensors import require_float, require_positive, require_same_element_type, static_shape


@irdl_op_definition
class AttentionOp(GraphOp):
    """softmax(scale * Q @ K^T + mask) @ V for every head; a query whose scores are all -inf gives zeros

    Q is [B, Sq, *], K and V are [B, Sk, *]. Head h of an operand is the `head_dim` columns from
    `offset + h * head_dim` on, so that one tensor can hold all three. The mask broadcasts to [B, heads, Sq, Sk];
    the result is [B, Sq, heads * head_dim].
    """

    name = "graph.attention"
    q = operand_def(TensorType)
    k = operand_def(TensorType)
    v = operand_def(TensorType)
    mask = opt_operand_def(TensorType)
    heads = int_prop()
    head_dim = int_prop()
    offsets = ints_prop((0, 0, 0))
    scale = float_prop()

    assembly_format = "$q `,` $k `,` $v (`mask` $mask^)? attr-dict `:` functional-type(operands, results)"

    @classmethod
    def operand_groups(cls, operands: Sequence[SSAValue]) -> Sequence[SSAValue | Sequence[SSAValue]]:
        return [*operands[:3], operands[3:]]

    def infer_type(self) -> TensorType[Attribute]:
        element = require_same_element_type(*self.operands)
        require_float(self.q)
        require_positive("scale", self.scale.value.data)
        shape = attention_shape(
            [static_shape(value) for value in (self.q, self.k, self.v)],
            None if self.mask is None else static_shape(self.mask),
            self.heads.value.data,
            self.head_dim.value.data,
            require_ints("offsets", self.offsets, 3, 0),
        )
        return TensorType(element, shape)
