"""About how long a product or convolution takes while no template is chosen: the best of a few that often are."""

from collections.abc import Iterator, Mapping, Sequence

from boltir.cost_model.model import estimate
from boltir.dialects.cutlass.conv2d import Conv2dAttr
from boltir.dialects.cutlass.conv2d_sm90 import Conv2dSm90Attr
from boltir.dialects.cutlass.gemm import GemmAttr
from boltir.dialects.cutlass.gemm_sm90 import GemmSm90Attr
from boltir.dialects.cutlass.matrix import Math
from boltir.dialects.cutlass.store import Store, StoreKind
from boltir.dialects.cutlass.template import KernelSignature, ParameterValue, TemplateAttr
from boltir.dialects.cutlass.tensor_op import instruction_shape
from boltir.target import Target

HOPPER = (
    ((64, 64), "warp_specialized"),
    ((64, 128), "warp_specialized"),
    ((128, 64), "pingpong"),
    ((128, 128), "pingpong"),
    ((64, 256), "pingpong"),
    ((128, 256), "cooperative"),
)
"""Rows and columns of tiles, 128 bytes deep, with their schedules."""
TENSOR_OP = (((64, 64), (32, 32)), ((128, 64), (64, 32)), ((128, 128), (64, 64)))
"""Rows and columns of threadblock and warp tiles, 64 bytes deep."""


def usual_seconds(integers: Mapping[str, int], parts: Sequence[int], math: Math, target: Target) -> float:
    """Seconds of the fastest usual template.

    Args:
        integers: the launch integers of a product, or those of a convolution, which has a `c`.
        parts: the columns of each result; several are stored column by column.
    """
    element, count = math.operand, len(parts)
    stores = (Store(StoreKind.COLUMNS),) * count if count > 1 else ()
    signature = KernelSignature((element, element), (), (), (element,) * count, stores)
    stored = {f"r{i}_columns": columns for i, columns in enumerate(parts)} if count > 1 else {}
    estimates = (estimate(t, {**integers, **stored}, signature, target) for t in _usual("c" in integers, math, target))
    return min(found.seconds for found in estimates if found is not None)


def _usual(convolves: bool, math: Math, target: Target) -> Iterator[TemplateAttr]:
    common: dict[str, ParameterValue] = {
        "math": math.value,
        "alignment_a": math.vector,
        "alignment_b": math.vector,
        "alignment_c": 8,
        **({} if convolves else {"layout_a": "row", "layout_b": "column"}),
    }
    if target.has_warpgroup_mma:
        kind = Conv2dSm90Attr if convolves else GemmSm90Attr
        for tile, schedule in HOPPER:
            yield kind.of(tile=(*tile, 128 // math.bytes), cluster=(1, 1, 1), schedule=schedule, **common)
        return
    iterator: dict[str, ParameterValue] = {"iterator_algorithm": "optimized"} if convolves else {}
    kind, depth = Conv2dAttr if convolves else GemmAttr, 64 // math.bytes
    stages = 3 if target.has_async_copy else 2
    for tile, warp in TENSOR_OP:
        shape = {"threadblock": (*tile, depth), "warp": (*warp, depth), "instruction": instruction_shape(math, target)}
        yield kind.of(**shape, stages=stages, swizzle=1, **common, **iterator)
