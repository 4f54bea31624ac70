"""Transformers as torch 2 exports them: opset 17 by TorchScript, opset 20 by the newer exporter.

Both write `scaled_dot_product_attention` out, each in its own way.
"""

from __future__ import annotations

import numpy as np
from onnx import ModelProto, TensorProto

from tests.support.onnx_model import OnnxModel
from tests.support.transformers import dense, gelu
from tests.support.vision import linear

NEWER = 20
"""The opset of the newer exporter; it computes on constants itself, and writes what it found."""
END = np.iinfo(np.int64).max


def layer_norm(model: OnnxModel, x: str, width: int) -> str:
    name = f"norm_{len(model.graph.node)}"
    parameters = model.vector(f"{name}.weight", width, 0.7, 1.3), model.vector(f"{name}.bias", width)
    return model.node("LayerNormalization", x, *parameters, axis=-1, epsilon=1e-6)


def index(model: OnnxModel, x: str, position: int, axis: int) -> str:
    """x[position] along `axis`."""
    return model.node("Gather", x, model.constant(np.array(position, np.int64)), axis=axis)


def root_of_scale(model: OnnxModel, query: str, size: int) -> str:
    """size ** -0.25, by which query and key are both multiplied."""
    if model.opset >= NEWER:
        return model.constant(np.array([size**-0.25], np.float32))
    last = model.node("Slice", model.node("Shape", query), model.integers(-1), model.integers(END))
    root = model.node("Sqrt", model.node("Cast", last, to=TensorProto.FLOAT))
    return model.node("Sqrt", model.node("Div", model.constant(np.ones(1, np.float32)), root))


def transposed(model: OnnxModel, key: str, shape: tuple[int, int, int, int]) -> str:
    """`key`, of `shape`, with its last two dimensions exchanged."""
    if model.opset < NEWER:
        return model.node("Transpose", key, perm=[0, 1, 3, 2])
    batch, heads, tokens, size = shape
    flat = model.node("Reshape", key, model.integers(-1, tokens, size))
    turned = model.node("Transpose", flat, perm=[0, 2, 1])
    return model.node("Reshape", turned, model.integers(batch, heads, size, tokens))


def attend(
    model: OnnxModel, parts: tuple[str, str, str], shape: tuple[int, int, int, int], mask: str | None = None
) -> str:
    """scaled_dot_product_attention of query, key and value of `shape`; where `mask` is False, nothing is seen."""
    query, key, value = parts
    root = root_of_scale(model, query, shape[-1])
    query, key = (model.node("Mul", x, root) for x in (query, transposed(model, key, shape)))
    scores = model.node("MatMul", query, key)
    if mask is None:
        return model.node("MatMul", model.node("Softmax", scores, axis=-1), value)
    nothing, lowest = (model.constant(np.array([number], np.float32)) for number in (0, -np.inf))
    scores = model.node("Add", scores, model.node("Where", mask, nothing, lowest))
    weights = model.node("Softmax", scores, axis=-1)
    return model.node("MatMul", model.node("Where", model.node("IsNaN", weights), nothing, weights), value)


