"""fused.unfold -> cutlass.unfold."""

from functools import partial

from boltir.dialects.cutlass.simt_unfold import UnfoldAttr
from boltir.dialects.fused.unfold import UnfoldOp
from boltir.dialects.shapes import dense_strides
from boltir.dialects.tensors import static_shape
from boltir.lowering.fused_to_cutlass.selection import Refusal, Selection
from boltir.lowering.fused_to_cutlass.simt.frame import frame, selected
from boltir.target import Target


def select_unfold(op: UnfoldOp, target: Target) -> Selection | Refusal:
    """The unfolding kernel; the image's layout is in its strides."""
    shape = static_shape(op.inputs[0])
    order = (0, 1, 2, 3) if op.channels_last else (0, 2, 3, 1)
    extents, strides = (tuple(values[d] for d in order) for values in (shape, dense_strides(shape)))
    _, p, q, columns = op.result_shape
    given = frame(op, (columns,))
    top, left, _, _ = op.padding.get_values()
    window = (p, q, given.columns, *strides, *op.strides.get_values(), top, left)
    build = partial(UnfoldAttr.of, kernel_shape=op.kernel.get_values(), channels=extents[3], **given.parameters)
    names = build().own_parameters
    return selected(build, {**dict(zip(names, (*extents, *window), strict=True)), **given.arguments}, op, target)
