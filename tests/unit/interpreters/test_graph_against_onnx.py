"""Each graph operation against onnxruntime's implementation of the ONNX operator it stands for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from onnx import TensorProto, helper
from onnxruntime import InferenceSession
from xdsl.dialects.builtin import Float32Type, TensorType, f32
from xdsl.ir import Attribute
from xdsl.utils.test_value import create_ssa_value

from boltir.dialects.graph import GraphOp, elementwise, linear, movement, normalization, pooling
from boltir.dialects.graph.enums import (
    CoordinateTransform,
    CoordinateTransformAttr,
    GeluApproximation,
    GeluApproximationAttr,
    Layout,
    LayoutAttr,
    NearestMode,
    NearestModeAttr,
    PadMode,
    PadModeAttr,
    ResizeMode,
    ResizeModeAttr,
)
from boltir.dialects.properties import bool_attr, float_attr, int_attr, ints
from boltir.interpreters import evaluate

Array = npt.NDArray[Any]
OnnxValue = float | int | str | Sequence[int]


@dataclass(frozen=True)
class Case:
    """A graph operation and the ONNX node that must agree with it on random inputs of these shapes."""

    op: type[GraphOp]
    node: str
    shapes: tuple[tuple[int, ...], ...] = ((2, 3, 4),)
    properties: Mapping[str, Attribute] = field(default_factory=dict[str, Attribute])
    attributes: Mapping[str, OnnxValue] = field(default_factory=dict[str, OnnxValue])
    constants: tuple[Array | None, ...] = ()
    positive: bool = False

    def __str__(self) -> str:
        return "-".join([self.op.name, *map(str, self.attributes.values())]).replace(" ", "")


def random_arrays(case: Case) -> list[Array]:
    random = np.random.default_rng(0)
    arrays = [random.normal(scale=2.0, size=shape).astype(np.float32) for shape in case.shapes]
    return [np.abs(array) + np.float32(0.1) for array in arrays] if case.positive else arrays


def run_graph(op: type[GraphOp], arrays: Sequence[Array], properties: Mapping[str, Attribute]) -> Array:
    operands = [create_ssa_value(TensorType[Float32Type](f32, array.shape)) for array in arrays]
    built = op.build_inferred(operands, properties)
    built.verify()
    return evaluate(built, arrays)


def run_onnx(case: Case, arrays: Sequence[Array]) -> Array:
    names = [f"x{i}" for i in range(len(arrays))]
    fixed = ["" if value is None else f"c{i}" for i, value in enumerate(case.constants)]
    node = helper.make_node(case.node, [*names, *fixed], ["y"])
    node.attribute.extend(helper.make_attribute(name, value) for name, value in case.attributes.items())
    feeds = dict(zip(names, arrays, strict=True))
    feeds.update({f"c{i}": value for i, value in enumerate(case.constants) if value is not None})
    inputs = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)
        for name, value in feeds.items()
    ]
    element = TensorProto.BOOL if issubclass(case.op, elementwise.ComparisonOp) else TensorProto.FLOAT
    output = helper.make_tensor_value_info("y", element, None)
    graph = helper.make_graph([node], "case", inputs, [output])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    session = InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, feeds)[0]


ELEMENTWISE = (
    Case(elementwise.AbsOp, "Abs"),
    Case(elementwise.CeilOp, "Ceil"),
    Case(elementwise.CosOp, "Cos"),
    Case(elementwise.EluOp, "Elu", properties={"alpha": float_attr(0.5)}, attributes={"alpha": 0.5}),
    Case(elementwise.ErfOp, "Erf"),
    Case(elementwise.ExpOp, "Exp"),
    Case(elementwise.FloorOp, "Floor"),
    Case(elementwise.GeluOp, "Gelu"),
    Case(
        elementwise.GeluOp,
        "Gelu",
        properties={"approximation": GeluApproximationAttr(GeluApproximation.TANH)},
        attributes={"approximate": "tanh"},
    ),
    Case(elementwise.HardSigmoidOp, "HardSigmoid"),
    Case(elementwise.HardSwishOp, "HardSwish"),
    Case(elementwise.LeakyReluOp, "LeakyRelu", properties={"alpha": float_attr(0.25)}, attributes={"alpha": 0.25}),
    Case(elementwise.LogOp, "Log", positive=True),
    Case(elementwise.MishOp, "Mish"),
    Case(elementwise.NegOp, "Neg"),
    Case(elementwise.ReciprocalOp, "Reciprocal", positive=True),
    Case(elementwise.ReluOp, "Relu"),
    Case(elementwise.RoundOp, "Round"),
    Case(elementwise.SigmoidOp, "Sigmoid"),
    Case(elementwise.SignOp, "Sign"),
    Case(elementwise.SinOp, "Sin"),
    Case(elementwise.SoftplusOp, "Softplus"),
    Case(elementwise.SqrtOp, "Sqrt", positive=True),
    Case(elementwise.TanhOp, "Tanh"),
    Case(elementwise.AddOp, "Add", shapes=((2, 3, 4), (3, 1))),
    Case(elementwise.DivOp, "Div", shapes=((4,), (2, 3, 4))),
    Case(elementwise.EqualOp, "Equal", shapes=((2, 3), (2, 3))),
    Case(elementwise.GreaterOp, "Greater", shapes=((2, 3), (3,))),
    Case(elementwise.GreaterOrEqualOp, "GreaterOrEqual", shapes=((2, 3), (3,))),
    Case(elementwise.LessOp, "Less", shapes=((2, 3), (3,))),
    Case(elementwise.LessOrEqualOp, "LessOrEqual", shapes=((2, 3), (3,))),
    Case(elementwise.MaximumOp, "Max", shapes=((2, 3), (3,))),
    Case(elementwise.MinimumOp, "Min", shapes=((2, 3), (3,))),
    Case(elementwise.MulOp, "Mul", shapes=((2, 1, 4), (3, 1))),
    Case(elementwise.PReluOp, "PRelu", shapes=((2, 3, 4), (3, 1))),
    Case(elementwise.PowOp, "Pow", shapes=((2, 3), (3,)), positive=True),
    Case(elementwise.SubOp, "Sub", shapes=((2, 3, 4), (1,))),
)


def window(*, padding: Sequence[int] = (0, 0, 0, 0), **lists: Sequence[int]) -> dict[str, Attribute]:
    """Properties of a sliding window."""
    return {"padding": ints(padding), **{name: ints(values) for name, values in lists.items()}}


NHWC = {"layout": LayoutAttr(Layout.NHWC)}

PRODUCTS = (
    Case(linear.GemmOp, "MatMul", shapes=((3, 4), (4, 5))),
    Case(linear.BatchMatmulOp, "MatMul", shapes=((2, 1, 3, 4), (5, 4, 6))),
    Case(
        linear.GemmOp,
        "Gemm",
        shapes=((4, 3), (5, 4)),
        properties={"transpose_a": bool_attr(True), "transpose_b": bool_attr(True)},
        attributes={"transA": 1, "transB": 1},
    ),
    Case(
        linear.Conv2dOp,
        "Conv",
        shapes=((2, 4, 9, 8), (6, 2, 3, 2)),
        properties=window(strides=(2, 1), padding=(1, 0, 2, 1), dilations=(1, 2)) | {"groups": int_attr(2)},
        attributes={"strides": (2, 1), "pads": (1, 0, 2, 1), "dilations": (1, 2), "group": 2},
    ),
    Case(
        linear.Conv2dOp,
        "Conv",
        shapes=((1, 5, 7, 7), (5, 1, 3, 3)),
        properties=window(padding=(1, 1, 1, 1)) | {"groups": int_attr(5)},
        attributes={"pads": (1, 1, 1, 1), "group": 5},
    ),
    Case(
        linear.ConvTranspose2dOp,
        "ConvTranspose",
        shapes=((2, 4, 5, 3), (4, 3, 3, 2)),
        properties=window(strides=(2, 3), padding=(1, 0, 0, 1), dilations=(2, 1), output_padding=(1, 0))
        | {"groups": int_attr(2)},
        attributes={
            "strides": (2, 3),
            "pads": (1, 0, 0, 1),
            "dilations": (2, 1),
            "output_padding": (1, 0),
            "group": 2,
        },
    ),
)

POOLING = (
    Case(
        pooling.MaxPool2dOp,
        "MaxPool",
        shapes=((1, 2, 9, 8),),
        properties=window(kernel=(3, 2), strides=(2, 3), padding=(1, 0, 1, 1)),
        attributes={"kernel_shape": (3, 2), "strides": (2, 3), "pads": (1, 0, 1, 1)},
    ),
    Case(
        pooling.MaxPool2dOp,
        "MaxPool",
        shapes=((1, 2, 8, 8),),
        properties=window(kernel=(3, 3), strides=(2, 2)) | {"ceil_mode": bool_attr(True)},
        attributes={"kernel_shape": (3, 3), "strides": (2, 2), "ceil_mode": 1},
    ),
    Case(
        pooling.AvgPool2dOp,
        "AveragePool",
        shapes=((1, 2, 8, 8),),
        properties=window(kernel=(3, 3), strides=(2, 2), padding=(1, 1, 0, 1)),
        attributes={"kernel_shape": (3, 3), "strides": (2, 2), "pads": (1, 1, 0, 1)},
    ),
    Case(
        pooling.AvgPool2dOp,
        "AveragePool",
        shapes=((1, 2, 8, 8),),
        properties=window(kernel=(3, 3), strides=(2, 2), padding=(1, 1, 0, 0))
        | {"ceil_mode": bool_attr(True), "count_include_pad": bool_attr(True)},
        attributes={
            "kernel_shape": (3, 3),
            "strides": (2, 2),
            "pads": (1, 1, 0, 0),
            "ceil_mode": 1,
            "count_include_pad": 1,
        },
    ),
    Case(pooling.GlobalAvgPool2dOp, "GlobalAveragePool", shapes=((2, 3, 4, 5),)),
    Case(pooling.GlobalMaxPool2dOp, "GlobalMaxPool", shapes=((2, 3, 4, 5),)),
    *(
        Case(
            op,
            node,
            properties={"axes": ints((0, 2)), "keepdims": bool_attr(False)},
            attributes={"keepdims": 0},
            constants=(np.array([0, 2]),),
        )
        for op, node in (
            (pooling.ReduceMaxOp, "ReduceMax"),
            (pooling.ReduceMeanOp, "ReduceMean"),
            (pooling.ReduceMinOp, "ReduceMin"),
            (pooling.ReduceSumOp, "ReduceSum"),
        )
    ),
)

NORMALIZATION = (
    Case(normalization.SoftmaxOp, "Softmax", properties={"axis": int_attr(1)}, attributes={"axis": 1}),
    Case(
        normalization.LayerNormOp,
        "LayerNormalization",
        shapes=((2, 3, 4), (3, 4), (3, 4)),
        properties={"axis": int_attr(1), "epsilon": float_attr(1e-3)},
        attributes={"axis": 1, "epsilon": 1e-3},
    ),
    Case(
        normalization.BatchNormOp,
        "BatchNormalization",
        shapes=((2, 3, 4, 5), (3,), (3,), (3,), (3,)),
        properties={"epsilon": float_attr(1e-2)},
        attributes={"epsilon": 1e-2},
        positive=True,
    ),
)

MOVEMENT = (
    Case(
        movement.TransposeOp,
        "Transpose",
        properties={"permutation": ints((2, 0, 1))},
        attributes={"perm": (2, 0, 1)},
    ),
    Case(movement.ReshapeOp, "Reshape", properties={"shape_to": ints((6, 4))}, constants=(np.array([6, 4]),)),
    Case(
        movement.BroadcastToOp,
        "Expand",
        shapes=((3, 1),),
        properties={"shape_to": ints((2, 3, 4))},
        constants=(np.array([2, 3, 4]),),
    ),
    Case(
        movement.SliceOp,
        "Slice",
        shapes=((5, 8),),
        properties={"offsets": ints((4, 1)), "sizes": ints((3, 4)), "strides": ints((-2, 2))},
        constants=(np.array([4, 1]), np.array([-6, 8]), np.array([0, 1]), np.array([-2, 2])),
    ),
    *(
        Case(
            movement.PadOp,
            "Pad",
            shapes=((4, 5),),
            properties={
                "low": ints((1, 2)),
                "high": ints((0, 3)),
                "mode": PadModeAttr(mode),
                "value": float_attr(1.5),
            },
            attributes={"mode": mode.value},
            constants=(np.array([1, 2, 0, 3]), np.array(1.5, dtype=np.float32)),
        )
        for mode in PadMode
    ),
)

RESIZE = tuple(
    Case(
        movement.ResizeOp,
        "Resize",
        shapes=((1, 2, 5, 6),),
        properties={
            "sizes": ints(sizes),
            "mode": ResizeModeAttr(mode),
            "coordinate_transform": CoordinateTransformAttr(transform),
            "nearest_mode": NearestModeAttr(rounding),
        },
        attributes={
            "mode": mode.value,
            "coordinate_transformation_mode": transform.value,
            "nearest_mode": rounding.value,
        },
        constants=(None, None, np.array(sizes)),
    )
    for sizes in ((1, 2, 10, 3), (1, 2, 7, 1))
    for mode in ResizeMode
    for transform in CoordinateTransform
    for rounding in (NearestMode if mode == ResizeMode.NEAREST else (NearestMode.ROUND_PREFER_FLOOR,))
)


@pytest.mark.parametrize("case", [*ELEMENTWISE, *PRODUCTS, *POOLING, *NORMALIZATION, *MOVEMENT, *RESIZE], ids=str)
def test_agrees_with_onnx(case: Case) -> None:
    arrays = random_arrays(case)
    result = run_graph(case.op, arrays, case.properties)
    expected = run_onnx(case, arrays)
    assert result.dtype == expected.dtype
    np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("case", [PRODUCTS[3], PRODUCTS[5], POOLING[0], POOLING[2]], ids=str)
def test_nhwc_is_nchw_with_the_channels_last(case: Case) -> None:
    arrays = random_arrays(case)
    channels_last = [np.ascontiguousarray(array.transpose(0, 2, 3, 1)) for array in arrays]
    result = run_graph(case.op, channels_last, {**case.properties, **NHWC})
    np.testing.assert_allclose(
        result.transpose(0, 3, 1, 2), run_graph(case.op, arrays, case.properties), rtol=1e-5, atol=1e-5
    )
