"""The chains that the benchmark of persistent kernels measures."""

from __future__ import annotations

import persistent_graphs as formulas
from race.subject import IMAGES, GraphFormula, Subject

PRODUCTS, CONVOLUTIONS, NETWORK = "chains of products", "3x3 then 1x1", "network"

CLASSES = 1000


def products(name: str, detail: str, formula: GraphFormula, m: int, n0: int, k0: int, n1: int) -> Subject:
    """[M, K0] times [K0, N0] times [N0, N1], with biases."""
    weights = ((n0, k0), (n0,), (n1, n0), (n1,))
    return Subject(PRODUCTS, f"{name}{m}, {n0}, {k0}, {n1}", detail, formula, ((m, k0),), weights)


def convolutions(name: str, size: int, channels: int) -> Subject:
    """A convolution of 3x3, then one of 1x1, that keep the channels."""
    weights = ((channels, 3, 3, channels), (channels,), (channels, 1, 1, channels), (channels,))
    inputs, name = ((IMAGES, size, size, channels),), f"{name}{size}x{size}x{channels}"
    return Subject(CONVOLUTIONS, name, "bias, relu; twice", formulas.two_convolutions, inputs, weights)


def deepened_repvgg() -> Subject:
    layers = (shape for layer in formulas.deepened_repvgg_layers() for shape in layer.weights)
    weights = (*layers, (CLASSES, formulas.REPVGG_A0[-1][1]), (CLASSES,))
    name = "RepVGG-A0, deepened with 1x1"
    return Subject(
        NETWORK, name, "the whole network", formulas.deepened_repvgg, ((IMAGES, 224, 224, 3),), weights, searched=False
    )


SUBJECTS = (
    products("", "bias, relu; twice", formulas.two_relu, 2464, 1, 4, 4),
    products("", "bias, relu; twice", formulas.two_relu, 16384, 64, 256, 16),
    products("", "bias, relu; twice", formulas.two_relu, 32768, 128, 576, 64),
    products("", "bias, relu; twice", formulas.two_relu, 128320, 32, 96, 96),
    products("MLP ", "bias, gelu, bias", formulas.gelu_between, 8192, 384, 96, 96),
    products("MLP ", "bias, gelu, bias", formulas.gelu_between, 8192, 768, 192, 192),
    products("MLP ", "bias, gelu, bias, residual", formulas.gelu_between_residual, 8192, 768, 192, 192),
    products("MLP ", "bias, gelu, bias", formulas.gelu_between, 32768, 256, 64, 64),
    products("feed-forward ", "bias, gelu, bias", formulas.gelu_between, 128, 3072, 768, 768),
    products("feed-forward ", "bias, gelu, bias", formulas.gelu_between, 512, 4096, 1024, 1024),
    convolutions("RepVGG ", 56, 48),
    convolutions("ResNet ", 56, 64),
    convolutions("ResNet ", 28, 128),
    convolutions("ResNet ", 14, 256),
    deepened_repvgg(),
)
