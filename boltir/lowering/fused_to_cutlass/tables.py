"""The mainloops that boltir tries by itself, of many those that were measured to be worth it."""

from boltir.dialects.cutlass.matrix import Math
from boltir.dialects.cutlass.sm90 import Schedule
from boltir.lowering.fused_to_cutlass.mainloops import HopperTile, Tile, tile_table
from boltir.target import Target

# What cutlass_library's generator.py ships for f16 with f32 accumulation (GenerateSM75_TensorOp_1688,
# GenerateSM80_TensorOp_16816), smallest first: on a tie the first is taken.
REGISTER_STAGED_TILES = tile_table("""
    64 64 32    2 2 1  2
    64 128 32   2 2 1  2
    128 64 32   2 2 1  2
    64 256 32   1 4 1  2
    256 64 32   4 1 1  2
    128 128 32  2 2 1  2
    128 256 32  2 4 1  2
    256 128 32  4 2 1  2
""")
"""Tiles whose two stages pass through registers: all of sm_75, and accesses too narrow for cp.async."""

ASYNC_TILES = tile_table("""
    64 64 32    2 2 1  4
    64 64 32    2 2 1  10
    64 64 64    2 2 1  5
    128 16 32   2 1 1  5
    128 16 64   2 1 1  5
    128 32 32   2 2 1  5
    128 32 64   2 2 1  5
    64 128 32   2 2 1  6
    64 128 64   2 2 1  3
    128 64 32   2 2 1  6
    128 64 64   2 2 1  3
    128 64 64   2 2 1  4
    128 128 32  2 2 1  3
    128 128 32  2 2 1  4
    128 128 32  2 2 1  5
    128 128 64  2 2 1  3
    128 128 64  2 2 1  4
    64 256 32   1 4 1  4
    256 64 32   4 1 1  4
    64 256 64   1 4 1  4
    256 64 64   4 1 1  4
    128 256 32  2 4 1  3
    256 128 32  4 2 1  3
    128 256 64  2 4 1  3
    256 128 64  4 2 1  3
""")
"""Tiles whose stages are filled by cp.async: sm_80 and later."""

# What cutlass_library's generator.py ships (GenerateSM80_TensorOp_1688), smallest first: on a tie the first is taken.
TF32_TILES = tile_table("""
    64 64 16    2 2 1  10
    64 64 32    2 2 1  5
    64 128 16   2 2 1  6
    64 128 32   2 2 1  3
    128 64 16   2 2 1  6
    128 64 32   2 2 1  3
    128 128 16  2 2 1  3
    128 128 16  2 2 1  4
    128 128 16  2 2 1  5
    128 128 32  2 2 1  3
    128 128 32  2 2 1  4
    64 256 16   1 4 1  4
    256 64 16   4 1 1  4
    64 256 32   1 4 1  4
    256 64 32   4 1 1  4
    128 256 16  2 4 1  3
    256 128 16  4 2 1  3
    128 256 32  2 4 1  3
    256 128 32  4 2 1  3
""")
"""Tiles whose stages are filled by cp.async: sm_80 and later, half as deep as those of 16 bits."""

HOPPER_TILES = (
    HopperTile((64, 64, 64), Schedule.WARP_SPECIALIZED),
    HopperTile((64, 64, 128), Schedule.WARP_SPECIALIZED),
    HopperTile((64, 32, 128), Schedule.WARP_SPECIALIZED, (1, 4, 1)),
    HopperTile((64, 128, 64), Schedule.WARP_SPECIALIZED),
    HopperTile((128, 64, 64), Schedule.WARP_SPECIALIZED, (1, 4, 1)),
    HopperTile((128, 128, 64), Schedule.WARP_SPECIALIZED),
    HopperTile((128, 128, 64), Schedule.PINGPONG, (1, 2, 1)),
    HopperTile((128, 128, 64), Schedule.PINGPONG),
    HopperTile((128, 128, 64), Schedule.PINGPONG, (2, 1, 1)),
    HopperTile((128, 128, 64), Schedule.PINGPONG, (2, 2, 1)),
    HopperTile((128, 64, 64), Schedule.PINGPONG),
    HopperTile((64, 128, 64), Schedule.PINGPONG),
    HopperTile((64, 64, 64), Schedule.PINGPONG),
    HopperTile((64, 192, 64), Schedule.PINGPONG),
    HopperTile((64, 256, 64), Schedule.PINGPONG),
    HopperTile((128, 192, 64), Schedule.COOPERATIVE),
    HopperTile((128, 192, 64), Schedule.COOPERATIVE, (1, 2, 1)),
    HopperTile((256, 128, 64), Schedule.COOPERATIVE),
    HopperTile((128, 256, 64), Schedule.COOPERATIVE),
    HopperTile((64, 64, 64), Schedule.SPLIT_K),
    HopperTile((128, 64, 64), Schedule.SPLIT_K),
)
"""Among these, first choices come near the fastest kernels measured on an H100 for the matrix products of ResNet, VGG,
BERT and ViT (benchmarks/results/cost-model-2026-11-23.md); the first on a tie.
128 x 192 in clusters is for rows of A that begin within lines of 128 bytes: each threadblock loads half of them."""

CONV2D_TILES = (
    HopperTile((64, 32, 64), Schedule.WARP_SPECIALIZED),
    HopperTile((64, 64, 64), Schedule.WARP_SPECIALIZED),
    HopperTile((64, 64, 64), Schedule.PINGPONG),
    HopperTile((64, 128, 64), Schedule.PINGPONG),
    HopperTile((64, 256, 64), Schedule.PINGPONG),
    HopperTile((128, 64, 64), Schedule.PINGPONG),
    HopperTile((64, 256, 64), Schedule.WARP_SPECIALIZED),
    HopperTile((128, 64, 64), Schedule.WARP_SPECIALIZED),
    HopperTile((128, 64, 64), Schedule.WARP_SPECIALIZED, (1, 4, 1)),
    HopperTile((128, 128, 64), Schedule.WARP_SPECIALIZED, (1, 2, 1)),
    HopperTile((128, 128, 64), Schedule.PINGPONG, (1, 2, 1)),
    HopperTile((192, 64, 64), Schedule.PINGPONG),
    HopperTile((192, 96, 64), Schedule.PINGPONG),
    HopperTile((192, 128, 64), Schedule.PINGPONG),
    HopperTile((256, 64, 64), Schedule.PINGPONG, (2, 1, 1)),
    HopperTile((64, 64, 64), Schedule.SPLIT_K),
    HopperTile((128, 64, 64), Schedule.SPLIT_K),
)
"""The fastest of 38 for the layers of ResNet, VGG and RepVGG, measured on an H100; the first on a tie."""


def shipped_tiles(math: Math, target: Target, alignment: int) -> tuple[Tile, ...]:
    """The tiles of 2.x for operands of which one access moves `alignment` elements."""
    if math is Math.TF32:
        return TF32_TILES
    return ASYNC_TILES if target.has_async_copy and alignment > 1 else REGISTER_STAGED_TILES
