"""The pairs of a product or convolution and its epilogue that the epilogue benchmark measures."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import epilogue_graphs as formulas
import numpy as np
from xdsl.dialects.builtin import f16

import boltir
from boltir.dialects import graph
from boltir.dialects.shapes import element_count
from boltir.dialects.tensors import Shape, static_shape
from tests.support.network_builder import Array, NetworkBuilder


@dataclass(frozen=True)
class Pair:
    """One product or convolution of a network with what follows it, in f16.

    Attributes:
        name: the network and the place in it.
        epilogue: what follows, in words.
        formula: the name of what it computes, in epilogue_graphs.py and epilogue_torch.py.
        inputs: shapes of the inputs.
        weights: shapes of the weights.
    """

    name: str
    epilogue: str
    formula: str
    inputs: tuple[Shape, ...]
    weights: tuple[Shape, ...]

    @property
    def slug(self) -> str:
        """The name as part of a file's name."""
        return "".join(character if character.isalnum() else "_" for character in f"{self.name} {self.epilogue}")

    @property
    def shapes(self) -> str:
        """Of the first input and the first weight."""
        return ", ".join("x".join(map(str, shapes[0])) for shapes in (self.inputs, self.weights))

    @cached_property
    def weight_arrays(self) -> list[Array]:
        """Normal numbers, scaled such that products keep the inputs' magnitude; the same each time."""
        random = np.random.default_rng(0)
        scales = [math.prod(shape[1:]) ** -0.5 for shape in self.weights]
        drawn = (random.standard_normal(shape, np.float32) for shape in self.weights)
        return [(scale * array).astype(np.float16) for scale, array in zip(scales, drawn, strict=True)]

    def network(self) -> boltir.Network:
        """The pair at the graph level."""
        builder = NetworkBuilder(np.random.default_rng(0))
        zero = np.float16(0)
        inputs = [builder.argument(np.broadcast_to(zero, shape), f16) for shape in self.inputs]
        weights = [builder.weight(array, f16) for array in self.weight_arrays]
        made = builder.finish(*getattr(formulas, self.formula)(builder, *inputs, *weights))
        return boltir.Network(made.module, made.context.weights)


def flops(network: boltir.Network) -> int:
    """Floating-point operations of the products and convolutions of a network at the graph level."""
    total = 0
    for op in network.module.walk():
        if isinstance(op, graph.GemmOp | graph.Conv2dOp):
            depth = math.prod(static_shape(op.operands[1])[1:])
            total += 2 * element_count(static_shape(op.result)) * depth
    return total


def dense(name: str, epilogue: str, formula: str, m: int, n: int, k: int) -> Pair:
    """An [M, K] input, an [N, K] weight, and a bias or a residual if the formula has them."""
    inputs = ((m, k), (m, n)) if "residual" in formula else ((m, k),)
    weights = ((n, k), (n,)) if "bias" in formula else ((n, k),)
    return Pair(name, epilogue, formula, inputs, weights)


def image(name: str, size: int, channels: int, filters: int, window: int, *, residual: bool = False) -> Pair:
    """A convolution of a batch of square images with bias and ReLU."""
    pixels = (IMAGES, size, size)
    weights = ((filters, window, window, channels), (filters,))
    name = f"{name} {window}x{window}"
    if residual:
        inputs = ((*pixels, channels), (*pixels, filters))
        return Pair(name, "bias, residual, relu", "bias_residual_relu", inputs, weights)
    return Pair(name, "bias, relu", "bias_relu", ((*pixels, channels),), weights)


IMAGES = 32
"""The batch of the image networks."""

SEQUENCES, LENGTH = 32, 128
TOKENS = SEQUENCES * LENGTH
"""What BERT reads at a time."""

PATCHES = IMAGES * 197
"""Of the vision transformer, with the class token."""

PAIRS = (
    dense("BERT query", "bias", "bias", TOKENS, 768, 768),
    dense("BERT QKV", "bias", "bias", TOKENS, 3 * 768, 768),
    Pair(
        "BERT Q, K, V", "three products with bias", "three_biases", ((TOKENS, 768),), ((768, 768),) * 3 + ((768,),) * 3
    ),
    Pair("BERT query", "bias, split into heads", "bias_heads", ((SEQUENCES, LENGTH, 768),), ((768, 768), (768,))),
    dense("BERT attention out", "bias, residual", "bias_residual", TOKENS, 768, 768),
    dense("BERT up", "bias, gelu", "bias_gelu", TOKENS, 3072, 768),
    dense("BERT up, training", "bias (kept), gelu", "bias_gelu_kept", TOKENS, 3072, 768),
    dense("BERT up, quantized", "bias, gelu, i8", "bias_gelu_int8", TOKENS, 3072, 768),
    dense("BERT down", "bias, residual", "bias_residual", TOKENS, 768, 3072),
    dense("ViT-B/16 up", "bias, gelu", "bias_gelu", PATCHES, 3072, 768),
    dense("ViT-B/16 down", "bias, residual", "bias_residual", PATCHES, 768, 3072),
    Pair("Llama 1.1B gate and up", "silu(a) * b", "gated", ((2048, 2048),), ((5632, 2048),) * 2),
    dense("Llama 1.1B down", "residual", "residual", 2048, 2048, 5632),
    dense("Llama 1.1B attention out", "residual (kept), mean square", "residual_mean_square", 2048, 2048, 2048),
    image("ResNet-50, 56", 56, 64, 64, 3),
    image("ResNet-50, 28", 28, 128, 128, 3),
    image("ResNet-50, 56", 56, 64, 256, 1, residual=True),
    image("ResNet-50, 28", 28, 128, 512, 1, residual=True),
    image("ResNet-50, 14", 14, 256, 1024, 1, residual=True),
    image("ResNet-50, 7", 7, 512, 2048, 1, residual=True),
    image("RepVGG-A0, 56", 56, 48, 48, 3),
    image("RepVGG-B0, 14", 14, 256, 256, 3),
    Pair(
        "Inception",
        "three branches: bias, relu, concat",
        "branches",
        ((IMAGES, 28, 28, 192), (IMAGES, 28, 28, 96), (IMAGES, 28, 28, 192)),
        ((64, 1, 1, 192), (128, 3, 3, 96), (32, 1, 1, 192), (64,), (128,), (32,)),
    ),
)
