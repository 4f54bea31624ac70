"""Each graph operation means the same before and after it becomes a kernel."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from xdsl.dialects.builtin import ModuleOp, TensorType, bf16, f16, f32, i1, i8, i32, i64
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue

from boltir.context import CompilerContext
from boltir.dialects import graph
from boltir.dialects.fused import FusedOp, ReshapeOp
from boltir.dialects.graph import BINARY_ELEMENTWISE_OPS, UNARY_ELEMENTWISE_OPS, ComparisonOp, Graph, GraphOp
from boltir.dialects.graph.constants import array_constant
from boltir.dialects.graph.enums import (
    CoordinateTransform,
    CoordinateTransformAttr,
    GeluApproximation,
    GeluApproximationAttr,
    Layout,
    LayoutAttr,
    PadMode,
    PadModeAttr,
    ResizeMode,
    ResizeModeAttr,
)
from boltir.dialects.properties import bool_attr, float_attr, int_attr, ints
from boltir.dialects.tensors import ui8
from boltir.errors import BoltError
from boltir.interpreters import run
from boltir.interpreters.arrays import numpy_dtype
from boltir.lowering.graph_to_fused.convert import ConvertGraphToFusedPass
from boltir.weights import WeightStore

Array = npt.NDArray[Any]
NHWC = {"layout": LayoutAttr(Layout.NHWC)}


def tensor(*shape: int, element: Attribute = f32) -> TensorType[Attribute]:
    return TensorType(element, shape)


X = tensor(2, 3, 4)
IMAGE = tensor(1, 6, 5, 4)
FLAGS = tensor(2, 3, 4, element=i1)


@dataclass(frozen=True)
class Case:
    """A graph operation on operands of these types."""

    op: type[GraphOp]
    operands: Sequence[TensorType[Attribute]] = (X,)
    properties: Mapping[str, Attribute] = field(default_factory=dict[str, Attribute])
    result: TensorType[Attribute] | None = None

    def __str__(self) -> str:
        details = (*self.properties, *(str(kind) for kind in (*self.operands, self.result)))
        return "-".join([self.op.name, *details]).replace(" ", "")

    def build(self, operands: Sequence[SSAValue]) -> GraphOp:
        if self.result is not None:
            return self.op(operands=operands, result_types=[self.result], properties=dict(self.properties))
        if self.op is graph.ConcatOp:
            joined = graph.ConcatOp(operands=[operands], result_types=[X], properties=dict(self.properties))
            return graph.ConcatOp(
                operands=[operands], result_types=[joined.infer_type()], properties=dict(self.properties)
            )
        return self.op.build_inferred(operands, self.properties)


TRUTH_OPS = (graph.AndOp, graph.NotOp, graph.OrOp)

ELEMENTWISE = [
    *(Case(op, (FLAGS if op in TRUTH_OPS else X,)) for op in UNARY_ELEMENTWISE_OPS),
    *(Case(op, (FLAGS, FLAGS) if op in TRUTH_OPS else (X, X)) for op in BINARY_ELEMENTWISE_OPS),
    *(Case(op, (tensor(4, 1), tensor(2, 1, 3))) for op in (graph.AddOp, graph.LessOp)),
    Case(graph.EqualOp, (FLAGS, FLAGS)),
    *(
        Case(op, (tensor(5, element=i32), tensor(5, element=i32)))
        for op in (graph.AddOp, graph.DivOp, graph.MaximumOp, graph.MinimumOp, graph.MulOp, graph.PReluOp, graph.SubOp)
    ),
    *(Case(op, (tensor(5, element=i64), tensor(5, element=i64))) for op in (graph.EqualOp, graph.GreaterOp)),
    *(Case(op, (tensor(5, element=i8),)) for op in (graph.AbsOp, graph.NegOp, graph.ReluOp)),
    *(Case(graph.GeluOp, (tensor(9, element=element),)) for element in (f16, bf16)),
    Case(graph.ClipOp, properties={"min": float_attr(-0.5), "max": float_attr(1.5)}),
    Case(graph.EluOp, properties={"alpha": float_attr(0.3)}),
    Case(graph.GeluOp, properties={"approximation": GeluApproximationAttr(GeluApproximation.TANH)}),
    Case(graph.HardSigmoidOp, properties={"alpha": float_attr(0.3), "beta": float_attr(0.4)}),
    Case(graph.LeakyReluOp, properties={"alpha": float_attr(0.3)}),
    Case(graph.WhereOp, (FLAGS, X, tensor(4))),
    Case(graph.BiasAddOp, (X, tensor(3))),
    Case(graph.BiasAddOp, (X, tensor(4)), {"axis": int_attr(-1)}),
    Case(graph.BroadcastToOp, (tensor(3, 1),), {"shape_to": ints([2, 3, 4])}),
    Case(graph.BatchNormOp, (X, *[tensor(3)] * 4)),
    Case(graph.BatchNormOp, (X, *[tensor(4)] * 4), {"axis": int_attr(2)}),
]

CASTS = [
    Case(graph.CastOp, (tensor(9, element=before),), result=tensor(9, element=after))
    for before in (f32, f16, i64, i32, i8, ui8, i1)
    for after in (f32, f16, bf16, i64, i32, i8, ui8, i1)
]

QUANTIZATION = [
    *(Case(graph.QuantizeOp, (X, tensor(*shape), tensor(*shape, element=i8))) for shape in ((), (4,), (3, 1))),
    Case(graph.QuantizeOp, (X, tensor(4), tensor(4, element=ui8))),
    Case(graph.QuantizeOp, (tensor(9, element=f16), tensor(), tensor(element=i8))),
    Case(graph.DequantizeOp, (tensor(2, 9, element=i8), tensor(9), tensor(9, element=i8))),
    Case(graph.DequantizeOp, (tensor(9, element=ui8), tensor(), tensor(element=ui8))),
    Case(graph.DequantizeOp, (tensor(9, element=i32), tensor(), tensor(element=i32))),
]

PRODUCTS = [
    Case(graph.GemmOp, (tensor(5, 4), tensor(4, 3))),
    Case(graph.GemmOp, (tensor(4, 5), tensor(3, 4)), {"transpose_a": bool_attr(True), "transpose_b": bool_attr(True)}),
    Case(graph.BatchMatmulOp, (tensor(2, 5, 4), tensor(2, 4, 3))),
    Case(graph.BatchMatmulOp, (tensor(2, 5, 4), tensor(4, 3))),
    Case(graph.Conv2dOp, (IMAGE, tensor(8, 3, 3, 4)), {**NHWC, "padding": ints([1, 0, 1, 2])}),
    Case(graph.Conv2dOp, (IMAGE, tensor(8, 3, 3, 2)), {**NHWC, "groups": int_attr(2), "strides": ints([2, 1])}),
    Case(graph.Conv2dOp, (IMAGE, tensor(8, 3, 2, 1)), {**NHWC, "groups": int_attr(4)}),
    Case(graph.Conv2dOp, (IMAGE, tensor(4, 3, 2, 1)), {**NHWC, "groups": int_attr(4), "dilations": ints([1, 2])}),
    Case(graph.ConvTranspose2dOp, (IMAGE, tensor(4, 3, 3, 2)), {**NHWC, "strides": ints([2, 2])}),
    Case(
        graph.ConvTranspose2dOp,
        (IMAGE, tensor(4, 2, 2, 3)),
        {**NHWC, "groups": int_attr(2), "strides": ints([2, 2]), "output_padding": ints([1, 0])},
    ),
]

HEADS = {"heads": int_attr(2), "head_dim": int_attr(4), "scale": float_attr(0.5)}
ATTENTION = [
    Case(graph.AttentionOp, (tensor(2, 5, 8), tensor(2, 6, 8), tensor(2, 6, 8)), HEADS),
    Case(
        graph.AttentionOp,
        (tensor(2, 5, 8), *[tensor(2, 6, 9)] * 2, tensor(2, 1, 1, 6)),
        {**HEADS, "offsets": ints([0, 1, 0])},
    ),
]

POOLING = {**NHWC, "kernel": ints([3, 2]), "strides": ints([2, 2]), "padding": ints([1, 0, 1, 1])}
REDUCTIONS = [
    Case(graph.MaxPool2dOp, (IMAGE,), POOLING),
    Case(graph.MaxPool2dOp, (IMAGE,), {**POOLING, "ceil_mode": bool_attr(True)}),
    Case(graph.AvgPool2dOp, (IMAGE,), POOLING),
    Case(graph.AvgPool2dOp, (IMAGE,), {**POOLING, "count_include_pad": bool_attr(True)}),
    Case(graph.GlobalAvgPool2dOp, (IMAGE,), NHWC),
    Case(graph.GlobalAvgPool2dOp, (IMAGE,)),
    Case(graph.GlobalMaxPool2dOp, (IMAGE,), NHWC),
    *(
        Case(op, properties={"axes": ints([0, -1]), "keepdims": bool_attr(keep)})
        for op in (graph.ReduceMaxOp, graph.ReduceMeanOp, graph.ReduceMinOp, graph.ReduceSumOp)
        for keep in (True, False)
    ),
    Case(graph.SoftmaxOp),
    Case(graph.SoftmaxOp, properties={"axis": int_attr(1)}),
    Case(graph.LayerNormOp, (X, tensor(4), tensor(4))),
    Case(graph.LayerNormOp, (X, tensor(3, 4), tensor(3, 4)), {"axis": int_attr(1), "epsilon": float_attr(0.1)}),
]

MOVEMENTS = [
    Case(graph.ReshapeOp, properties={"shape_to": ints([6, 4])}),
    Case(graph.TransposeOp, properties={"permutation": ints([2, 0, 1])}),
    Case(graph.ConcatOp, (X, tensor(2, 5, 4)), {"axis": int_attr(1)}),
    Case(
        graph.SliceOp,
        properties={"offsets": ints([1, 2, 0]), "sizes": ints([1, 2, 2]), "strides": ints([1, -1, 2])},
    ),
    Case(
        graph.UnfoldOp,
        (IMAGE,),
        {
            "kernel": ints([2, 3]),
            "strides": ints([2, 1]),
            "padding": ints([1, 0, 0, 1]),
            "channels": int_attr(64),
        },
    ),
    Case(graph.PadOp, properties={"low": ints([1, 0, 2]), "high": ints([0, 1, 1]), "value": float_attr(0.5)}),
    Case(
        graph.PadOp,
        properties={"low": ints([1, 0, 2]), "high": ints([0, 1, 1]), "mode": PadModeAttr(PadMode.REFLECT)},
    ),
    Case(graph.GatherOp, (tensor(5, 3), tensor(2, 2, element=i64)), {"axis": int_attr(0)}),
    Case(graph.ResizeOp, (IMAGE,), {"sizes": ints([1, 12, 10, 4])}),
    Case(
        graph.ResizeOp,
        (IMAGE,),
        {
            "sizes": ints([1, 9, 7, 4]),
            "mode": ResizeModeAttr(ResizeMode.LINEAR),
            "coordinate_transform": CoordinateTransformAttr(CoordinateTransform.ALIGN_CORNERS),
        },
    ),
]

CASES = [*ELEMENTWISE, *CASTS, *QUANTIZATION, *PRODUCTS, *ATTENTION, *REDUCTIONS, *MOVEMENTS]


def random_array(kind: TensorType[Attribute], op: type[GraphOp]) -> Array:
    """Numbers of both signs with some that are special to the operation: halves, ties, large ones."""
    random = np.random.default_rng(sum(map(ord, op.name)))
    dtype, shape = numpy_dtype(kind.element_type), kind.get_shape()
    if dtype == np.bool_:
        return random.random(shape) > 0.5
    if np.issubdtype(dtype, np.integer):
        # Valid as indices of five entries; no 0, which does not divide.
        return random.choice(np.array([-4, -2, -1, 1, 2, 3]), shape).astype(dtype)
    values = np.round(random.normal(scale=2, size=shape) * 4) / 4
    values.flat[0] = 30.0
    values = np.abs(values) + 0.25 if op in (graph.LogOp, graph.SqrtOp, graph.RsqrtOp, graph.PowOp) else values
    return (np.abs(values) + 0.5 if op is graph.BatchNormOp else values).astype(dtype)


def network(*ops: Operation, arguments: Sequence[SSAValue], result: SSAValue) -> ModuleOp:
    block = Block(arg_types=[value.type for value in arguments])
    for value, argument in zip(arguments, block.args, strict=True):
        value.replace_all_uses_with(argument)
    block.add_ops([*ops, ReturnOp(result)])
    inputs = [argument.type for argument in block.args]
    return ModuleOp([FuncOp("main", (inputs, [result.type]), Region(block))])


def module_of(case: Case) -> ModuleOp:
    arguments = Block(arg_types=case.operands).args
    op = case.build(arguments)
    return network(op, arguments=arguments, result=op.result)


def converted(module: ModuleOp) -> ModuleOp:
    result = module.clone()
    ConvertGraphToFusedPass().apply(CompilerContext(), result)
    result.verify()
    return result


@pytest.mark.parametrize("case", CASES, ids=str)
def test_kernels_compute_what_the_operation_means(case: Case) -> None:
    module = module_of(case)
    inputs = [random_array(kind, case.op) for kind in case.operands]
    (expected,) = run(module, inputs, WeightStore())
    (actual,) = run(converted(module), inputs, WeightStore())
    assert actual.dtype == expected.dtype
    np.testing.assert_allclose(actual.astype(np.float64), expected.astype(np.float64), rtol=1e-5, atol=1e-6)


def test_every_operation_has_a_case() -> None:
    values = {graph.ConstantOp, graph.WeightOp}
    assert {case.op for case in CASES} == set(Graph.operations) - values


@pytest.mark.parametrize("case", CASES, ids=str)
def test_one_operation_is_one_kernel(case: Case) -> None:
    """Weights and views apart: those are no kernels."""
    function = next(iter(converted(module_of(case)).ops))
    kernels = [op for op in function.walk() if isinstance(op, FusedOp)]
    views = [op for op in function.walk() if isinstance(op, ReshapeOp)]
    own = [op for op in kernels if op.name != "fused.transpose" or case.op is graph.TransposeOp]
    assert len(own) == (0 if case.op is graph.ReshapeOp else 1)
    assert all(str(op.attributes["fused.origin"]) == f'["{case.op.name}"]' for op in kernels)
    assert not [op for op in function.walk() if isinstance(op, GraphOp)]
    assert len(views) <= 4


@pytest.mark.parametrize("op", [graph.SoftplusOp, graph.MishOp, graph.SigmoidOp, graph.SiluOp, graph.EluOp])
def test_activations_stay_finite_far_from_zero(op: type[GraphOp]) -> None:
    x = np.array([-3e38, -1000.0, -88.0, 0.0, 88.0, 1000.0], dtype=np.float32)
    (result,) = run(converted(module_of(Case(op, (tensor(6),)))), [x], WeightStore())
    assert np.isfinite(result).all()


@pytest.mark.parametrize("op", UNARY_ELEMENTWISE_OPS)
def test_not_a_number_is_not_hidden(op: type[GraphOp]) -> None:
    if op is graph.NotOp:
        pytest.skip("a function of truth values")
    x = np.array([np.nan], dtype=np.float32)
    properties = {"min": float_attr(-1.0), "max": float_attr(1.0)} if op is graph.ClipOp else {}
    (result,) = run(converted(module_of(Case(op, (tensor(1),), properties))), [x], WeightStore())
    assert np.isnan(result).all()


def test_equal_constants_become_scalars() -> None:
    two = array_constant(np.full((3, 4), 2.0, np.float32), tensor(3, 4))
    x = Block(arg_types=[tensor(4)]).args[0]
    product = graph.MulOp.build_inferred([x, two.result])
    module = converted(network(two, product, arguments=[x], result=product.result))
    text = str(module)
    assert "arith.constant 2.000000e+00 : f32" in text
    assert "graph.constant" not in text
    (result,) = run(module, [np.arange(4, dtype=np.float32)], WeightStore())
    np.testing.assert_array_equal(result, np.broadcast_to([0, 2, 4, 6], (3, 4)))


@pytest.mark.parametrize("exponent", [2.0, 3.0])
def test_small_powers_are_products(exponent: float) -> None:
    constant = array_constant(np.array(exponent, np.float32), tensor())
    x = Block(arg_types=[tensor(4)]).args[0]
    power = graph.PowOp.build_inferred([x, constant.result])
    module = converted(network(constant, power, arguments=[x], result=power.result))
    assert "math.powf" not in str(module)
    (result,) = run(module, [np.array([-1.5, 0, 1, 2], np.float32)], WeightStore())
    np.testing.assert_allclose(result, np.array([-1.5, 0, 1, 2]) ** exponent)


@pytest.mark.parametrize(
    "case",
    [
        Case(graph.Conv2dOp, (tensor(1, 4, 6, 5), tensor(4, 4, 1, 1))),
        Case(graph.ConvTranspose2dOp, (tensor(1, 4, 6, 5), tensor(4, 4, 1, 1))),
        Case(graph.MaxPool2dOp, (tensor(1, 4, 6, 5),), {"kernel": ints([2, 2])}),
    ],
    ids=str,
)
def test_images_must_be_channels_last(case: Case) -> None:
    with pytest.raises(BoltError, match=r"nchw layout, kernels take nhwc \(run assign-layout"):
        converted(module_of(case))


def test_quantizing_saturates_and_rounds_halves_to_even() -> None:
    """As ONNX says; of NaN it says nothing: onnxruntime and the reference implementation make it the least integer."""
    x = np.array([2.5, 3.5, -2.5, 127.4, 127.5, 1e30, np.inf, -128.6, -1e30, -np.inf, np.nan], np.float32)
    for zero, expected in (
        (np.int8(0), [2, 4, -2, 127, 127, 127, 127, -128, -128, -128, -128]),
        (np.int8(-3), [-1, 1, -5, 124, 125, 127, 127, -128, -128, -128, -128]),
        (np.uint8(130), [132, 134, 128, 255, 255, 255, 255, 1, 0, 0, 0]),
    ):
        scale, point = tensor(), tensor(element=ui8 if zero.dtype == np.uint8 else i8)
        zero_point = array_constant(np.array(zero), point)
        arguments = Block(arg_types=[tensor(len(x)), scale]).args
        op = graph.QuantizeOp.build_inferred([*arguments, zero_point.result])
        module = network(zero_point, op, arguments=arguments, result=op.result)
        for level in (module, converted(module)):
            (result,) = run(level, [x, np.array(1, np.float32)], WeightStore())
            assert result.tolist() == expected


def test_comparisons_store_truth_values() -> None:
    for op in BINARY_ELEMENTWISE_OPS:
        if issubclass(op, ComparisonOp):
            function = next(iter(converted(module_of(Case(op, (X, X)))).ops))
            (kernel,) = (inner for inner in function.walk() if isinstance(inner, FusedOp))
            assert kernel.outputs[0].type == FLAGS
