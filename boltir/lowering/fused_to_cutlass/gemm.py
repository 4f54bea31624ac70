"""fused.gemm -> cutlass.gemm_sm90 or cutlass.gemm: the batch, the alignments and the fastest tile."""

from collections.abc import Mapping
from functools import lru_cache, partial
from math import prod

from boltir.dialects.cutlass.gemm import GemmAttr
from boltir.dialects.cutlass.gemm_sm90 import GemmSm90Attr
from boltir.dialects.cutlass.matrix import GEMM_PARAMETERS, Layout, Math
from boltir.dialects.cutlass.template import KernelSignature, ParameterValue
from boltir.dialects.cutlass.tensor_op import TensorOpAttr
from boltir.dialects.fused import GemmOp
from boltir.dialects.tensors import Shape, static_shape
from boltir.lowering.fused_to_cutlass.hopper import HOPPER_TILES, fastest_on_hopper
from boltir.lowering.fused_to_cutlass.selection import Refusal, Selection, signature_of
from boltir.lowering.fused_to_cutlass.tensor_op import (
    Parameters,
    attempt_or_blame,
    legal_templates,
    math_of,
    output_alignment,
    seconds_of,
)
from boltir.lowering.fused_to_cutlass.tiles import (
    HopperTile,
    Problem,
    fastest,
    legal,
    power_of_two_divisor,
)
from boltir.target import Target

FEWEST_ROWS = 4
"""Up to here a tile of 64 rows is nearly idle and reading B is what takes time: SIMT kernels spread K over threads."""

LARGEST_INDEX = 2**31 - 1
LARGEST_GRID = 65535  # threadblocks along the grid's second and third dimension


def select_gemm(op: GemmOp, target: Target) -> Selection | Refusal:
    """The tensor-core kernel for a matrix product, of 3.x on sm_90a where TMA can read the rows, else of 2.x."""
    arguments = gemm_arguments(op)
    if isinstance(arguments, Refusal):
        return arguments
    layout_a, layout_b = (
        Layout.COLUMN if transposed.value.data else Layout.ROW for transposed in (op.transpose_a, op.transpose_b)
    )
    return select_matrix_product(arguments, (layout_a, layout_b), signature_of(op), target)


def gemm_arguments(op: GemmOp) -> dict[str, int] | Refusal:
    """The launch integers of `op`; the batch is folded into the rows where all of it meets one B."""
    a, b, result = (static_shape(value) for value in (*op.inputs, op.outputs[0]))
    transpose_a = bool(op.transpose_a.value.data)
    m, n = result[-2:]
    k = a[-2] if transpose_a else a[-1]
    batch, batch_a, batch_b = (prod(shape[:-2]) for shape in (result, a, b))
    if batch_a not in (1, batch) or batch_b not in (1, batch):
        return Refusal(f"batch dimensions {_text(a[:-2])} and {_text(b[:-2])} broadcast against each other")
    if batch > 1 and batch_b == 1 and not transpose_a:
        m, batch, batch_a = batch * m, 1, 1
    leading = (a[-1], b[-1], n)
    strides = (0 if batch_a < batch else a[-2] * a[-1], 0 if batch_b < batch else b[-2] * b[-1], m * n)
    return dict(zip(GEMM_PARAMETERS, (m, n, k, batch, *leading, *strides), strict=True))


def select_matrix_product(
    arguments: Mapping[str, int], layouts: tuple[Layout, Layout], signature: KernelSignature, target: Target
) -> Selection | Refusal:
    """The fastest tile for launch integers `arguments` of A and B in these layouts."""
    m, n, k, batch = (arguments[name] for name in ("m", "n", "k", "batch"))
    if min(m, n, k, batch) < 1:
        return Refusal(f"the product of {m} x {k} and {k} x {n} is empty")
    if m <= FEWEST_ROWS:
        return Refusal(f"M = {m} leaves a tensor-core tile of 64 rows nearly idle")
    if max(m, n, k) > LARGEST_INDEX or batch > LARGEST_GRID:
        return Refusal(f"{batch} products of {m} x {n} x {k} exceed 32-bit indices or {LARGEST_GRID} batches")

    math = math_of(signature)
    if isinstance(math, Refusal):
        return math
    alignments = {f"alignment_{operand}": _alignment(arguments, operand, math) for operand in "ab"}
    parameters: Parameters = {**alignments, "layout_a": layouts[0].value, "layout_b": layouts[1].value}

    def attempt(kernel: KernelSignature) -> Selection | Refusal:
        if target.has_warpgroup_mma:
            hopper = _hopper_selection(arguments, math, parameters, kernel, target)
            if isinstance(hopper, Selection):
                return hopper
        template = _tensor_op_template(arguments, parameters, kernel, target)
        return template if isinstance(template, Refusal) else Selection(template, dict(arguments))

    return attempt_or_blame(attempt, signature, sources=2)


def _tensor_op_template(
    arguments: Mapping[str, int], parameters: Parameters, signature: KernelSignature, target: Target
) -> TensorOpAttr | Refusal:
    alignment_c = output_alignment(signature, arguments["ldd"])
    candidates = legal_templates(GemmAttr, target, signature, alignment_c=alignment_c, **parameters)
    return fastest(candidates, seconds_of(_problem(arguments), signature, target))


def _hopper_selection(
    arguments: Mapping[str, int], math: Math, parameters: Parameters, signature: KernelSignature, target: Target
) -> Selection | Refusal:
    alignment_c = power_of_two_divisor(8, (arguments["ldd"],))
    candidates = _legal_hopper_templates(target, signature, math, alignment_c=alignment_c, **parameters)
    if isinstance(candidates, Refusal):
        return candidates
    template, slices = fastest_on_hopper(candidates, _problem(arguments), target)
    return Selection(template, {**arguments, **slices})


@lru_cache(maxsize=1024)
def _legal_hopper_templates(
    target: Target, signature: KernelSignature, math: Math, **others: ParameterValue
) -> tuple[GemmSm90Attr, ...] | Refusal:
    def build(tile: HopperTile) -> GemmSm90Attr:
        return GemmSm90Attr.of(
            math=math.value,
            tile=tile.at_depth_of(math),
            cluster=tile.cluster,
            schedule=tile.schedule.value,
            swizzle=1,
            **others,
        )

    return legal((partial(build, tile) for tile in HOPPER_TILES), target, signature)


def _problem(arguments: Mapping[str, int]) -> Problem:
    return Problem(*(arguments[name] for name in ("m", "n", "k", "batch")))


def _alignment(arguments: Mapping[str, int], operand: str, math: Math) -> int:
    """Elements of an input that one access can move: leading dimension and batch stride are multiples of it."""
    return power_of_two_divisor(math.vector, (arguments[f"ld{operand}"], arguments[f"batch_stride_{operand}"]))


def _text(shape: Shape) -> str:
    return "x".join(map(str, shape)) or "none"
