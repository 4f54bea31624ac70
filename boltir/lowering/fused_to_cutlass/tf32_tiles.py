"""The tiles of the 2.x templates for f32 operands, which tensor cores multiply as tf32."""

from boltir.lowering.fused_to_cutlass.tiles import tile_table

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
