"""The anchor that computes attention over several heads."""

from xdsl.irdl import irdl_op_definition
from xdsl.utils.exceptions import VerifyException

from boltir.dialects.fused.base import FusedOp
from boltir.dialects.properties import float_prop, int_prop, ints_prop, require_ints
from boltir.dialects.shape_rules import attention_shape
from boltir.dialects.tensors import Shape, require_float, require_positive, require_same_element_type, static_shape


@irdl_op_definition
class AttentionOp(FusedOp):
    """softmax(scale * Q @ K^T + mask) @ V for every head; a query whose scores are all -inf gives zeros

    The inputs are Q [B, Sq, *], K and V [B, Sk, *] and perhaps a mask that broadcasts to [B, heads, Sq, Sk]. Head h of
    an operand is the `head_dim` columns from `offset + h * head_dim` on.
    """

    name = "fused.attention"
    heads = int_prop()
    head_dim = int_prop()
    offsets = ints_prop((0, 0, 0))
    scale = float_prop()

    def infer_shape(self) -> Shape:
        if len(self.inputs) not in (3, 4):
            raise VerifyException(f"expected Q, K, V and perhaps a mask, got {len(self.inputs)} inputs")
        require_same_element_type(*self.inputs)
        require_float(self.inputs[0])
        require_positive("scale", self.scale.value.data)
        shapes = [static_shape(value) for value in self.inputs]
        heads, head_dim = self.heads.value.data, self.head_dim.value.data
        offsets = require_ints("offsets", self.offsets, 3, 0)
        return attention_shape(shapes[:3], shapes[3] if len(shapes) == 4 else None, heads, head_dim, offsets)
