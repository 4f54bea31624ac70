"""What a benchmark measures: some operations with their weights, in f16."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from xdsl.dialects.builtin import f16
from xdsl.ir import SSAValue

import boltir
from boltir.dialects import graph
from boltir.dialects.shapes import element_count
from boltir.dialects.tensors import Shape, static_shape
from tests.support.network_builder import Array, NetworkBuilder

IMAGES = 32
"""The batch of the image networks."""

GraphFormula = Callable[..., tuple[SSAValue, ...]]
"""From a builder, the inputs and the weights to the outputs, as graph operations."""


@dataclass(frozen=True)
class Subject:
    """A few operations, or a network.

    Attributes:
        group: subjects whose mean says something.
        name: the network, and the place in it.
        detail: what is computed, in words.
        formula: the graph operations; its name is also that of the formula in torch.
        inputs: shapes of the inputs.
        weights: shapes of the weights.
        searched: whether torch.compile searches for the best kernels, which takes minutes for a network.
    """

    group: str
    name: str
    detail: str
    formula: GraphFormula
    inputs: tuple[Shape, ...]
    weights: tuple[Shape, ...]
    searched: bool = True

    @property
    def slug(self) -> str:
        """The name as part of a file's name."""
        return "".join(character if character.isalnum() else "_" for character in f"{self.name} {self.detail}")

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
        """The subject at the graph level."""
        builder = NetworkBuilder(np.random.default_rng(0))
        zero = np.float16(0)
        inputs = [builder.argument(np.broadcast_to(zero, shape), f16) for shape in self.inputs]
        weights = [builder.weight(array, f16) for array in self.weight_arrays]
        made = builder.finish(*self.formula(builder, *inputs, *weights))
        return boltir.Network(made.module, made.context.weights)


def flops(network: boltir.Network) -> int:
    """Floating-point operations of the products and convolutions of a network at the graph level."""
    total = 0
    for op in network.module.walk():
        if isinstance(op, graph.GemmOp | graph.Conv2dOp):
            depth = math.prod(static_shape(op.operands[1])[1:])
            total += 2 * element_count(static_shape(op.result)) * depth
    return total
