"""The anchor that lays windows of an image out as channels."""

from xdsl.irdl import irdl_op_definition, prop_def

from boltir.dialects.fused.base import FusedOp
from boltir.dialects.graph.enums import Layout, LayoutAttr
from boltir.dialects.properties import int_prop, ints_prop
from boltir.dialects.tensors import Shape, require_rank
from boltir.dialects.window import unfolded_image


@irdl_op_definition
class UnfoldOp(FusedOp):
    """Each result pixel holds the `kernel` window at its place: rows, columns, channels, then zeros up to `channels`

    `layout` is that of the input; the result is [N, P, Q, channels].
    """

    name = "fused.unfold"
    kernel = ints_prop()
    strides = ints_prop((1, 1))
    padding = ints_prop((0, 0, 0, 0))
    channels = int_prop()
    layout = prop_def(LayoutAttr, default_value=LayoutAttr(Layout.NHWC))

    @property
    def channels_last(self) -> bool:
        return self.layout.data == Layout.NHWC

    def infer_shape(self) -> Shape:
        self.require_inputs(1)
        n, *extents = require_rank(self.inputs[0], 4, "the input")
        h, w, c = extents if self.channels_last else (*extents[1:], extents[0])
        return unfolded_image(self, (n, h, w, c))
