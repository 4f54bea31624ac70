"""The templates that are tried for a chain: all that could serve are built, and their own rules sort them out."""

from collections.abc import Iterator
from itertools import product

from boltir.dialects.cutlass.chain import ChainAttr
from boltir.dialects.cutlass.chain_conv2d import ChainConv2dAttr
from boltir.dialects.cutlass.chain_conv2d_sm90 import ChainConv2dSm90Attr
from boltir.dialects.cutlass.chain_gemm import ChainGemmAttr
from boltir.dialects.cutlass.chain_gemm_simt import ChainGemmSimtAttr
from boltir.dialects.cutlass.chain_gemm_sm90 import ChainGemmSm90Attr
from boltir.dialects.cutlass.matrix import Layout, Math
from boltir.dialects.cutlass.template import ParameterValue
from boltir.dialects.cutlass.tensor_op import instruction_shape
from boltir.dialects.fused.chain import Residence
from boltir.lowering.fused_to_cutlass.chains.conv2d_tables import hopper_conv2d_parameters
from boltir.lowering.fused_to_cutlass.chains.gemm_tables import hopper_gemm_parameters, simt_gemm_parameters
from boltir.lowering.fused_to_cutlass.chains.problem import ChainProblem
from boltir.target import Target

Parameters = dict[str, ParameterValue]
Attempt = tuple[type[ChainAttr], Parameters]

IN_REGISTERS = tuple(product((64, 128, 256), (16, 32, 64)))
"""Rows of a threadblock and of its warps, each of which holds whole rows."""
IN_SHARED_MEMORY = tuple(product((64, 128), ((2, 2), (4, 1), (1, 4), (2, 4), (4, 2))))
"""Rows of a threadblock, and its warps along M and N."""
DEPTHS = (64, 32, 16)
"""What a step sums over; a product behind another takes the largest that divides its depth."""
STORED_COLUMNS = (32, 64, 128, 256)
"""Columns of the last tile, which the epilogue stores in accesses of 8; a row-major B takes 64 and more."""


def attempts(problem: ChainProblem, math: Math, target: Target) -> Iterator[Attempt]:
    """Attribute classes with parameters, the preferred family first; not all of them are legal."""
    layout: Parameters = {} if problem.window is not None else {"layout_b": problem.layout_b.value}
    if target.has_warpgroup_mma:
        if problem.window is not None:
            yield from ((ChainConv2dSm90Attr, one) for one in hopper_conv2d_parameters(problem, math, target))
        else:
            yield from ((ChainGemmSm90Attr, one) for one in hopper_gemm_parameters(problem, math, target))
    if problem.window is None:
        yield ChainGemmSimtAttr, simt_gemm_parameters(problem, math)
    kind = ChainGemmAttr if problem.window is None else ChainConv2dAttr
    for parameters in _tensor_op_parameters(problem, math, target):
        yield kind, {"math": math.value, **parameters, **layout}


def _tensor_op_parameters(problem: ChainProblem, math: Math, target: Target) -> Iterator[Parameters]:
    _, *inner, last = problem.extents
    stored = STORED_COLUMNS if problem.layout_b is Layout.COLUMN else STORED_COLUMNS[1:]
    columns = (*inner, next((tile for tile in stored if tile >= last), last))
    count = len(columns)
    instruction = instruction_shape(math, target)
    stages = (4, 3) if target.has_async_copy else (2,)
    for first_depth, ring in product(DEPTHS, stages):
        depths = (first_depth, *(_largest_divisor(n, first_depth) for n in inner))
        common: Parameters = {
            "threadblock_n": columns,
            "threadblock_k": depths,
            "instruction": instruction,
            "stages": ring,
        }
        for rows, warp in IN_REGISTERS:
            tiles: Parameters = {"threadblock_m": rows, "warp_m": (warp,) * count, "warp_n": columns}
            yield {"residence": Residence.RF.value, **tiles, **common}
        for rows, (down, across) in IN_SHARED_MEMORY:
            widths = tuple(n // across for n in columns)
            tiles = {"threadblock_m": rows, "warp_m": (rows // down,) * count, "warp_n": widths}
            yield {"residence": Residence.SMEM.value, **tiles, **common}


def _largest_divisor(value: int, limit: int) -> int:
    """The largest of the depths up to `limit` that divides `value`; the smallest of them if none does."""
    return next((depth for depth in DEPTHS if depth <= limit and value % depth == 0), DEPTHS[-1])
