"""Anchors that combine many input elements into each output element, and the elementwise kernel."""

from collections.abc import Sequence

from xdsl.dialects.builtin import ArrayAttr, LocationAttr
from xdsl.dialects.utils import EnumAttribute
from xdsl.ir import Attribute, Region, SpacedOpaqueSyntaxAttribute, SSAValue
from xdsl.irdl import irdl_attr_definition, irdl_op_definition, prop_def
from xdsl.pattern_rewriter import RewritePattern
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.str_enum import StrEnum

from boltir.dialects.fused.base import FusedOp
from boltir.dialects.fused.store import StoreAttr
from boltir.dialects.properties import bool_prop, float_prop, int_prop, ints, ints_prop, require_ints
from boltir.dialects.shape_rules import reduced_shape
from boltir.dialects.tensors import (
    Shape,
    broadcast_shapes,
    normalized_axis,
    require_float,
    require_nonnegative,
    require_numbers,
    require_rank,
    static_shape,
)
from boltir.dialects.window import Window


class ReductionKind(StrEnum):
    SUM = "sum"
    MEAN = "mean"
    MAX = "max"
    MIN = "min"


@irdl_attr_definition
class ReductionKindAttr(EnumAttribute[ReductionKind], SpacedOpaqueSyntaxAttribute):
    name = "fused.reduction_kind"


@irdl_op_definition
class PointwiseOp(FusedOp):
    """No anchor: the epilogue alone, over operands that broadcast together and to `shape_to`

    `shape_to` is needed only where the operands alone do not span the result.
    """

    name = "fused.pointwise"
    shape_to = ints_prop(())

    def infer_shape(self) -> Shape:
        self.require_inputs(0)
        if not self.epilogue_operands:
            raise VerifyException("a pointwise kernel needs at least one operand")
        shapes = [static_shape(value) for value in self.epilogue_operands]
        if stated := self.shape_to.get_values():
            shapes.append(stated)
        return broadcast_shapes(*shapes)

    def accumulator_types(self) -> tuple[Attribute, ...]:
        return ()

    @classmethod
    def get_canonicalization_patterns(cls) -> tuple[RewritePattern, ...]:
        from boltir.dialects.fused.canonicalization import FoldIdentity

        return (FoldIdentity(), *super().get_canonicalization_patterns())

    @staticmethod
    def of_shape(
        shape: Shape,
        operands: Sequence[SSAValue],
        epilogue: Region,
        *,
        result_element_types: Sequence[Attribute],
        stores: Sequence[StoreAttr] = (),
        location: LocationAttr | None = None,
    ) -> "PointwiseOp":
        """Build the kernel with results of `shape`, to which `operands` broadcast; without `stores` of all elements."""
        spanned = broadcast_shapes(*map(static_shape, operands))
        properties: dict[str, Attribute] = {} if spanned == shape else {"shape_to": ints(shape)}
        if stores:
            properties["stores"] = ArrayAttr(stores)
        return PointwiseOp.build_kernel(
            [],
            properties,
            result_element_types=result_element_types,
            epilogue_operands=operands,
            epilogue=epilogue,
            location=location,
        )


@irdl_op_definition
class Pool2dOp(FusedOp):
    """The largest value (max) or the mean (mean) of each window of [N, H, W, C]"""

    name = "fused.pool2d"
    kind = prop_def(ReductionKindAttr)
    kernel = ints_prop()
    strides = ints_prop((1, 1))
    padding = ints_prop((0, 0, 0, 0))
    dilations = ints_prop((1, 1))
    ceil_mode = bool_prop(False)
    count_include_pad = bool_prop(False)

    def infer_shape(self) -> Shape:
        self.require_inputs(1)
        require_float(self.inputs[0])
        if self.kind.data not in (ReductionKind.MAX, ReductionKind.MEAN):
            raise VerifyException(f"pooling takes max or mean, not {self.kind.data}")
        n, h, w, c = require_rank(self.inputs[0], 4, "the input")
        r, s = require_ints("kernel", self.kernel, 2, 1)
        return Window.of(self).pooled((n, h, w, c), (r, s), ceil_mode=bool(self.ceil_mode.value.data))


@irdl_op_definition
class ReduceOp(FusedOp):
    """A reduction over `axes`, which become 1 or, without `keepdims`, disappear"""

    name = "fused.reduce"
    kind = prop_def(ReductionKindAttr)
    axes = ints_prop()
    keepdims = bool_prop(True)

    def infer_shape(self) -> Shape:
        self.require_inputs(1)
        require_numbers(self.inputs[0])
        shape = static_shape(self.inputs[0])
        return reduced_shape(shape, self.axes.get_values(), keepdims=bool(self.keepdims.value.data))


@irdl_op_definition
class SoftmaxOp(FusedOp):
    """exp(x - max) / sum(exp(x - max)) along one axis"""

    name = "fused.softmax"
    axis = int_prop(-1)

    def infer_shape(self) -> Shape:
        self.require_inputs(1)
        require_float(self.inputs[0])
        shape = static_shape(self.inputs[0])
        normalized_axis(self.axis.value.data, len(shape))
        return shape


@irdl_op_definition
class LayerNormOp(FusedOp):
    """(x - mean) / sqrt(variance + epsilon) over the dimensions from `axis` on

    Scale and bias are epilogue operands like any other.
    """

    name = "fused.layer_norm"
    axis = int_prop(-1)
    epsilon = float_prop(1e-5)

    def infer_shape(self) -> Shape:
        self.require_inputs(1)
        require_float(self.inputs[0])
        require_nonnegative("epsilon", self.epsilon.value.data)
        shape = static_shape(self.inputs[0])
        normalized_axis(self.axis.value.data, len(shape))
        return shape
