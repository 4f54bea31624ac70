"""Subjects of one product or one convolution."""

from __future__ import annotations

from race.graph_formulas import bias_relu, bias_residual_relu
from race.subject import IMAGES, GraphFormula, Subject


def dense(group: str, name: str, detail: str, formula: GraphFormula, m: int, n: int, k: int) -> Subject:
    """An [M, K] input, an [N, K] weight, and a bias or a residual if the formula has them."""
    kind = formula.__name__
    inputs = ((m, k), (m, n)) if "residual" in kind else ((m, k),)
    weights = ((n, k), (n,)) if "bias" in kind else ((n, k),)
    return Subject(group, name, detail, formula, inputs, weights)


def image(
    group: str, name: str, size: tuple[int, int], channels: int, filters: int, window: int, *, residual: bool = False
) -> Subject:
    """A convolution of a batch of images with bias and ReLU."""
    pixels = (IMAGES, *size)
    weights = ((filters, window, window, channels), (filters,))
    name = f"{name} {window}x{window}"
    if residual:
        inputs = ((*pixels, channels), (*pixels, filters))
        return Subject(group, name, "bias, residual, relu", bias_residual_relu, inputs, weights)
    return Subject(group, name, "bias, relu", bias_relu, ((*pixels, channels),), weights)
