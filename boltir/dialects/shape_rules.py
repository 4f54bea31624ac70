"""The shapes that operations of several levels give their results. Every function raises VerifyException
where the operands' shapes and the parameters do not fit together."""

from collections.abc import Sequence

from xdsl.utils.exceptions import VerifyException

from boltir.dialects.tensors import Shape, broadcast_shapes, normalized_axis


def matrix_product_shape(a: Shape, b: Shape, *, transpose_a: bool, transpose_b: bool) -> Shape:
    """[..., M, K] @ [..., K, N], each optionally transposed in its last two dimensions."""
    if min(len(a), len(b)) < 2:
        raise VerifyException(f"a matrix product needs matrices, got shapes {list(a)} and {list(b)}")
    m, k = a[-2:][::-1] if transpose_a else a[-2:]
    k_b, n = b[-2:][::-1] if transpose_b else b[-2:]
    if k != k_b:
        raise VerifyException(f"inner dimensions differ: A has K = {k}, B has K = {k_b}")
    return (*broadcast_shapes(a[:-2], b[:-2]), m, n)


def reduced_shape(shape: Shape, axes: Sequence[int], *, keepdims: bool) -> Shape:
    """The reduced axes become 1 or, without `keepdims`, disappear."""
    reduced = {normalized_axis(axis, len(shape)) for axis in axes}
    if len(reduced) != len(axes):
        raise VerifyException(f"axes {list(axes)} name a dimension twice")
    if keepdims:
        return tuple(1 if i in reduced else extent for i, extent in enumerate(shape))
    return tuple(extent for i, extent in enumerate(shape) if i not in reduced)


def transposed_shape(shape: Shape, permutation: Sequence[int]) -> Shape:
    """Result dimension i is dimension permutation[i]."""
    if sorted(permutation) != list(range(len(shape))):
        raise VerifyException(f"{list(permutation)} is not a permutation of {len(shape)} dimensions")
    return tuple(shape[i] for i in permutation)


def concatenated_shape(shapes: Sequence[Shape], axis: int) -> Shape:
    """Tensors joined along one axis."""
    if not shapes:
        raise VerifyException("concat needs at least one operand")
    axis = normalized_axis(axis, len(shapes[0]))
    before, after = shapes[0][:axis], shapes[0][axis + 1 :]
    for shape in shapes[1:]:
        if len(shape) != len(shapes[0]) or (shape[:axis], shape[axis + 1 :]) != (before, after):
            raise VerifyException(f"shapes {list(shapes[0])} and {list(shape)} differ outside axis {axis}")
    return (*before, sum(shape[axis] for shape in shapes), *after)


def sliced_shape(shape: Shape, offsets: Sequence[int], sizes: Shape, strides: Sequence[int]) -> Shape:
    """`sizes` positions per dimension, from `offsets` on in steps of `strides`."""
    if not len(offsets) == len(sizes) == len(strides) == len(shape):
        raise VerifyException(f"offsets, sizes and strides need {len(shape)} entries, one per dimension")
    for extent, offset, size, stride in zip(shape, offsets, sizes, strides, strict=True):
        last = offset + (size - 1) * stride
        if size < 1 or stride == 0 or not (0 <= offset < extent and 0 <= last < extent):
            raise VerifyException(f"offset {offset}, size {size}, stride {stride} leave a dimension of {extent}")
    return sizes


def padded_shape(shape: Shape, low: Sequence[int], high: Sequence[int], *, reflect: bool) -> Shape:
    """`low` elements before and `high` after each dimension."""
    if not len(low) == len(high) == len(shape) or min((*low, *high), default=0) < 0:
        raise VerifyException(f"low and high need {len(shape)} counts >= 0, one per dimension")
    if reflect and any(max(a, b) >= extent for extent, a, b in zip(shape, low, high, strict=True)):
        raise VerifyException(f"reflection needs padding smaller than each dimension of {list(shape)}")
    return tuple(a + extent + b for extent, a, b in zip(shape, low, high, strict=True))


def gathered_shape(data: Shape, indices: Shape, axis: int) -> Shape:
    """The indices' dimensions in place of one axis of the data."""
    axis = normalized_axis(axis, len(data))
    return (*data[:axis], *indices, *data[axis + 1 :])


def resized_shape(shape: Shape, sizes: Shape) -> Shape:
    """Each dimension resampled to its entry of `sizes`."""
    if len(sizes) != len(shape) or min(sizes, default=1) < 1:
        raise VerifyException(f"sizes need {len(shape)} extents >= 1, one per dimension")
    return sizes


def attention_shape(
    operands: Sequence[Shape], mask: Shape | None, heads: int, head_dim: int, offsets: Sequence[int]
) -> Shape:
    """Q [B, Sq, *], K and V [B, Sk, *] -> [B, Sq, heads * head_dim]; each has that many columns from its offset on."""
    for name, value in (("heads", heads), ("head_dim", head_dim)):
        if value < 1:
            raise VerifyException(f"{name} must be at least 1, got {value}")
    width = heads * head_dim
    for name, shape, offset in zip(("Q", "K", "V"), operands, offsets, strict=True):
        if len(shape) != 3:
            raise VerifyException(f"{name} must be [batch, sequence, columns], got shape {list(shape)}")
        if offset < 0 or offset + width > shape[2]:
            raise VerifyException(f"{heads} heads of {head_dim} from column {offset} on leave the {shape[2]} of {name}")
    q, k, v = operands
    if not q[0] == k[0] == v[0] or k[1] != v[1]:
        shapes = ", ".join(str(list(shape)) for shape in operands)
        raise VerifyException(f"Q, K and V have one batch, K and V one sequence; got shapes {shapes}")
    scores = (q[0], heads, q[1], k[1])
    if mask is not None and (len(mask) != 4 or broadcast_shapes(mask, scores) != scores):
        raise VerifyException(f"a mask of shape {list(mask)} does not broadcast to the scores' {list(scores)}")
    return (q[0], q[1], width)
