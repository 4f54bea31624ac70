"""Networks with 8-bit activations, as quantisation tools write them around the operators of the original."""

from __future__ import annotations

import numpy as np
from onnx import ModelProto

from tests.support.onnx_model import OnnxModel
from tests.support.vision import conv


def quantized(model: OnnxModel, x: str, zero: np.integer, *scales: float, axis: int = 1) -> str:
    """`x` as integers of the type of `zero`, with one scale or one per entry of `axis`."""
    shape = () if len(scales) == 1 else (len(scales),)
    scale, point = np.array(scales, np.float32).reshape(shape), np.full(shape, zero)
    return model.node("QuantizeLinear", x, model.constant(scale), model.constant(point), axis=axis)


def fake_quantized(model: OnnxModel, x: str) -> str:
    """`x` as 8 bits without sign can hold it."""
    scale, zero = model.constant(np.array(0.02, np.float32)), model.constant(np.array(3, np.uint8))
    integers = model.node("QuantizeLinear", x, scale, zero)
    return model.node("DequantizeLinear", integers, scale, zero)


def quantized_cnn(*, opset: int = 17) -> ModelProto:
    """Two convolutions with 8 bits between them; the result is integers, with a scale per channel."""
    model = OnnxModel(opset)
    x = model.input("x", (2, 16, 8, 8))
    y = fake_quantized(model, model.node("Relu", conv(model, x, 16, 32, 3)))
    y = conv(model, y, 32, 16, 3)
    return model.build(y=quantized(model, y, np.int8(-5), *np.linspace(0.02, 0.05, 16)))
