"""The instantiations of the CUTLASS templates for f32 operands, which tensor cores multiply as tf32."""

from collections.abc import Iterator

from cutlass_cases import (
    ALIGNED,
    BATCHED,
    CONVOLUTIONS,
    LONG,
    ODD,
    TRANSPOSED_A,
    Kernel,
    Shape,
    channels,
    conv,
    gemm,
    gemm_sm90,
    sliced,
)

# m, n, k, batch, batch of A, batch of B
BY_FOUR = ((128, 128, 64, 1, 1, 1), (1, 4, 8, 1, 1, 1), (257, 132, 200, 1, 1, 1), (1000, 72, 36, 1, 1, 1))
BY_TWO = ((3, 6, 10, 1, 1, 1), (100, 34, 18, 2, 2, 1))
BIAS_RESIDUAL = (("row", "f32"), ("full", "f32"))
EVERYTHING = (("full", "f32"), ("row", "f16"), ("scalar", "f32"), ("full", "f32"), ("scalar", "f16"))
SMALL, LARGE = ((64, 64, 32), (32, 32, 32), 5), ((128, 128, 32), (64, 64, 32), 3)
EIGHT = {"instruction_k": 8}


def kernel(
    family: str,
    template: dict[str, object],
    problems: tuple[Shape, ...],
    operands: tuple[tuple[str, str], ...] = BIAS_RESIDUAL,
    output: str = "f32",
) -> Kernel:
    return Kernel(family, template, problems, operands, "f32", output)


TF32_KERNELS = (
    kernel("gemm", gemm(*LARGE, 4, **EIGHT), BY_FOUR + BATCHED, EVERYTHING),
    kernel("gemm", gemm(*LARGE, 4, **EIGHT, layout_a="column"), TRANSPOSED_A),
    kernel("gemm", gemm(*SMALL, 4, **EIGHT, layout_a="column", layout_b="column"), TRANSPOSED_A),
    kernel("gemm", gemm((256, 64, 32), (64, 64, 32), 4, 4, **EIGHT), BY_FOUR),
    kernel("gemm", gemm((64, 256, 16), (64, 64, 16), 4, 4, **EIGHT), BY_FOUR),
    kernel("gemm", gemm((64, 32, 32), (32, 16, 32), 4, 4, **EIGHT), BY_FOUR),
    kernel("gemm", gemm(*LARGE, 2, **EIGHT), BY_TWO),
    kernel("gemm", gemm(*SMALL, 1, **EIGHT), ODD),
    kernel("gemm", gemm(*SMALL, 1, **EIGHT, layout_b="column"), ODD),
    kernel("gemm", gemm(*LARGE, 4, **EIGHT, alignment_c=8), ALIGNED, (("row", "f32"), ("full", "f16")), "f16"),
    kernel("conv2d", conv("optimized", *SMALL, 2, **EIGHT), channels(6, 20)),
    kernel("conv2d", conv("analytic", *SMALL, 4, **EIGHT), CONVOLUTIONS),
    kernel("conv2d", conv("analytic", *SMALL, 1, **EIGHT), channels(5, 7)),
    kernel("conv2d", conv("fixed_channels", *SMALL, 4, **EIGHT), channels(4, 16)),
    kernel("conv2d", conv("few_channels", *SMALL, 1, **EIGHT, alignment_c=4), channels(3, 16)),
    kernel("conv2d", conv("few_channels", *LARGE, 1, **EIGHT, alignment_c=4), channels(1, 16)),
    kernel("conv2d", conv("few_channels", *SMALL, 2, **EIGHT, alignment_c=4), channels(2, 16)),
)


def shipped_tf32_tiles() -> Iterator[Kernel]:
    """Every tile that boltir chooses from for f32, each checked on a few shapes."""
    from boltir.dialects.cutlass.matrix import Math
    from boltir.lowering.fused_to_cutlass.tables import HOPPER_TILES, TF32_TILES

    for tile in TF32_TILES:
        arguments = (tile.threadblock, tile.warp, tile.stages, 4, 8)
        yield kernel("gemm", gemm(*arguments, layout_b="column"), BY_FOUR[2:])
        yield kernel("conv2d", conv("optimized", *arguments[:4], **EIGHT), CONVOLUTIONS[:4])
    for tile in HOPPER_TILES:
        others = {"layout_b": "column"} | {f"alignment_{operand}": 4 for operand in "abc"}
        template = gemm_sm90(tile.at_depth_of(Math.TF32), tile.schedule.value, tile.cluster, **others)
        splits = tile.schedule.value == "split_k"
        yield kernel("gemm_sm90", template, sliced(LONG, 3) if splits else BY_FOUR + BATCHED)
