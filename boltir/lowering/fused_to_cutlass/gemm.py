"""fused.gemm -> cutlass.gemm_sm90 or cutlass.gemm: the batch, the alignments, and what is left to choose."""

from collections.abc import Iterator, Mapping
from math import prod

from boltir.dialects.cutlass.gemm import GemmAttr
from boltir.dialects.cutlass.gemm_sm90 import GemmSm90Attr
from boltir.dialects.cutlass.gemm_unaligned import GemmUnalignedAttr
from boltir.dialects.cutlass.matrix import FEWEST_ROWS, GEMM_PARAMETERS, Layout, Math
from boltir.dialects.cutlass.template import KernelSignature, ParameterValue
from boltir.dialects.fused import DualGemmOp, GemmOp
from boltir.dialects.tensors import Shape, static_shape
from boltir.lowering.fused_to_cutlass.alignment import epilogue_alignment, output_alignment, power_of_two_divisor
from boltir.lowering.fused_to_cutlass.family import Family
from boltir.lowering.fused_to_cutlass.mainloops import OnlyTile
from boltir.lowering.fused_to_cutlass.selection import Refusal, signature_of
from boltir.lowering.fused_to_cutlass.stores import epilogue_integers
from boltir.lowering.fused_to_cutlass.tables import HOPPER_TILES, shipped_tiles
from boltir.lowering.fused_to_cutlass.tensor_cores import crowd, math_of
from boltir.target import Target

LARGEST_INDEX = 2**31 - 1
LARGEST_GRID = 65535  # threadblocks along the grid's second and third dimension


def gemm_families(op: GemmOp | DualGemmOp, target: Target) -> Iterator[Family | Refusal]:
    """The families for `op`; ask on after a refusal."""
    arguments = gemm_arguments(op)
    if isinstance(arguments, Refusal):
        yield arguments
        return
    layouts = tuple(Layout.COLUMN if flag.value.data else Layout.ROW for flag in (op.transpose_a, op.transpose_b))
    yield from product_families(arguments, epilogue_integers(op), layouts, signature_of(op), target)


def gemm_arguments(op: GemmOp | DualGemmOp) -> dict[str, int] | Refusal:
    """The launch integers of `op`; the batch is folded into the rows where all of it meets one B."""
    (a, b), result = map(static_shape, op.inputs), op.result_shape
    transpose_a = bool(op.transpose_a.value.data)
    m, columns = result[-2:]
    n = columns * len(op.accumulator_types())
    k = a[-2] if transpose_a else a[-1]
    batch, batch_a, batch_b = (prod(shape[:-2]) for shape in (result, a, b))
    if batch_a not in (1, batch) or batch_b not in (1, batch):
        return Refusal(f"batch dimensions {_text(a[:-2])} and {_text(b[:-2])} broadcast against each other")
    if batch > 1 and batch_b == 1 and not transpose_a:
        m, batch, batch_a = batch * m, 1, 1
    leading = (a[-1], b[-1], columns)
    strides = (0 if batch_a < batch else a[-2] * a[-1], 0 if batch_b < batch else b[-2] * b[-1], m * columns)
    return dict(zip(GEMM_PARAMETERS, (m, n, k, batch, *leading, *strides), strict=True))


def product_families(
    arguments: Mapping[str, int],
    stored: Mapping[str, int],
    layouts: tuple[Layout, ...],
    signature: KernelSignature,
    target: Target,
) -> Iterator[Family | Refusal]:
    """3.x on sm_90a, then 2.x; for rows that no access of 16 bytes fits besides one that reads them all the same.

    Args:
        arguments: the launch integers of the product.
        stored: those of stores and general operands.
        layouts: of A and B.
    """
    math = _obstacle(arguments) or crowd(signature) or math_of(signature)
    if isinstance(math, Refusal):
        yield math
        return
    alignments = {f"alignment_{operand}": _alignment(arguments, operand, math) for operand in "ab"}
    fixed: dict[str, ParameterValue] = {**alignments, "layout_a": layouts[0].value, "layout_b": layouts[1].value}
    columns, launch, given = arguments["ldd"], tuple(arguments.items()), tuple(stored.items())
    if target.has_warpgroup_mma:
        whole = (*fixed.items(), ("alignment_c", epilogue_alignment(columns, stored)))
        yield Family(GemmSm90Attr, math, whole, launch, given, signature, HOPPER_TILES)
    if min(alignments.values()) < math.vector and math is not Math.TF32 and layouts == (Layout.ROW, Layout.COLUMN):
        whole = (("alignment_c", power_of_two_divisor(4, (columns,))), ("layout_a", "row"), ("layout_b", "column"))
        yield Family(GemmUnalignedAttr, math, whole, launch, given, signature, (OnlyTile(),))
    whole = (*fixed.items(), ("alignment_c", output_alignment(signature, columns, stored)))
    tiles = shipped_tiles(math, target, min(alignments.values()))
    yield Family(GemmAttr, math, whole, launch, given, signature, tiles)


def _obstacle(arguments: Mapping[str, int]) -> Refusal | None:
    m, n, k, batch = (arguments[name] for name in ("m", "n", "k", "batch"))
    if min(m, n, k, batch) < 1:
        return Refusal(f"the product of {m} x {k} and {k} x {n} is empty")
    if m <= FEWEST_ROWS:
        return Refusal(f"M = {m} leaves a tensor-core tile of 64 rows nearly idle")
    if max(m, n, k) > LARGEST_INDEX or batch > LARGEST_GRID:
        return Refusal(f"{batch} products of {m} x {n} x {k} exceed 32-bit indices or {LARGEST_GRID} batches")
    return None


def _alignment(arguments: Mapping[str, int], operand: str, math: Math) -> int:
    """Elements of an input that one access can move: leading dimension and batch stride are multiples of it."""
    return power_of_two_divisor(math.vector, (arguments[f"ld{operand}"], arguments[f"batch_stride_{operand}"]))


def _text(shape: Shape) -> str:
    return "x".join(map(str, shape)) or "none"
