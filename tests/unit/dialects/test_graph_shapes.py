"""`infer_type` of the graph operations agrees with numpy, and with ONNX where numpy has no such operation."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, mutually_broadcastable_shapes
from onnx import TensorProto, helper
from xdsl.dialects.builtin import TensorType, f32, i1, i64
from xdsl.ir import Attribute, SSAValue
from xdsl.utils.test_value import create_ssa_value

from boltir.dialects.graph import GraphOp
from boltir.dialects.graph.elementwise import AddOp, WhereOp
from boltir.dialects.graph.linear import BatchMatmulOp, Conv2dOp, ConvTranspose2dOp
from boltir.dialects.graph.movement import (
    BroadcastToOp,
    ConcatOp,
    GatherOp,
    PadOp,
    ReshapeOp,
    SliceOp,
    TransposeOp,
)
from boltir.dialects.graph.pooling import AvgPool2dOp, MaxPool2dOp, Pool2dOp, ReduceSumOp
from boltir.dialects.properties import bool_attr, int_attr, ints
from boltir.dialects.tensors import Shape

SHAPES = array_shapes(min_dims=1, max_dims=4, max_side=5)


def tensor(shape: Shape, element: Attribute = f32) -> SSAValue:
    return create_ssa_value(TensorType(element, shape))


def inferred(op: type[GraphOp], operands: list[SSAValue], **properties: Attribute) -> Shape:
    built = op.build_inferred(operands, properties)
    built.verify()
    return built.result_type.get_shape()


def onnx_shape(node: onnx.NodeProto, *operands: Shape) -> Shape:
    """The result shape that ONNX's own inference gives `node`."""
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in zip(node.input, operands, strict=True)
    ]
    result = helper.make_tensor_value_info(node.output[0], TensorProto.FLOAT, None)
    model = helper.make_model(helper.make_graph([node], "shapes", inputs, [result]))
    output = onnx.shape_inference.infer_shapes(model, strict_mode=True).graph.output[0]
    return tuple(extent.dim_value for extent in output.type.tensor_type.shape.dim)


@given(mutually_broadcastable_shapes(num_shapes=2, min_side=1))
def test_binary_operations_broadcast_as_numpy_does(shapes: Any) -> None:
    assert inferred(AddOp, [tensor(shape) for shape in shapes.input_shapes]) == shapes.result_shape


@given(mutually_broadcastable_shapes(num_shapes=3, min_side=1))
def test_where_broadcasts_all_three_operands(shapes: Any) -> None:
    condition, lhs, rhs = shapes.input_shapes
    types = tensor(condition, i1), tensor(lhs), tensor(rhs)
    assert inferred(WhereOp, list(types)) == shapes.result_shape


@given(mutually_broadcastable_shapes(signature="(m,k),(k,n)->(m,n)", min_side=1), st.booleans(), st.booleans())
def test_batch_matmul_has_the_shape_of_numpys_matmul(shapes: Any, transpose_a: bool, transpose_b: bool) -> None:
    a, b = shapes.input_shapes
    stored_a = (*a[:-2], a[-1], a[-2]) if transpose_a else a
    stored_b = (*b[:-2], b[-1], b[-2]) if transpose_b else b
    flags = {"transpose_a": bool_attr(transpose_a), "transpose_b": bool_attr(transpose_b)}
    assert inferred(BatchMatmulOp, [tensor(stored_a), tensor(stored_b)], **flags) == shapes.result_shape


@given(SHAPES, st.data(), st.booleans())
def test_reductions_have_the_shape_of_numpys(shape: Shape, data: st.DataObject, keepdims: bool) -> None:
    axes = data.draw(st.lists(st.integers(0, len(shape) - 1), unique=True))
    expected = np.zeros(shape).sum(axis=tuple(axes), keepdims=keepdims).shape
    signed = [axis - len(shape) if data.draw(st.booleans()) else axis for axis in axes]
    assert inferred(ReduceSumOp, [tensor(shape)], axes=ints(signed), keepdims=bool_attr(keepdims)) == expected


@given(SHAPES, st.data())
def test_transpose_reshape_and_broadcast_have_the_shape_of_numpys(shape: Shape, data: st.DataObject) -> None:
    permutation = data.draw(st.permutations(range(len(shape))))
    transposed = np.zeros(shape).transpose(permutation).shape
    assert inferred(TransposeOp, [tensor(shape)], permutation=ints(permutation)) == transposed
    assert inferred(ReshapeOp, [tensor(shape)], shape_to=ints(transposed)) == transposed
    repeated = (*data.draw(array_shapes(min_dims=1, max_dims=2)), *shape)
    assert inferred(BroadcastToOp, [tensor(shape)], shape_to=ints(repeated)) == repeated


