"""Normalisations, softmax and reductions against onnxruntime."""

import numpy as np
import pytest

from boltir.errors import UnsupportedError
from tests.unit.frontends.onnx_checks import Array, OneNode, integers, op_names, random

X = random(2, 3, 4, 5)


def statistics(channels: int) -> list[Array]:
    """scale, bias, mean and variance"""
    return [random(channels), random(channels), random(channels), np.abs(random(channels)) + np.float32(0.5)]


@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (2, 3), (2, 3, 4)])
@pytest.mark.parametrize("opset", [11, 15])
def test_batch_normalization(shape: tuple[int, ...], opset: int) -> None:
    case = OneNode("BatchNormalization", [random(*shape), *statistics(3)], known=range(1, 5), opset=opset)
    assert op_names(case.check(1e-4)) == ["batch_norm"]


def test_batch_normalization_in_training_mode_is_refused() -> None:
    case = OneNode("BatchNormalization", [X, *statistics(3)], known=range(1, 5), attributes={"training_mode": 1})
    with pytest.raises(UnsupportedError, match=r"model\.eval\(\)"):
        case.module()


@pytest.mark.parametrize("axis", [-1, 1, -2])
def test_layer_normalization(axis: int) -> None:
    normalized = X.shape[axis:]
    operands = [X, random(*normalized), random(*normalized)]
    case = OneNode("LayerNormalization", operands, known=[1, 2], attributes={"axis": axis, "epsilon": 1e-3})
    assert op_names(case.check(1e-4)) == ["layer_norm"]


def test_layer_normalization_without_bias() -> None:
    OneNode("LayerNormalization", [X, random(5)], known=[1]).check(1e-4)


@pytest.mark.parametrize("op", ["Softmax", "LogSoftmax"])
@pytest.mark.parametrize("axis", [None, 0, 1, 2, 3, -1, -3])
@pytest.mark.parametrize("opset", [11, 13])
def test_softmax_of_both_kinds(op: str, axis: int | None, opset: int) -> None:
    """Before opset 13 the dimensions from `axis` on are one, and the default axis is 1."""
    attributes = {} if axis is None else {"axis": axis}
    OneNode(op, [X], attributes=attributes, opset=opset).check()


def test_old_softmax_of_one_dimension_needs_no_reshape() -> None:
    assert op_names(OneNode("Softmax", [random(2, 6)], opset=11).module()) == ["softmax"]


REDUCTIONS = ["ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceL1", "ReduceL2", "ReduceSumSquare"]


@pytest.mark.parametrize("op", REDUCTIONS)
@pytest.mark.parametrize("keepdims", [0, 1])
def test_reductions_with_axes_as_an_attribute(op: str, keepdims: int) -> None:
    OneNode(op, [X], attributes={"axes": [1, -1], "keepdims": keepdims}, opset=12).check()


@pytest.mark.parametrize("op", REDUCTIONS)
@pytest.mark.parametrize("keepdims", [0, 1])
def test_reductions_with_axes_as_an_input(op: str, keepdims: int) -> None:
    OneNode(op, [X, integers(2, -4)], known=[1], attributes={"keepdims": keepdims}, opset=18).check()


def test_no_axes_mean_all_of_them_or_none() -> None:
    OneNode("ReduceSum", [X]).check(1e-4)
    assert op_names(OneNode("ReduceSum", [X], attributes={"noop_with_empty_axes": 1}).check()) == []
    OneNode("ReduceMean", [X], attributes={"keepdims": 0}).check()


def test_logarithm_of_a_sum() -> None:
    OneNode("ReduceLogSum", [np.abs(X)], attributes={"axes": [1]}).check()
