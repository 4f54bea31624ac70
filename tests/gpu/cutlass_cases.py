"""The instantiations of the CUTLASS templates that check_cutlass_templates.py runs, and the shapes it runs them on."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Kernel:
    """One template instantiation; `operands` are (broadcast, dtype) pairs, `problems` the shapes to run it on."""

    family: str
    template: dict[str, Any]
    problems: tuple[Shape, ...]
    operands: tuple[tuple[str, str], ...] = ()
    inputs: str = "f16"
    output: str = "f16"
    target: str = "sm_90a"


def gemm(
    threadblock: Shape, warp: Shape, stages: int, alignment: int = 8, instruction_k: int = 16, **others: Any
) -> dict[str, Any]:
    alignments = {f"alignment_{operand}": alignment for operand in "abc"}
    instruction = (16, 8, instruction_k)
    mainloop = {"threadblock": threadblock, "warp": warp, "instruction": instruction, "stages": stages, "swizzle": 1}
    return mainloop | alignments | {"layout_a": "row", "layout_b": "row"} | others


def gemm_sm90(tile: Shape, schedule: str, cluster: Shape = (1, 1, 1), **others: Any) -> dict[str, Any]:
    alignments = {f"alignment_{operand}": 8 for operand in "abc"}
    mainloop = {"tile": tile, "cluster": cluster, "schedule": schedule}
    return mainloop | alignments | {"layout_a": "row", "layout_b": "row"} | others


def gemm_unaligned(alignment_c: int) -> dict[str, Any]:
    return {"alignment_c": alignment_c, "layout_a": "row", "layout_b": "column"}


BIAS = (("row", "f16"),)
BIAS_RESIDUAL = (("row", "f16"), ("full", "f16"))
EVERYTHING_2X = (("full", "f16"), ("row", "f32"), ("scalar", "f16"), ("full", "f16"), ("scalar", "f32"))
EVERYTHING_CONV = (("full", "f16"), ("scalar", "f16"), ("row", "f32"))
EVERYTHING_SM90 = (
    ("full", "f16"),
    ("row", "f32"),
    ("scalar", "f16"),
    ("full", "f32"),
    ("column", "f16"),
    ("row", "f16"),
)

# m, n, k, batch, batch of A, batch of B: a batch of 1 under a larger one is broadcast.
ALIGNED = ((128, 128, 64, 1, 1, 1), (1, 8, 8, 1, 1, 1), (257, 136, 200, 1, 1, 1), (1000, 72, 40, 1, 1, 1))
BATCHED = ((40, 48, 64, 5, 5, 5), (33, 24, 72, 7, 7, 1), (129, 264, 32, 3, 1, 3))
TRANSPOSED_A = ((64, 64, 64, 1, 1, 1), (136, 72, 40, 3, 3, 1), (8, 8, 8, 2, 1, 2))
EVEN = ((3, 6, 10, 1, 1, 1), (100, 34, 18, 2, 2, 1), (130, 130, 130, 1, 1, 1))
ODD = ((3, 5, 7, 1, 1, 1), (100, 33, 17, 2, 2, 1), (129, 131, 130, 1, 1, 1))

# n, h, w, c, k, r, s, pad (top, left, bottom, right), stride (h, w), dilation (h, w)
CONVOLUTIONS = (
    (1, 14, 14, 16, 24, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1),
    (2, 15, 21, 8, 16, 3, 3, 1, 1, 1, 1, 2, 2, 1, 1),
    (1, 9, 30, 40, 8, 5, 3, 0, 2, 3, 1, 1, 2, 1, 1),
    (3, 20, 18, 64, 136, 1, 1, 0, 0, 0, 0, 2, 1, 1, 1),
    (1, 16, 16, 32, 32, 3, 3, 2, 2, 2, 2, 1, 1, 2, 2),
    (4, 7, 7, 24, 72, 7, 7, 3, 3, 3, 3, 1, 1, 1, 1),
)


def channels(c: int, k: int) -> tuple[Shape, ...]:
    return tuple((*problem[:3], c, k, *problem[5:]) for problem in CONVOLUTIONS)


def conv(
    algorithm: str, threadblock: Shape, warp: Shape, stages: int, alignment: int = 8, **others: Any
) -> dict[str, Any]:
    parameters = gemm(threadblock, warp, stages, alignment, **others) | {"iterator_algorithm": algorithm}
    return {name: value for name, value in parameters.items() if not name.startswith("layout")}


def sliced(problems: tuple[Shape, ...], *counts: int) -> tuple[Shape, ...]:
    """The problems for kernels that split K: each with so many slices."""
    return tuple((*problem, count) for problem in problems for count in counts)


LONG = ((49, 512, 2048, 1, 1, 1), (257, 136, 520, 1, 1, 1), (40, 48, 512, 5, 5, 1))

TURING = {"instruction_k": 8}
KERNELS = (
    Kernel("gemm", gemm((128, 128, 32), (64, 64, 32), 3), ALIGNED + BATCHED, EVERYTHING_2X),
    Kernel("gemm", gemm((128, 128, 32), (64, 64, 32), 4, layout_b="column"), ALIGNED + BATCHED, BIAS),
    Kernel("gemm", gemm((64, 64, 64), (32, 32, 64), 5, layout_a="column"), TRANSPOSED_A, BIAS_RESIDUAL),
    Kernel(
        "gemm",
        gemm((256, 128, 32), (64, 64, 32), 3, alignment_c=4),
        ALIGNED,
        (("row", "f16"), ("full", "f32")),
        output="f32",
    ),
    Kernel("gemm", gemm((128, 64, 32), (64, 32, 32), 6), ALIGNED, (("full", "bf16"), ("row", "bf16")), "bf16", "bf16"),
    Kernel("gemm", gemm((64, 256, 32), (64, 64, 32), 4, swizzle=4), ALIGNED + BATCHED, (("scalar", "f32"),)),
    Kernel("gemm", gemm((128, 32, 32), (64, 16, 32), 5, alignment_c=4, layout_b="column"), ALIGNED, BIAS),
    Kernel("gemm", gemm((128, 16, 64), (64, 16, 64), 3, alignment_c=4, layout_b="column"), ALIGNED, BIAS),
    Kernel("gemm", gemm((64, 64, 32), (32, 32, 32), 4, 2), EVEN, BIAS_RESIDUAL),
    Kernel("gemm", gemm((64, 64, 32), (32, 32, 32), 2, 1), ODD, BIAS_RESIDUAL),
    Kernel(
        "gemm_unaligned", gemm_unaligned(1), (*ODD, (77, 1001, 333, 3, 3, 1), (40, 40, 1003, 1, 1, 1)), BIAS_RESIDUAL
    ),
    Kernel("gemm_unaligned", gemm_unaligned(2), EVEN, (("scalar", "f32"), ("column", "f16")), "bf16", "bf16"),
    Kernel("gemm_unaligned", gemm_unaligned(4), (*ALIGNED, *BATCHED, (77, 1000, 333, 1, 1, 1)), BIAS, "f16", "f32"),
    Kernel("gemm", gemm((64, 64, 32), (32, 32, 32), 4, alignment_c=1, layout_b="column"), ((100, 33, 24, 1, 1, 1),)),
    Kernel("gemm", gemm((128, 128, 32), (64, 64, 32), 2, **TURING), ALIGNED + BATCHED, EVERYTHING_2X, target="sm_75"),
    Kernel("gemm", gemm((64, 64, 32), (32, 32, 32), 2, 1, **TURING), ODD, BIAS_RESIDUAL, target="sm_75"),
    Kernel("conv2d", conv("optimized", (128, 128, 32), (64, 64, 32), 3), CONVOLUTIONS, EVERYTHING_CONV),
    Kernel("conv2d", conv("optimized", (64, 64, 64), (32, 32, 64), 5), CONVOLUTIONS, BIAS_RESIDUAL, "bf16", "f16"),
    Kernel("conv2d", conv("optimized", (64, 64, 32), (32, 32, 32), 4, 4), channels(12, 20), BIAS),
    Kernel("conv2d", conv("optimized", (64, 64, 32), (32, 32, 32), 4, 8, alignment_c=1), channels(16, 7)),
    Kernel("conv2d", conv("analytic", (64, 64, 32), (32, 32, 32), 2, 1), channels(5, 7), BIAS_RESIDUAL),
    Kernel("conv2d", conv("analytic", (64, 64, 32), (32, 32, 32), 4, 2), channels(6, 10), BIAS_RESIDUAL),
    Kernel("conv2d", conv("fixed_channels", (64, 64, 32), (32, 32, 32), 4, 4, alignment_c=8), channels(4, 16), BIAS),
    Kernel("conv2d", conv("fixed_channels", (64, 64, 32), (32, 32, 32), 4), channels(8, 16), BIAS_RESIDUAL),
    Kernel("conv2d", conv("few_channels", (64, 64, 32), (32, 32, 32), 2, 1, alignment_c=8), channels(3, 16), BIAS),
    Kernel("conv2d", conv("few_channels", (64, 64, 32), (32, 32, 32), 4, 2, alignment_c=8), channels(2, 16), BIAS),
    Kernel(
        "conv2d",
        conv("optimized", (64, 64, 32), (32, 32, 32), 2, **TURING),
        CONVOLUTIONS,
        BIAS_RESIDUAL,
        target="sm_75",
    ),
    Kernel("conv2d", conv("analytic", (64, 64, 32), (32, 32, 32), 2, 1, **TURING), channels(5, 7), target="sm_75"),
    Kernel("gemm_sm90", gemm_sm90((128, 128, 64), "cooperative"), ALIGNED + BATCHED, EVERYTHING_SM90),
    Kernel("gemm_sm90", gemm_sm90((64, 64, 64), "split_k"), sliced(LONG, 1, 2, 3, 8), EVERYTHING_SM90),
    Kernel("gemm_sm90", gemm_sm90((128, 64, 64), "split_k", layout_b="column"), sliced(LONG, 2, 5), BIAS_RESIDUAL),
    Kernel("gemm_sm90", gemm_sm90((64, 128, 64), "pingpong", layout_b="column"), ALIGNED + BATCHED, BIAS),
    Kernel("gemm_sm90", gemm_sm90((128, 256, 64), "cooperative", (2, 1, 1)), ALIGNED + BATCHED, BIAS_RESIDUAL),
    Kernel("gemm_sm90", gemm_sm90((64, 64, 64), "pingpong", layout_a="column"), TRANSPOSED_A, BIAS_RESIDUAL),
    Kernel(
        "gemm_sm90",
        gemm_sm90((64, 64, 64), "warp_specialized"),
        ALIGNED,
        (("full", "bf16"), ("row", "bf16")),
        "bf16",
        "bf16",
    ),
    Kernel(
        "gemm_sm90",
        gemm_sm90((128, 64, 64), "pingpong", alignment_c=4),
        ALIGNED,
        (("scalar", "f32"), ("full", "f32")),
        "f16",
        "f32",
    ),
)


def shipped_tiles() -> Iterator[Kernel]:
    """Every tile that boltir chooses from, each checked on a few shapes."""
    from boltir.lowering.fused_to_cutlass.tables import ASYNC_TILES, HOPPER_TILES, REGISTER_STAGED_TILES

    mainloops = [(tile, 16, "sm_90a") for tile in ASYNC_TILES]
    mainloops += [(tile, 8, "sm_75") for tile in REGISTER_STAGED_TILES]
    for tile, instruction_k, target in mainloops:
        alignment_c = 8 if tile.threadblock[1] >= 64 else 4
        arguments = (tile.threadblock, tile.warp, tile.stages)
        template = gemm(*arguments, 8, instruction_k, alignment_c=alignment_c, layout_b="column")
        yield Kernel("gemm", template, ALIGNED[2:], BIAS_RESIDUAL, target=target)
        template = conv("optimized", *arguments, alignment_c=alignment_c, instruction_k=instruction_k)
        yield Kernel("conv2d", template, CONVOLUTIONS[:4], BIAS_RESIDUAL, target=target)
    for tile in HOPPER_TILES:
        template = gemm_sm90(tile.tile, tile.schedule.value, tile.cluster, layout_b="column")
        splits = tile.schedule.value == "split_k"
        yield Kernel("gemm_sm90", template, sliced(LONG, 3) if splits else ALIGNED[2:], BIAS_RESIDUAL)
