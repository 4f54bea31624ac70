"""Networks in which several products read one tensor, as torch.onnx exports them."""

from __future__ import annotations

import numpy as np
from onnx import ModelProto

from tests.support.onnx_model import OnnxModel
from tests.support.torch_exports import attend
from tests.support.transformers import dense, gelu, layer_norm
from tests.support.vision import conv, linear


def product(model: OnnxModel, x: str, inputs: int, outputs: int) -> str:
    """A linear layer without bias."""
    return model.node("MatMul", x, model.matrix(f"linear_{len(model.graph.node)}.weight", inputs, outputs))


def rms_norm(model: OnnxModel, x: str, width: int) -> str:
    """x / sqrt(mean(x ** 2) + epsilon), times a weight."""
    axes = [model.integers(-1)] if model.opset >= 18 else []
    attributes = {} if axes else {"axes": [-1]}
    mean = model.node("ReduceMean", model.node("Pow", x, model.number(2.0)), *axes, **attributes)
    root = model.node("Sqrt", model.node("Add", mean, model.number(1e-5)))
    normalized = model.node("Mul", x, model.node("Div", model.number(1.0), root))
    return model.node("Mul", model.vector(f"norm_{len(model.graph.node)}.weight", width, 0.7, 1.3), normalized)


def rotated(model: OnnxModel, x: str, tokens: int, size: int) -> str:
    """Rotary position embedding of [batch, heads, tokens, size]: x * cos + [-x[size / 2:], x[:size / 2]] * sin."""
    angles = np.outer(np.arange(tokens), 1e4 ** -(np.arange(size // 2) * 2 / size))
    cos, sin = (model.constant(np.tile(f(angles), 2)[None, None].astype(np.float32)) for f in (np.cos, np.sin))
    half, end = model.integers(size // 2), model.integers(np.iinfo(np.int64).max)
    low = model.node("Slice", x, model.integers(0), half, model.integers(3))
    high = model.node("Slice", x, half, end, model.integers(3))
    turned = model.node("Concat", model.node("Neg", high), low, axis=-1)
    return model.node("Add", model.node("Mul", x, cos), model.node("Mul", turned, sin))


def llama_attention(model: OnnxModel, x: str, shape: tuple[int, int, int, int]) -> str:
    batch, heads, tokens, size = shape
    width = heads * size
    products = (product(model, x, width, width) for _ in range(3))
    wide = (model.node("Reshape", part, model.integers(batch, tokens, heads, size)) for part in products)
    query, key, value = (model.node("Transpose", part, perm=[0, 2, 1, 3]) for part in wide)
    query, key = (rotated(model, part, tokens, size) for part in (query, key))
    scores = model.node("MatMul", query, model.node("Transpose", key, perm=[0, 1, 3, 2]))
    scores = model.node("Mul", scores, model.number(size**-0.5))
    mask = model.constant(np.triu(np.full((1, 1, tokens, tokens), np.finfo(np.float32).min, np.float32), 1))
    weights = model.node("Softmax", model.node("Add", scores, mask), axis=-1)
    joined = model.node("Transpose", model.node("MatMul", weights, value), perm=[0, 2, 1, 3])
    return product(model, model.node("Reshape", joined, model.integers(batch, tokens, width)), width, width)


def swiglu(model: OnnxModel, x: str, width: int, hidden: int) -> str:
    """down(silu(gate(x)) * up(x))"""
    gate = product(model, x, width, hidden)
    silu = model.node("Mul", gate, model.node("Sigmoid", gate))
    return product(model, model.node("Mul", silu, product(model, x, width, hidden)), hidden, width)


def geglu(model: OnnxModel, x: str, width: int, hidden: int) -> str:
    """Halves of one product: the first times the gelu of the second."""
    joint = dense(model, x, width, 2 * hidden)
    value, gate = model.nodes("Split", [joint, model.integers(hidden, hidden)], 2, {"axis": -1})
    return dense(model, model.node("Mul", value, gelu(model, gate)), hidden, width)


def llama(*, opset: int = 17, batch: int = 2, layers: int = 2, heads: int = 2, size: int = 32) -> ModelProto:
    """Layers of Llama on embedded tokens."""
    model, tokens, width = OnnxModel(opset), 12, heads * size
    x = model.input("x", (batch, tokens, width))
    for _ in range(layers):
        x = model.node("Add", x, llama_attention(model, rms_norm(model, x, width), (batch, heads, tokens, size)))
        x = model.node("Add", x, swiglu(model, rms_norm(model, x, width), width, 3 * width))
    return model.build(y=rms_norm(model, x, width))


def geglu_block(*, opset: int = 17, batch: int = 2, width: int = 64) -> ModelProto:
    """The feed-forward part of a diffusion model's transformer."""
    model = OnnxModel(opset)
    x = model.input("x", (batch, 12, width))
    return model.build(y=model.node("Add", geglu(model, layer_norm(model, x, width), width, 4 * width), x))


def qk_norm(*, opset: int = 17, batch: int = 2, heads: int = 2, size: int = 32) -> ModelProto:
    """Attention with a layer norm on each head's query and key (Dehghani et al. 2023, ViT-22B)."""
    model, tokens, width = OnnxModel(opset), 12, heads * size
    x = model.input("x", (batch, tokens, width))
    wide = [
        model.node("Reshape", dense(model, x, width, width), model.integers(batch, tokens, heads, size)) for _ in "qkv"
    ]
    query, key = (layer_norm(model, part, size) for part in wide[:2])
    parts = [model.node("Transpose", part, perm=[0, 2, 1, 3]) for part in (query, key, wide[2])]
    joined = attend(model, (parts[0], parts[1], parts[2]), (batch, heads, tokens, size))
    joined = model.node("Transpose", joined, perm=[0, 2, 1, 3])
    rows = model.node("Reshape", joined, model.integers(batch, tokens, width))
    return model.build(y=dense(model, rows, width, width))


def inception(*, opset: int = 17, batch: int = 2, size: int = 8) -> ModelProto:
    """A block of GoogLeNet: 1x1 convolutions of one image, most of them in front of larger ones."""
    model = OnnxModel(opset)
    x = model.input("x", (batch, 64, size, size))
    direct, reduced, narrow = (model.node("Relu", conv(model, x, 64, channels, 1)) for channels in (32, 48, 16))
    pooled = model.node("MaxPool", x, kernel_shape=[3, 3], strides=[1, 1], pads=[1, 1, 1, 1])
    branches = [
        direct,
        model.node("Relu", conv(model, reduced, 48, 64, 3)),
        model.node("Relu", conv(model, narrow, 16, 32, 5)),
        model.node("Relu", conv(model, pooled, 64, 32, 1)),
    ]
    pooled = model.node("GlobalAveragePool", model.node("Concat", *branches, axis=1))
    return model.build(y=linear(model, model.node("Flatten", pooled, axis=1), 160, 16))
