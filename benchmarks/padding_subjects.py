"""The products and convolutions with unaligned extents that the padding benchmark measures."""

from __future__ import annotations

from race import graph_formulas as formulas
from race.layers import dense, image
from race.subject import Subject

CONVOLUTIONS, PRODUCTS = "convolutions", "products"

ROWS = 4096
VOCABULARY = 50257
"""Of GPT-2."""


def convolution(size: tuple[int, int], channels: int, filters: int, window: int = 3) -> Subject:
    """Of BOLT's table of padding (Xing et al., MLSys 2022)."""
    return image(CONVOLUTIONS, f"{size[0]}x{size[1]}, {channels} to {filters},", size, channels, filters, window)


def product(m: int, n: int, k: int) -> Subject:
    return dense(PRODUCTS, f"{m}x{n}x{k}", "bias", formulas.bias, m, n, k)


SUBJECTS = (
    convolution((20, 26), 46, 32),
    convolution((20, 26), 46, 46),
    convolution((14, 19), 46, 32),
    convolution((11, 15), 46, 32),
    convolution((20, 26), 174, 64),
    convolution((20, 26), 174, 64, 5),
    *(product(ROWS, 768, k) for k in (46, 77, 333, 1000)),
    *(product(ROWS, n, 768) for n in (46, 77, 333, 1000)),
    product(77, 1000, 333),
    product(1024, VOCABULARY, 768),
    product(1024, 768, VOCABULARY),
)
"""Products are called MxNxK."""