def patches(model: OnnxModel, batch: int, size: int, patch: int, width: int) -> str:
    """An image as tokens, behind a class token, with their positions added."""
    image = model.input("x", (batch, 3, size, size))
    weights = model.weight("patch.weight", width, 3, patch, patch), model.vector("patch.bias", width)
    x = model.node("Conv", image, *weights, kernel_shape=[patch] * 2, strides=[patch] * 2)
    x = model.node("Transpose", model.node("Reshape", x, model.integers(batch, width, -1)), perm=[0, 2, 1])
    token = model.node("Expand", model.weight("cls_token", 1, 1, width), model.integers(batch, 1, width))
    positions = model.weight("pos_embed", 1, (size // patch) ** 2 + 1, width)
    return model.node("Add", model.node("Concat", token, x, axis=1), positions)


def timm_attention(model: OnnxModel, x: str, shape: tuple[int, int, int, int]) -> str:
    """Query, key and value from one product, taken apart along a dimension of their own."""
    batch, heads, tokens, size = shape
    width = heads * size
    joint = model.node("Reshape", dense(model, x, width, 3 * width), model.integers(batch, tokens, 3, heads, size))
    joint = model.node("Transpose", joint, perm=[2, 0, 3, 1, 4])
    if model.opset >= NEWER:
        bounds = ((model.integers(i), model.integers(i + 1), model.integers(0)) for i in range(3))
        parts = [model.node("Slice", joint, *bound) for bound in bounds]
    else:
        parts = model.nodes("Split", [joint, model.integers(1, 1, 1)], 3, {"axis": 0})
    query, key, value = (model.node("Squeeze", part, model.integers(0)) for part in parts)
    joined = model.node("Transpose", attend(model, (query, key, value), shape), perm=[0, 2, 1, 3])
    return dense(model, model.node("Reshape", joined, model.integers(batch, tokens, width)), width, width)


def torchvision_attention(model: OnnxModel, x: str, shape: tuple[int, int, int, int]) -> str:
    """torch.nn.MultiheadAttention: the sequence is the first dimension inside."""
    batch, heads, tokens, size = shape
    width = heads * size
    joint = dense(model, model.node("Transpose", x, perm=[1, 0, 2]), width, 3 * width)
    joint = model.node("Reshape", joint, model.integers(tokens, batch, 3, width))
    joint = model.node("Transpose", model.node("Unsqueeze", joint, model.integers(0)), perm=[3, 1, 2, 0, 4])
    joint = model.node("Squeeze", joint, model.integers(3))
    by_head = (
        model.node("Reshape", index(model, joint, i, 0), model.integers(tokens, batch * heads, size)) for i in range(3)
    )
    turned = (model.node("Transpose", part, perm=[1, 0, 2]) for part in by_head)
    query, key, value = (model.node("Reshape", part, model.integers(*shape)) for part in turned)
    joined = model.node("Transpose", attend(model, (query, key, value), shape), perm=[2, 0, 1, 3])
    rows = linear(model, model.node("Reshape", joined, model.integers(tokens * batch, width)), width, width)
    return model.node("Transpose", model.node("Reshape", rows, model.integers(tokens, batch, width)), perm=[1, 0, 2])


def vit(
    *, torchvision: bool = False, opset: int = 17, batch: int = 2, layers: int = 2, heads: int = 2, size: int = 32
) -> ModelProto:
    """ViT as timm or torchvision has it: layer norms before each part, a linear layer on the class token."""
    model, width = OnnxModel(opset), heads * size
    attention = torchvision_attention if torchvision else timm_attention
    x = patches(model, batch, 16, 4, width)
    for _ in range(layers):
        x = model.node("Add", x, attention(model, layer_norm(model, x, width), (batch, heads, 17, size)))
        inner = gelu(model, dense(model, layer_norm(model, x, width), width, 4 * width))
        x = model.node("Add", x, dense(model, inner, 4 * width, width))
    return model.build(y=linear(model, index(model, layer_norm(model, x, width), 0, 1), width, 16))


def embeddings(model: OnnxModel, batch: int, tokens: int, width: int) -> str:
    """Words, token types and positions; the types are a buffer of zeros, as long as the longest text."""
    ids = model.input("input_ids", (batch, tokens), TensorProto.INT64)
    positions = model.constant(np.arange(tokens)[None])
    kinds = model.node("GatherElements", model.constant(np.zeros((1, 64), np.int64)), positions, axis=1)
    kinds = model.node("Expand", kinds, model.integers(batch, tokens))
    words = model.node("Gather", model.weight("word_embeddings", 50, width), ids)
    types = model.node("Gather", model.weight("token_type_embeddings", 2, width), kinds)
    places = model.node("Gather", model.weight("position_embeddings", 64, width), positions)
    return layer_norm(model, model.node("Add", model.node("Add", words, types), places), width)


def visible(model: OnnxModel, batch: int, tokens: int) -> str:
    """[batch, 1, tokens, tokens]: the attention mask for each query, as transformers' masking utilities write it."""
    mask = model.input("attention_mask", (batch, tokens), TensorProto.INT64)
    flags = model.node("Cast", mask, to=TensorProto.BOOL)
    texts, keys = np.arange(batch).reshape(-1, 1, 1, 1), np.arange(tokens).reshape(1, 1, 1, -1)
    if model.opset >= NEWER:
        places = np.stack(np.broadcast_arrays(texts, keys), axis=-1)
        seen = model.node("GatherND", flags, model.constant(places))
    else:
        places = model.constant(texts * tokens + keys)
        seen = model.node("Gather", model.node("Flatten", flags, axis=2), places, axis=0)
        seen = model.node("Reshape", seen, model.integers(batch, 1, 1, tokens))
    every_query = model.constant(np.ones((1, 1, tokens, 1), np.bool_))
    return model.node("Expand", model.node("And", every_query, seen), model.integers(batch, 1, tokens, tokens))


def bert_attention(model: OnnxModel, x: str, shape: tuple[int, int, int, int], mask: str | None) -> str:
    """Query, key and value from a product each."""
    batch, heads, tokens, size = shape
    width = heads * size
    products = (dense(model, x, width, width) for _ in range(3))
    wide = (model.node("Reshape", product, model.integers(batch, tokens, heads, size)) for product in products)
    query, key, value = (model.node("Transpose", part, perm=[0, 2, 1, 3]) for part in wide)
    joined = model.node("Transpose", attend(model, (query, key, value), shape, mask), perm=[0, 2, 1, 3])
    return dense(model, model.node("Reshape", joined, model.integers(batch, tokens, width)), width, width)


def bert(
    *, masked: bool = False, opset: int = 17, batch: int = 2, layers: int = 2, heads: int = 2, size: int = 32
) -> ModelProto:
    """BertModel of transformers, with an attention mask as an input or without."""
    model, tokens, width = OnnxModel(opset), 12, heads * size
    x = embeddings(model, batch, tokens, width)
    mask = visible(model, batch, tokens) if masked else None
    for _ in range(layers):
        attended = bert_attention(model, x, (batch, heads, tokens, size), mask)
        x = layer_norm(model, model.node("Add", attended, x), width)
        inner = gelu(model, dense(model, x, width, 4 * width))
        x = layer_norm(model, model.node("Add", dense(model, inner, 4 * width, width), x), width)
    return model.build(y=x)