@given(SHAPES, st.data())
def test_slices_have_the_shape_of_numpys(shape: Shape, data: st.DataObject) -> None:
    offsets: list[int] = []
    sizes: list[int] = []
    strides: list[int] = []
    for extent in shape:
        size = data.draw(st.integers(1, extent))
        stride = data.draw(st.integers(1, max(1, (extent - 1) // max(1, size - 1))))
        low = data.draw(st.integers(0, extent - 1 - (size - 1) * stride))
        backwards = data.draw(st.booleans())
        offsets.append(low + (size - 1) * stride if backwards else low)
        sizes.append(size)
        strides.append(-stride if backwards else stride)
    shape_of_slice = inferred(SliceOp, [tensor(shape)], offsets=ints(offsets), sizes=ints(sizes), strides=ints(strides))
    assert shape_of_slice == tuple(sizes)


@given(SHAPES, st.data())
def test_pad_concat_and_gather_have_the_shape_of_numpys(shape: Shape, data: st.DataObject) -> None:
    pads = [data.draw(st.tuples(st.integers(0, 3), st.integers(0, 3))) for _ in shape]
    low, high = (ints([pad[side] for pad in pads]) for side in (0, 1))
    assert inferred(PadOp, [tensor(shape)], low=low, high=high) == np.pad(np.zeros(shape), pads).shape

    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    copies = data.draw(st.integers(1, 3))
    joined = np.concatenate([np.zeros(shape)] * copies, axis).shape
    assert inferred(ConcatOp, [tensor(shape)] * copies, axis=int_attr(axis)) == joined

    indices = data.draw(array_shapes(min_dims=0, max_dims=2))
    taken = np.take(np.zeros(shape), np.zeros(indices, int), axis).shape
    assert inferred(GatherOp, [tensor(shape), tensor(indices, i64)], axis=int_attr(axis)) == taken


WINDOWS = st.fixed_dictionaries(
    {
        "kernel": st.tuples(st.integers(1, 4), st.integers(1, 4)),
        "strides": st.tuples(st.integers(1, 3), st.integers(1, 3)),
        "dilations": st.tuples(st.integers(1, 3), st.integers(1, 3)),
        "padding": st.tuples(*[st.integers(0, 3)] * 4),
    }
)
EXTENTS = st.tuples(st.integers(1, 12), st.integers(1, 12))


def reach(window: dict[str, Any], axis: int) -> int:
    return window["dilations"][axis] * (window["kernel"][axis] - 1) + 1


def fits(window: dict[str, Any], extents: tuple[int, int]) -> bool:
    pad = window["padding"]
    return all(reach(window, axis) <= extents[axis] + pad[axis] + pad[axis + 2] for axis in (0, 1))


def properties_of(window: dict[str, Any]) -> dict[str, Attribute]:
    return {name: ints(window[name]) for name in ("strides", "dilations", "padding")}


def onnx_window(window: dict[str, Any]) -> dict[str, Any]:
    return {"strides": window["strides"], "dilations": window["dilations"], "pads": window["padding"]}


@given(WINDOWS, EXTENTS, st.integers(1, 3), st.integers(1, 3), st.integers(1, 3))
def test_conv2d_has_the_shape_of_onnx_conv(
    window: dict[str, Any], extents: tuple[int, int], groups: int, c: int, k: int
) -> None:
    assume(fits(window, extents))
    x, w = (2, c * groups, *extents), (k * groups, c, *window["kernel"])
    node = helper.make_node("Conv", ["x", "w"], ["y"], group=groups, **onnx_window(window))
    properties = properties_of(window) | {"groups": int_attr(groups)}
    assert inferred(Conv2dOp, [tensor(x), tensor(w)], **properties) == onnx_shape(node, x, w)


@given(WINDOWS, EXTENTS, st.integers(1, 3), st.data())
def test_conv_transpose2d_has_the_shape_of_onnx_conv_transpose(
    window: dict[str, Any], extents: tuple[int, int], groups: int, data: st.DataObject
) -> None:
    limits = [max(window["strides"][axis], window["dilations"][axis]) for axis in (0, 1)]
    extra = [data.draw(st.integers(0, limit - 1)) for limit in limits]
    x, w = (2, 2 * groups, *extents), (2 * groups, 3, *window["kernel"])
    node = helper.make_node(
        "ConvTranspose", ["x", "w"], ["y"], group=groups, output_padding=extra, **onnx_window(window)
    )
    pad = window["padding"]
    for axis in (0, 1):
        full = window["strides"][axis] * (extents[axis] - 1) + extra[axis] + reach(window, axis)
        assume(full - pad[axis] - pad[axis + 2] >= 1)
    properties = properties_of(window) | {"groups": int_attr(groups), "output_padding": ints(extra)}
    assert inferred(ConvTranspose2dOp, [tensor(x), tensor(w)], **properties) == onnx_shape(node, x, w)


@pytest.mark.parametrize(("op", "onnx_name"), [(MaxPool2dOp, "MaxPool"), (AvgPool2dOp, "AveragePool")])
@given(window=WINDOWS, extents=EXTENTS, ceil=st.booleans())
def test_pooling_has_the_shape_of_onnx_pooling(
    op: type[Pool2dOp], onnx_name: str, window: dict[str, Any], extents: tuple[int, int], ceil: bool
) -> None:
    window = window | {"padding": [min(pad, reach(window, i % 2) - 1) for i, pad in enumerate(window["padding"])]}
    # Taps further apart than the image is long may all miss it.
    least = [max(reach(window, axis) - sum(window["padding"][axis::2]), window["dilations"][axis]) for axis in (0, 1)]
    x = (2, 3, *(max(pair) for pair in zip(extents, least, strict=True)))
    node = helper.make_node(
        onnx_name, ["x"], ["y"], kernel_shape=window["kernel"], ceil_mode=int(ceil), **onnx_window(window)
    )
    properties = properties_of(window) | {"kernel": ints(window["kernel"]), "ceil_mode": bool_attr(ceil)}
    assert inferred(op, [tensor(x)], **properties) == onnx_shape(node, x)
