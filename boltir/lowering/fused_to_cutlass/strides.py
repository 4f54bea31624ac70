"""How operands are addressed over a result: strides, and fewer dimensions where memory allows."""

from collections.abc import Sequence

from boltir.dialects.shapes import dense_strides
from boltir.dialects.tensors import Shape


def broadcast_strides(operand: Shape, result: Shape) -> Shape:
    """The strides of a dense operand over each dimension of the result, 0 where it is repeated."""
    padded = (1,) * (len(result) - len(operand)) + operand
    return tuple(0 if extent == 1 else stride for extent, stride in zip(padded, dense_strides(padded), strict=True))


def collapse(shape: Shape, reads: Sequence[Shape]) -> tuple[Shape, list[Shape]]:
    """The fewest dimensions, at least one, over which a dense result and all `reads` can be walked.

    `reads` are strides over `shape`. Neighbouring dimensions become one where every read steps through
    them as through one; dimensions of extent 1 disappear.
    """
    sizes: list[int] = []
    strides: list[list[int]] = [[] for _ in reads]
    for d, extent in enumerate(shape):
        if extent == 1:
            continue
        steps = [read[d] for read in reads]
        if sizes and all(kept[-1] == step * extent for kept, step in zip(strides, steps, strict=True)):
            sizes[-1] *= extent
            for kept, step in zip(strides, steps, strict=True):
                kept[-1] = step
            continue
        sizes.append(extent)
        for kept, step in zip(strides, steps, strict=True):
            kept.append(step)
    if not sizes:
        return (1,), [(0,) for _ in reads]
    return tuple(sizes), [tuple(kept) for kept in strides]
