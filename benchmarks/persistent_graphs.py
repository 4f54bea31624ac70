"""Chains of products and convolutions, as graph operations: each takes its input first, then weights in order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from race.graph_formulas import Values, bias, bias_gelu, bias_relu, convolution, linear
from xdsl.ir import SSAValue

from boltir.dialects import graph
from boltir.dialects.properties import bool_attr, ints
from boltir.dialects.tensors import Shape
from tests.support.network_builder import NetworkBuilder

T = TypeVar("T")


@dataclass(frozen=True)
class Layer:
    """A convolution with bias and ReLU whose padding keeps the image's size but for the stride."""

    inputs: int
    outputs: int
    window: int
    stride: int = 1

    @property
    def weights(self) -> tuple[Shape, Shape]:
        return (self.outputs, self.window, self.window, self.inputs), (self.outputs,)


REPVGG_A0 = ((1, 48), (2, 48), (4, 96), (14, 192), (1, 1280))
"""Of each stage, its convolutions and their channels; the first of them halves the image (timm's `repvgg_a0`)."""


def deepened_repvgg_layers() -> Iterator[Layer]:
    """RepVGG-A0 with a 1x1 convolution after each but the last, as in BOLT (Xing et al., MLSys 2022, section 4.3)."""
    inputs = 3
    for stage, (count, outputs) in enumerate(REPVGG_A0, 1):
        for number in range(count):
            yield Layer(inputs, outputs, 3, 1 if number else 2)
            if stage < len(REPVGG_A0):
                yield Layer(outputs, outputs, 1)
            inputs = outputs


def with_biases(weights: Sequence[T]) -> Iterator[tuple[T, T]]:
    """Each filter with its bias, which follows it."""
    return zip(weights[::2], weights[1::2], strict=True)


def two_relu(b: NetworkBuilder, x: SSAValue, *weights: SSAValue) -> Values:
    for w, v in with_biases(weights):
        x = b.add(graph.ReluOp, linear(b, x, w, v))
    return (x,)


def gelu_between(b: NetworkBuilder, x: SSAValue, *weights: SSAValue) -> Values:
    (hidden,) = bias_gelu(b, x, *weights[:2])
    return bias(b, hidden, *weights[2:])


def gelu_between_residual(b: NetworkBuilder, x: SSAValue, *weights: SSAValue) -> Values:
    (result,) = gelu_between(b, x, *weights)
    return (b.add(graph.AddOp, result, x),)


def two_convolutions(b: NetworkBuilder, x: SSAValue, *weights: SSAValue) -> Values:
    for w, v in with_biases(weights):
        (x,) = bias_relu(b, x, w, v)
    return (x,)


def deepened_repvgg(b: NetworkBuilder, x: SSAValue, *weights: SSAValue) -> Values:
    *filters, classifier, offset = weights
    for layer, (w, v) in zip(deepened_repvgg_layers(), with_biases(filters), strict=True):
        x = b.add(graph.ReluOp, convolution(b, x, w, v, layer.stride))
    pooled = b.add(graph.ReduceMeanOp, x, axes=ints((1, 2)), keepdims=bool_attr(False))
    return (linear(b, pooled, classifier, offset),)
