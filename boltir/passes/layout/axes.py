"""How graph operations on images look when their tensors are stored channels-last."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import I64, DenseArrayBase, TensorType
from xdsl.ir import Attribute, SSAValue

from boltir.dialects.graph.base import GraphOp
from boltir.dialects.graph.elementwise import ElementwiseOp
from boltir.dialects.graph.enums import TO_CHANNELS_LAST, Layout, LayoutAttr
from boltir.dialects.graph.linear import BiasAddOp, Conv2dOp, ConvTranspose2dOp, WindowedConvolutionOp
from boltir.dialects.graph.movement import BroadcastToOp, ConcatOp, PadOp, ResizeOp, SliceOp
from boltir.dialects.graph.normalization import BatchNormOp, SoftmaxOp
from boltir.dialects.graph.pooling import GlobalPool2dOp, ImageOp, Pool2dOp, ReduceOp
from boltir.dialects.properties import int_attr, ints
from boltir.dialects.tensors import Shape, normalized_axis, static_shape

WithAxis = BiasAddOp | BatchNormOp | SoftmaxOp | ConcatOp
WithExtents = PadOp | SliceOp | ResizeOp | BroadcastToOp
Flexible = ElementwiseOp | WithAxis | WithExtents | ReduceOp | GlobalPool2dOp


def is_channels_first_image(op: GraphOp) -> bool:
    """Whether `op` is a convolution or pooling in the nchw layout, for which there are no kernels."""
    return isinstance(op, WindowedConvolutionOp | Pool2dOp) and not op.channels_last


def is_flexible(op: GraphOp) -> bool:
    """Whether `op` means the same, up to its attributes, on images in either order of dimensions."""
    if not isinstance(op, Flexible) or (isinstance(op, GlobalPool2dOp) and op.channels_last):
        return False
    if isinstance(op, ReduceOp) and not op.keepdims.value.data:
        kept = [axis for axis in range(len(op.shape)) if axis not in _axes(op.axes, len(op.shape))]
        return len(op.shape) == 4 and sorted(map(moved, kept)) == [*map(moved, kept)]
    return len(static_shape(op.result)) == 4


def image_operands(op: GraphOp) -> Sequence[SSAValue]:
    """The operands whose dimensions are ordered like an image's: all but per-channel vectors."""
    return op.operands[:1] if isinstance(op, BiasAddOp | BatchNormOp) else op.operands


def moved(axis: int) -> int:
    """Where dimension `axis` of a channels-first image is in the channels-last one."""
    return TO_CHANNELS_LAST.index(axis)


def _axes(axes: DenseArrayBase[I64], rank: int) -> list[int]:
    return [normalized_axis(axis, rank) for axis in axes.get_values()]


def permuted(values: Sequence[int]) -> list[int]:
    """One entry per channels-first dimension, in channels-last order."""
    return [values[i] for i in TO_CHANNELS_LAST]


def channels_last_type(op: GraphOp) -> TensorType[Attribute]:
    """The type of the result of image operation `op` when it computes channels-last."""
    shape: Shape = static_shape(op.result)
    if isinstance(op, ReduceOp) and not op.keepdims.value.data:
        return op.result_type
    return TensorType(op.result_type.element_type, permuted(shape))


def channels_last_properties(op: GraphOp) -> dict[str, Attribute]:
    """The properties of image operation `op` when it computes channels-last."""
    changed: dict[str, Attribute] = {}
    if isinstance(op, Conv2dOp | ConvTranspose2dOp | ImageOp):
        changed["layout"] = LayoutAttr(Layout.NHWC)
    elif isinstance(op, WithAxis):
        changed["axis"] = int_attr(moved(normalized_axis(op.axis.value.data, 4)))
    elif isinstance(op, WithExtents):
        changed |= {name: ints(permuted(extents)) for name, extents in _extents(op).items()}
    elif isinstance(op, ReduceOp):
        changed["axes"] = ints(sorted(map(moved, _axes(op.axes, 4))))
    return {**op.properties, **changed}


def _extents(op: WithExtents) -> dict[str, Shape]:
    """The properties of `op` that have one entry per dimension."""
    if isinstance(op, BroadcastToOp):
        return {"shape_to": op.shape_to.get_values()}
    if isinstance(op, PadOp):
        return {"low": op.low.get_values(), "high": op.high.get_values()}
    sizes = {"sizes": op.sizes.get_values()}
    if isinstance(op, ResizeOp):
        return sizes
    return {**sizes, "offsets": op.offsets.get_values(), "strides": op.strides.get_values()}
