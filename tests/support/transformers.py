"""Transformers as torch.onnx exports them."""

from __future__ import annotations

from math import pi, sqrt

import numpy as np
from onnx import ModelProto, TensorProto

from tests.support.onnx_model import OnnxModel
from tests.support.vision import linear


def layer_norm(model: OnnxModel, x: str, width: int) -> str:
    """The operator, or its formula where the opset has no operator."""
    name = f"norm_{len(model.graph.node)}"
    scale, shift = model.vector(f"{name}.weight", width, 0.7, 1.3), model.vector(f"{name}.bias", width)
    if model.opset >= 17:
        return model.node("LayerNormalization", x, scale, shift, axis=-1, epsilon=1e-5)
    centred = model.node("Sub", x, model.node("ReduceMean", x, axes=[-1]))
    variance = model.node("ReduceMean", model.node("Pow", centred, model.number(2.0)), axes=[-1])
    deviation = model.node("Sqrt", model.node("Add", variance, model.number(1e-5)))
    return model.node("Add", model.node("Mul", model.node("Div", centred, deviation), scale), shift)


def gelu(model: OnnxModel, x: str) -> str:
    """The operator, or its formula where the opset has no operator."""
    if model.opset >= 20:
        return model.node("Gelu", x)
    erf = model.node("Erf", model.node("Div", x, model.number(sqrt(2))))
    return model.node("Mul", model.node("Mul", x, model.node("Add", erf, model.number(1.0))), model.number(0.5))


def dense(model: OnnxModel, x: str, inputs: int, outputs: int) -> str:
    """A linear layer on a sequence: a product with a matrix, and a bias as the first operand of Add."""
    name = f"linear_{len(model.graph.node)}"
    product = model.node("MatMul", x, model.matrix(f"{name}.weight", inputs, outputs))
    return model.node("Add", model.vector(f"{name}.bias", outputs), product)


def extent(model: OnnxModel, x: str, axis: int) -> str:
    """The extent of a dimension as a vector of one element, computed by the model."""
    size = model.node("Gather", model.node("Shape", x), model.constant(np.array(axis, np.int64)), axis=0)
    return model.node("Unsqueeze", size, model.integers(0))


def split_heads(model: OnnxModel, x: str, heads: int, permutation: tuple[int, ...]) -> str:
    """[batch, tokens, width] as [batch, tokens, heads, width / heads], permuted; the shape is computed by the model."""
    shape = model.node("Concat", extent(model, x, 0), extent(model, x, 1), model.integers(heads, -1), axis=0)
    return model.node("Transpose", model.node("Reshape", x, shape), perm=permutation)


def bert_attention(model: OnnxModel, x: str, mask: str, width: int, heads: int) -> str:
    query, value = (split_heads(model, dense(model, x, width, width), heads, (0, 2, 1, 3)) for _ in range(2))
    key = split_heads(model, dense(model, x, width, width), heads, (0, 2, 3, 1))
    scores = model.node("Div", model.node("MatMul", query, key), model.number(sqrt(width / heads)))
    weights = model.node("Softmax", model.node("Add", scores, mask), axis=-1)
    joined = model.node("Transpose", model.node("MatMul", weights, value), perm=[0, 2, 1, 3])
    return dense(model, model.node("Reshape", joined, model.integers(0, 0, width)), width, width)


def bert_mask(model: OnnxModel, mask: str) -> str:
    """0 where the mask is 1, the most negative f32 where it is 0."""
    wide = model.node("Unsqueeze", model.node("Unsqueeze", mask, model.integers(1)), model.integers(2))
    hidden = model.node("Sub", model.number(1.0), model.node("Cast", wide, to=TensorProto.FLOAT))
    return model.node("Mul", hidden, model.number(-3.4028234663852886e38))


def bert(opset: int = 17, layers: int = 2, tokens: int = 12, width: int = 32, heads: int = 4) -> ModelProto:
    """A BERT encoder with pooler; opset 16 and older spell layer norms out."""
    model = OnnxModel(opset)
    ids, mask, kinds = (
        model.input(name, (1, tokens), TensorProto.INT64) for name in ("input_ids", "attention_mask", "token_type_ids")
    )
    hidden_mask = bert_mask(model, mask)
    words = model.node("Gather", model.weight("word_embeddings", 50, width), ids)
    types = model.node("Gather", model.weight("token_type_embeddings", 2, width), kinds)
    positions = model.constant(np.arange(tokens, dtype=np.int64)[None])
    places = model.node("Gather", model.weight("position_embeddings", 64, width), positions)
    x = layer_norm(model, model.node("Add", model.node("Add", words, types), places), width)
    for _ in range(layers):
        x = layer_norm(model, model.node("Add", bert_attention(model, x, hidden_mask, width, heads), x), width)
        inner = gelu(model, dense(model, x, width, 4 * width))
        x = layer_norm(model, model.node("Add", dense(model, inner, 4 * width, width), x), width)
    first = model.node("Gather", x, model.constant(np.array(0, np.int64)), axis=1)
    pooled = model.node("Tanh", linear(model, first, width, width))
    return model.build(last_hidden_state=x, pooler_output=pooled)


