"""Matrix products."""

from __future__ import annotations

import numpy as np
from xdsl.ir import SSAValue

from boltir.dialects.graph.elementwise import AddOp, MulOp
from boltir.dialects.graph.linear import BatchMatmulOp, BiasAddOp, GemmOp
from boltir.dialects.properties import bool_attr, int_attr
from boltir.dialects.tensors import static_shape
from boltir.frontends.onnx.element_types import is_float_dtype
from boltir.frontends.onnx.node import Node
from boltir.frontends.onnx.ops.elementwise import flat
from boltir.frontends.onnx.registry import converts
from boltir.frontends.onnx.reshaping import reshaped
from boltir.frontends.onnx.values import Constant, Value


@converts("Gemm", fold=False)
def gemm(node: Node) -> Value:
    """alpha * A @ B + beta * C"""
    transposes = {
        "transpose_a": bool_attr(node.attr_flag("transA")),
        "transpose_b": bool_attr(node.attr_flag("transB")),
    }
    product = node.emit(GemmOp, node.tensor(0), node.tensor(1), **transposes)
    alpha = node.attr_float("alpha")
    if alpha != 1:
        product = node.emit(MulOp, product, node.number(alpha, product))
    if not node.has(2) or node.attr_float("beta") == 0:
        return product
    return _add_c(node, product, _scaled(node, node.value(2), node.attr_float("beta")))


def _scaled(node: Node, value: Value, factor: float) -> Value:
    """`value` times `factor`, at import if it is known there."""
    if factor == 1:
        return value
    if isinstance(value, Constant) and is_float_dtype(value.array.dtype):
        wide = value.array.astype(np.float64) * factor
        return Constant.of(value.name, wide.astype(value.array.dtype))
    tensor = node.builder.tensor(value)
    return node.emit(MulOp, tensor, node.number(factor, tensor))


def _add_c(node: Node, product: SSAValue, c: Value) -> SSAValue:
    """`product` + C, where C of one value per column is a bias."""
    columns = static_shape(product)[1]
    if isinstance(c, Constant) and c.array.size == columns and c.array.shape[-1:] == (columns,):
        c = flat(c)
    tensor = node.builder.tensor(c)
    if static_shape(tensor) == (columns,):
        return node.emit(BiasAddOp, product, tensor, axis=int_attr(1))
    result = node.emit(AddOp, product, tensor)
    if result.type != product.type:
        raise node.error(f"C of type {tensor.type} does not broadcast to {product.type}")
    return result


@converts("MatMul", fold=False)
def matmul(node: Node) -> Value:
    """A vector on the left is a row, one on the right a column; the result loses that dimension."""
    a, b = node.tensor(0), node.tensor(1)
    row, column = len(static_shape(a)) == 1, len(static_shape(b)) == 1
    if not static_shape(a) or not static_shape(b):
        raise node.error("a matrix product of a number without dimensions")
    a = reshaped(node, a, (1, *static_shape(a))) if row else a
    b = reshaped(node, b, (*static_shape(b), 1)) if column else b
    is_gemm = len(static_shape(a)) == len(static_shape(b)) == 2
    product = node.emit(GemmOp if is_gemm else BatchMatmulOp, a, b)
    shape = static_shape(product)
    kept = (*shape[:-2], *(() if row else shape[-2:-1]), *(() if column else shape[-1:]))
    return reshaped(node, product, kept)
