"""Chains of products and convolutions, in torch; see persistent_graphs.py."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from persistent_graphs import deepened_repvgg_layers, with_biases
from race.benchmark import TorchFormula
from race.torch_formulas import addmm_gelu, bias, bias_gelu, bias_relu, channels_last, convolution, cudnn_relu

torch: Any = importlib.import_module("torch")
functional: Any = importlib.import_module("torch.nn.functional")


def two_relu(x: Any, *weights: Any) -> tuple[Any, ...]:
    for w, v in with_biases(weights):
        x = functional.relu(functional.linear(x, w, v))
    return (x,)


def gelu_between(x: Any, *weights: Any) -> tuple[Any, ...]:
    (hidden,) = bias_gelu(x, *weights[:2])
    return bias(hidden, *weights[2:])


def gelu_between_residual(x: Any, *weights: Any) -> tuple[Any, ...]:
    (result,) = gelu_between(x, *weights)
    return (result + x,)


def two_convolutions(x: Any, *weights: Any) -> tuple[Any, ...]:
    for w, v in with_biases(weights):
        (x,) = bias_relu(x, w, v)
    return (x,)


def deepened_repvgg(x: Any, *weights: Any) -> tuple[Any, ...]:
    *filters, classifier, offset = weights
    for layer, (w, v) in zip(deepened_repvgg_layers(), with_biases(filters), strict=True):
        x = channels_last(functional.relu(convolution(x, w, v, layer.stride)))
    return (functional.linear(x.mean((1, 2)), classifier, offset),)


def fused_two_relu(x: Any, *weights: Any) -> tuple[Any, ...]:
    for w, v in with_biases(weights):
        x = torch._addmm_activation(v, x, w.t())
    return (x,)


def fused_gelu_between(x: Any, *weights: Any) -> tuple[Any, ...]:
    (hidden,) = addmm_gelu(x, *weights[:2])
    return bias(hidden, *weights[2:])


def fused_two_convolutions(x: Any, *weights: Any) -> tuple[Any, ...]:
    for w, v in with_biases(weights):
        (x,) = cudnn_relu(x, w, v)
    return (x,)


def fused_deepened_repvgg(x: Any, *weights: Any) -> tuple[Any, ...]:
    *filters, classifier, offset = weights
    for layer, (w, v) in zip(deepened_repvgg_layers(), with_biases(filters), strict=True):
        (x,) = cudnn_relu(x, w, v, layer.stride)
    return (functional.linear(x.mean((1, 2)), classifier, offset),)


FORMULAS: Mapping[str, TorchFormula] = {
    formula.__name__: formula
    for formula in (two_relu, gelu_between, gelu_between_residual, two_convolutions, deepened_repvgg)
}
"""As a user would write them."""

OWN_FUSED: Mapping[str, TorchFormula] = {
    "two_relu": fused_two_relu,
    "gelu_between": fused_gelu_between,
    "two_convolutions": fused_two_convolutions,
    "deepened_repvgg": fused_deepened_repvgg,
}
"""Each stage as one call of cuBLASLt or cuDNN."""