def gpt_attention(model: OnnxModel, x: str, tokens: int, width: int, heads: int) -> str:
    """Query, key and value from one Gemm, taken apart by Split; later tokens are hidden by Where."""
    name = f"attention_{len(model.graph.node)}"
    weights = model.matrix(f"{name}.weight", width, 3 * width), model.vector(f"{name}.bias", 3 * width)
    joint = model.node("Gemm", model.node("Reshape", x, model.integers(-1, width)), *weights)
    joint = model.node("Reshape", joint, model.integers(1, tokens, 3 * width))
    query, key, value = model.nodes("Split", [joint, model.integers(width, width, width)], 3, {"axis": 2})
    query, value = (split_heads(model, part, heads, (0, 2, 1, 3)) for part in (query, value))
    scores = model.node("MatMul", query, split_heads(model, key, heads, (0, 2, 3, 1)))
    scores = model.node("Div", scores, model.number(sqrt(width / heads)))
    seen = model.constant(np.tril(np.ones((1, 1, 64, 64), np.bool_)))
    for axis in (2, 3):
        seen = model.node("Slice", seen, model.integers(0), extent(model, scores, 2), model.integers(axis))
    weights = model.node("Softmax", model.node("Where", seen, scores, model.number(-3.4028234663852886e38)), axis=-1)
    joined = model.node("Transpose", model.node("MatMul", weights, value), perm=[0, 2, 1, 3])
    return dense(model, model.node("Reshape", joined, model.integers(0, 0, width)), width, width)


def tanh_gelu(model: OnnxModel, x: str) -> str:
    cubed = model.node("Mul", model.node("Pow", x, model.number(3.0)), model.number(0.044715))
    inner = model.node("Mul", model.node("Add", x, cubed), model.number(sqrt(2 / pi)))
    gate = model.node("Add", model.node("Tanh", inner), model.number(1.0))
    return model.node("Mul", model.node("Mul", x, model.number(0.5)), gate)


def gpt(opset: int = 18, layers: int = 2, tokens: int = 10, width: int = 32, heads: int = 4) -> ModelProto:
    """A GPT-2 decoder without cache."""
    model = OnnxModel(opset)
    ids = model.input("input_ids", (1, tokens), TensorProto.INT64)
    positions = model.constant(np.arange(tokens, dtype=np.int64)[None])
    words = model.node("Gather", model.weight("wte", 50, width), ids)
    x = model.node("Add", words, model.node("Gather", model.weight("wpe", 64, width), positions))
    for _ in range(layers):
        x = model.node("Add", gpt_attention(model, layer_norm(model, x, width), tokens, width, heads), x)
        inner = tanh_gelu(model, dense(model, layer_norm(model, x, width), width, 4 * width))
        x = model.node("Add", x, dense(model, inner, 4 * width, width))
    return model.build(logits=model.node("MatMul", layer_norm(model, x, width), model.matrix("lm_head", width, 50)))


def vit_attention(model: OnnxModel, x: str, tokens: int, width: int, heads: int) -> str:
    """Query, key and value from one product, taken apart by Gather."""
    size = width // heads
    joint = model.node("Reshape", dense(model, x, width, 3 * width), model.integers(1, tokens, 3, heads, size))
    joint = model.node("Transpose", joint, perm=[2, 0, 3, 1, 4])
    query, key, value = (model.node("Gather", joint, model.constant(np.array(i, np.int64)), axis=0) for i in range(3))
    query = model.node("Mul", query, model.number(1 / sqrt(size)))
    scores = model.node("MatMul", query, model.node("Transpose", key, perm=[0, 1, 3, 2]))
    joined = model.node(
        "Transpose", model.node("MatMul", model.node("Softmax", scores, axis=-1), value), perm=[0, 2, 1, 3]
    )
    return dense(model, model.node("Reshape", joined, model.integers(1, tokens, width)), width, width)


def vit(
    opset: int = 20, size: int = 16, patch: int = 4, layers: int = 2, width: int = 32, heads: int = 4
) -> ModelProto:
    """A vision transformer: patches by a convolution, a class token, layer norms before each part."""
    model = OnnxModel(opset)
    patches = (size // patch) ** 2
    image = model.input("pixel_values", (1, 3, size, size))
    weights = model.weight("patch.weight", width, 3, patch, patch), model.vector("patch.bias", width)
    x = model.node("Conv", image, *weights, kernel_shape=[patch] * 2, strides=[patch] * 2)
    x = model.node("Transpose", model.node("Reshape", x, model.integers(1, width, -1)), perm=[0, 2, 1])
    token = model.node("Expand", model.weight("cls_token", 1, 1, width), model.integers(1, 1, width))
    x = model.node("Add", model.node("Concat", token, x, axis=1), model.weight("pos_embed", 1, patches + 1, width))
    for _ in range(layers):
        x = model.node("Add", x, vit_attention(model, layer_norm(model, x, width), patches + 1, width, heads))
        inner = gelu(model, dense(model, layer_norm(model, x, width), width, 4 * width))
        x = model.node("Add", x, dense(model, inner, 4 * width, width))
    bounds = (model.integers(bound) for bound in (0, 1, 1, 1))
    first = model.node("Slice", layer_norm(model, x, width), *bounds)
    return model.build(logits=linear(model, model.node("Squeeze", first, model.integers(1)), width, 10))
