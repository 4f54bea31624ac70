"""Products and convolutions with their epilogues, in torch: as a user would write them, and as torch's own fused calls.

Arguments as in graph_formulas.py: images and filters are channels-last, in that order of dimensions.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from race.benchmark import TorchFormula
from race.graph_formulas import HEAD, STEP

torch: Any = importlib.import_module("torch")
functional: Any = importlib.import_module("torch.nn.functional")


def channels_first(image: Any) -> Any:
    """A view of a channels-last tensor as torch wants it."""
    return image.permute(0, 3, 1, 2)


def channels_last(image: Any) -> Any:
    return image.permute(0, 2, 3, 1)


def convolution(x: Any, w: Any, v: Any, stride: int = 1) -> Any:
    return functional.conv2d(channels_first(x), channels_first(w), v, stride=stride, padding=w.shape[1] // 2)


def bias(x: Any, w: Any, v: Any) -> tuple[Any, ...]:
    return (functional.linear(x, w, v),)


def bias_gelu(x: Any, w: Any, v: Any) -> tuple[Any, ...]:
    return (functional.gelu(functional.linear(x, w, v)),)


def bias_gelu_kept(x: Any, w: Any, v: Any) -> tuple[Any, ...]:
    before = functional.linear(x, w, v)
    return before, functional.gelu(before)


def bias_gelu_int8(x: Any, w: Any, v: Any) -> tuple[Any, ...]:
    (value,) = bias_gelu(x, w, v)
    return ((value / STEP).round().clamp(-128, 127).to(torch.int8),)


def bias_residual(x: Any, residual: Any, w: Any, v: Any) -> tuple[Any, ...]:
    return (functional.linear(x, w, v) + residual,)


def residual(x: Any, residual: Any, w: Any) -> tuple[Any, ...]:
    return (functional.linear(x, w) + residual,)


def residual_mean_square(x: Any, residual: Any, w: Any) -> tuple[Any, ...]:
    total = functional.linear(x, w) + residual
    return total, total.square().mean(1, keepdim=True)


def bias_heads(x: Any, w: Any, v: Any) -> tuple[Any, ...]:
    heads = functional.linear(x, w, v).unflatten(-1, (-1, HEAD))
    return (heads.transpose(1, 2).contiguous(),)


def three_biases(x: Any, *weights: Any) -> tuple[Any, ...]:
    return tuple(functional.linear(x, w, v) for w, v in zip(weights[:3], weights[3:], strict=True))


def gated(x: Any, gate: Any, up: Any) -> tuple[Any, ...]:
    return (functional.silu(functional.linear(x, gate)) * functional.linear(x, up),)


def bias_relu(x: Any, w: Any, v: Any) -> tuple[Any, ...]:
    return (channels_last(functional.relu(convolution(x, w, v))),)


def bias_residual_relu(x: Any, residual: Any, w: Any, v: Any) -> tuple[Any, ...]:
    return (channels_last(functional.relu(convolution(x, w, v) + channels_first(residual))),)


def branches(*values: Any) -> tuple[Any, ...]:
    count = len(values) // 3
    parts = zip(values[:count], values[count : 2 * count], values[2 * count :], strict=True)
    images = [functional.relu(convolution(*part)) for part in parts]
    return (channels_last(torch.cat(images, 1)),)


def addmm_gelu(x: Any, w: Any, v: Any) -> tuple[Any, ...]:
    """cuBLASLt's epilogue, whose GELU is the tanh approximation."""
    return (torch._addmm_activation(v, x, w.t(), use_gelu=True),)


def addmm_residual(x: Any, residual: Any, w: Any) -> tuple[Any, ...]:
    return (torch.addmm(residual, x, w.t()),)


def cudnn_relu(x: Any, w: Any, v: Any, stride: int = 1) -> tuple[Any, ...]:
    window = [stride] * 2, [w.shape[1] // 2] * 2, [1, 1], 1
    return (channels_last(torch.cudnn_convolution_relu(channels_first(x), channels_first(w), v, *window)),)


def cudnn_residual_relu(x: Any, residual: Any, w: Any, v: Any) -> tuple[Any, ...]:
    window = [1, 1], [w.shape[1] // 2] * 2, [1, 1], 1
    operands = channels_first(x), channels_first(w), channels_first(residual), 1.0, v
    return (channels_last(torch.cudnn_convolution_add_relu(*operands, *window)),)


FORMULAS: Mapping[str, TorchFormula] = {
    formula.__name__: formula
    for formula in (
        bias,
        bias_gelu,
        bias_gelu_kept,
        bias_gelu_int8,
        bias_residual,
        residual,
        residual_mean_square,
        bias_heads,
        three_biases,
        gated,
        bias_relu,
        bias_residual_relu,
        branches,
    )
}
"""As a user would write them."""

OWN_FUSED: Mapping[str, TorchFormula] = {
    "bias": bias,
    "bias_gelu": addmm_gelu,
    "residual": addmm_residual,
    "bias_relu": cudnn_relu,
    "bias_residual_relu": cudnn_residual_relu,
}
"""Calls of cuBLASLt and cuDNN with the whole epilogue; there are none for the other formulas."""
