"""Windows of an image laid out as channels."""

from xdsl.dialects.builtin import TensorType
from xdsl.ir import Attribute
from xdsl.irdl import irdl_op_definition

from boltir.dialects.graph.pooling import ImageOp
from boltir.dialects.properties import int_prop, ints_prop
from boltir.dialects.window import unfolded_image


@irdl_op_definition
class UnfoldOp(ImageOp):
    """Each result pixel holds the `kernel` window at its place: rows, columns, channels, then zeros up to `channels`

    `layout` is that of the operand; the result is [N, P, Q, channels]. `padding` is [top, left, bottom, right].
    """

    name = "graph.unfold"
    kernel = ints_prop()
    strides = ints_prop((1, 1))
    padding = ints_prop((0, 0, 0, 0))
    channels = int_prop()

    def infer_type(self) -> TensorType[Attribute]:
        return TensorType(self.element_type, unfolded_image(self, self.image_extents()))
