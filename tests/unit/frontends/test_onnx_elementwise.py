"""Elementwise ONNX operators against onnxruntime."""

import numpy as np
import pytest
from onnx import TensorProto, helper

from tests.unit.frontends.onnx_checks import OneNode, check_model, make_model, op_names, random, tensor_info

X = random(2, 3, 4, 5)
POSITIVE = np.abs(X) + np.float32(0.5)
TRUTH, OTHER_TRUTH = X > 0, random(3, 1, 5) > 0

UNARY = [
    *(OneNode(op, [X]) for op in ("Abs", "Neg", "Relu", "Sigmoid", "Tanh", "Erf", "Exp", "Sign", "Sin", "Cos")),
    *(OneNode(op, [X]) for op in ("Ceil", "Floor", "Round", "Softplus", "Softsign", "HardSwish")),
    *(OneNode(op, [POSITIVE]) for op in ("Log", "Sqrt", "Reciprocal")),
    OneNode("Mish", [X], opset=18),
    OneNode("Not", [TRUTH]),
    OneNode("LeakyRelu", [X], attributes={"alpha": 0.3}),
    OneNode("Elu", [X], attributes={"alpha": 0.7}),
    OneNode("Selu", [X]),
    OneNode("HardSigmoid", [X], attributes={"alpha": 0.25, "beta": 0.4}),
    OneNode("Gelu", [X], opset=20),
    OneNode("Gelu", [X], attributes={"approximate": "tanh"}, opset=20),
    OneNode("IsNaN", [np.where(X > 1, np.nan, X).astype(np.float32)]),
]

BINARY = [
    *(OneNode(op, [X, POSITIVE]) for op in ("Add", "Sub", "Mul", "Div")),
    *(OneNode(op, [X, random(3, 1, 5)]) for op in ("Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual")),
    *(OneNode(op, [TRUTH, OTHER_TRUTH]) for op in ("And", "Or", "Xor", "Equal")),
    *(OneNode(op, [X, random(4, 1), random(5)]) for op in ("Max", "Min", "Sum", "Mean")),
    OneNode("Max", [X]),
    OneNode("PRelu", [X, random(3, 1, 1)], known=[1]),
    OneNode("Pow", [POSITIVE, X]),
    OneNode("Pow", [X, np.array(2, np.int64)], known=[1]),
    OneNode("Pow", [POSITIVE, np.arange(5)]),
    OneNode("Div", [np.arange(-9, 9), np.array([4])], known=[1]),
    OneNode("Where", [TRUTH, X, np.array(-np.inf, np.float32)], known=[2]),
]

LOW, HIGH = np.array(-0.5, np.float32), np.array(0.25, np.float32)

CLIP = [
    OneNode("Clip", [X, LOW, HIGH], known=[1, 2]),
    OneNode("Clip", [X, None, HIGH], known=[2]),
    OneNode("Clip", [X, LOW], known=[1]),
    OneNode("Clip", [X]),
    OneNode("Clip", [X, LOW, HIGH]),
    OneNode("Clip", [np.arange(9), np.array(2), np.array(5)], known=[1, 2]),
    OneNode("Clip", [X, HIGH, LOW], known=[1, 2]),
]


@pytest.mark.parametrize("case", [*UNARY, *BINARY, *CLIP], ids=str)
def test_agrees_with_onnxruntime(case: OneNode) -> None:
    case.check()


def test_one_operator_is_one_operation() -> None:
    assert op_names(OneNode("HardSwish", [X]).module()) == ["hard_swish"]
    assert op_names(OneNode("Clip", [X, LOW, HIGH], known=[1, 2]).module()) == ["clip"]


@pytest.mark.parametrize("target", [TensorProto.FLOAT16, TensorProto.INT32, TensorProto.INT64, TensorProto.BOOL])
def test_cast(target: int) -> None:
    OneNode("Cast", [X * 3], attributes={"to": target}).check()


def test_casting_to_the_same_type_is_no_operation() -> None:
    assert op_names(OneNode("Cast", [X], attributes={"to": TensorProto.FLOAT}).module()) == []


def test_cast_like_takes_the_type_of_its_second_operand() -> None:
    OneNode("CastLike", [X, np.arange(2)], opset=15).check()


@pytest.mark.parametrize("shape", [(5,), (4, 1), (3, 1, 1), (1, 3, 1, 1), (1, 1, 1, 5)])
@pytest.mark.parametrize("swapped", [False, True])
def test_adding_a_constant_vector_is_a_bias(shape: tuple[int, ...], swapped: bool) -> None:
    operands, known = ([random(*shape), X], [0]) if swapped else ([X, random(*shape)], [1])
    assert op_names(OneNode("Add", operands, known=known).check()) == ["bias_add"]


@pytest.mark.parametrize("shape", [(), (1,), (4, 5), (1, 1, 1, 1, 5)])
def test_adding_other_constants_is_an_addition(shape: tuple[int, ...]) -> None:
    assert op_names(OneNode("Add", [X, random(*shape)], known=[1]).check()) == ["add"]


def test_adding_zeros_is_nothing_unless_they_spread_the_operand() -> None:
    assert op_names(OneNode("Add", [X, np.zeros((3, 1, 5), np.float32)], known=[1]).check()) == []
    assert op_names(OneNode("Add", [X[:1], np.zeros((2, 1, 1, 1), np.float32)], known=[1]).check()) == ["add"]


@pytest.mark.parametrize(("op", "neutral"), [("And", True), ("Or", False)])
def test_truth_values_that_decide_nothing_change_only_the_shape(op: str, neutral: bool) -> None:
    constant = np.full((4, 1), neutral)
    assert op_names(OneNode(op, [TRUTH, constant], known=[1]).check()) == []
    assert op_names(OneNode(op, [constant, OTHER_TRUTH], known=[0]).check()) == ["broadcast_to"]
    assert op_names(OneNode(op, [TRUTH, ~constant], known=[1]).check()) == [op.lower()]


def test_a_constant_is_kept_once_where_broadcasting_repeats_it() -> None:
    """As the rows that an embedding of constant ids gives: the same for each text, or for each token."""
    per_text = np.broadcast_to(random(4, 5), (2, 3, 4, 5))
    per_token = np.broadcast_to(random(5), (2, 3, 4, 5))
    assert "tensor<4x5xf32>" in str(OneNode("Add", [X, per_text], known=[1]).check())
    assert "tensor<4x5xf32>" in str(OneNode("Mul", [per_text, X], known=[0]).check())
    assert op_names(OneNode("Add", [X, per_token], known=[1]).check()) == ["bias_add"]


def test_exact_gelu_written_out_by_old_exporters() -> None:
    """x * 0.5 * (1 + erf(x / sqrt 2))"""
    nodes = [
        helper.make_node("Div", ["x", "root"], ["scaled"]),
        helper.make_node("Erf", ["scaled"], ["erf"]),
        helper.make_node("Add", ["erf", "one"], ["sum"]),
        helper.make_node("Mul", ["x", "sum"], ["product"]),
        helper.make_node("Mul", ["product", "half"], ["y"]),
    ]
    numbers = {"root": np.float32(np.sqrt(2)), "one": np.float32(1), "half": np.float32(0.5)}
    weights = {name: np.array(value) for name, value in numbers.items()}
    check_model(make_model(nodes, [tensor_info("x", X)], ["y"], weights), [X])
