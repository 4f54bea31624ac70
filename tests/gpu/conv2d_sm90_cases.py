"""The instantiations of the Hopper convolution, and the shapes to run them on."""

from collections.abc import Iterator
from typing import Any

from cutlass_cases import BIAS, BIAS_RESIDUAL, CONVOLUTIONS, Kernel, Shape, channels, sliced

COOPERATIVE, PINGPONG, ALONE = "cooperative", "pingpong", "warp_specialized"
ANY_EPILOGUE = (
    ("full", "f16"),
    ("row", "f32"),
    ("scalar", "f16"),
    ("full", "f32"),
    ("column", "f16"),
    ("row", "f16"),
)

# n, h, w, c, k, r, s, pad (top, left, bottom, right), stride (h, w), dilation (h, w)
LARGER = (
    (32, 7, 7, 512, 520, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1),
    (3, 13, 29, 96, 192, 3, 3, 0, 1, 1, 0, 2, 2, 1, 1),
    (2, 28, 28, 48, 96, 5, 5, 2, 2, 2, 2, 2, 1, 2, 1),
    (5, 9, 9, 200, 64, 1, 1, 0, 0, 0, 0, 2, 2, 1, 1),
    (1, 17, 17, 64, 64, 3, 3, 3, 0, 0, 3, 8, 3, 1, 1),
    (1, 160, 9, 64, 32, 2, 2, 0, 0, 0, 0, 1, 1, 120, 3),
)
WINDOWS = CONVOLUTIONS + LARGER


def conv2d_sm90(tile: Shape, schedule: str, cluster: Shape = (1, 1, 1), **others: Any) -> dict[str, Any]:
    alignments = {f"alignment_{operand}": 8 for operand in "abc"}
    return {"tile": tile, "cluster": cluster, "schedule": schedule} | alignments | others


def kernel(template: dict[str, Any], problems: tuple[Shape, ...], *others: Any) -> Kernel:
    return Kernel("conv2d_sm90", template, problems, *others)


CONV2D_SM90_KERNELS = (
    kernel(conv2d_sm90((64, 64, 64), ALONE), WINDOWS, ANY_EPILOGUE),
    kernel(conv2d_sm90((128, 128, 64), PINGPONG, (1, 2, 1)), WINDOWS, ANY_EPILOGUE),
    kernel(conv2d_sm90((256, 128, 64), COOPERATIVE, (2, 1, 1)), WINDOWS, ANY_EPILOGUE),
    kernel(conv2d_sm90((64, 64, 64), "split_k"), sliced((*LARGER[:1], *CONVOLUTIONS[:3]), 1, 3, 8), ANY_EPILOGUE),
    kernel(conv2d_sm90((128, 96, 128), COOPERATIVE, (2, 2, 1)), WINDOWS, BIAS),
    kernel(conv2d_sm90((64, 192, 64), PINGPONG), WINDOWS, (("full", "bf16"), ("row", "bf16")), "bf16", "bf16"),
    kernel(conv2d_sm90((128, 64, 64), PINGPONG, alignment_c=4), channels(72, 20), (("full", "f32"),), "f16", "f32"),
    kernel(
        conv2d_sm90((128, 64, 32), PINGPONG, alignment_a=4, alignment_b=4, alignment_c=4),
        WINDOWS + channels(12, 20),
        (("row", "f32"), ("full", "f32")),
        "f32",
        "f32",
    ),
)


def shipped_conv2d_sm90_tiles() -> Iterator[Kernel]:
    """Every tile that boltir chooses from."""
    from boltir.lowering.fused_to_cutlass.tables import CONV2D_TILES

    for tile in CONV2D_TILES:
        problems = sliced(LARGER[:2], 4) if tile.schedule.value == "split_k" else WINDOWS
        yield kernel(conv2d_sm90(tile.tile, tile.schedule.value, tile.cluster), problems, BIAS_RESIDUAL)
