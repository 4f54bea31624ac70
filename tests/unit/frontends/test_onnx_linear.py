"""Matrix products, convolutions and pooling against onnxruntime."""

import numpy as np
import pytest

from boltir.errors import BoltError, UnsupportedError
from tests.unit.frontends.onnx_checks import OneNode, op_names, random

MATMULS = [
    ((3, 4), (4, 5), ["gemm"]),
    ((2, 3, 4), (4, 5), ["batch_matmul"]),
    ((2, 3, 4), (2, 4, 5), ["batch_matmul"]),
    ((2, 1, 3, 4), (6, 4, 5), ["batch_matmul"]),
    ((4,), (4, 5), ["reshape", "gemm", "reshape"]),
    ((3, 4), (4,), ["reshape", "gemm", "reshape"]),
    ((2, 3, 4), (4,), ["reshape", "batch_matmul", "reshape"]),
    ((4,), (2, 4, 5), ["reshape", "batch_matmul", "reshape"]),
    ((4,), (4,), ["reshape", "reshape", "gemm", "reshape"]),
]


@pytest.mark.parametrize(("a", "b", "operations"), MATMULS)
def test_matmul_of_all_ranks(a: tuple[int, ...], b: tuple[int, ...], operations: list[str]) -> None:
    assert op_names(OneNode("MatMul", [random(*a), random(*b)]).check()) == operations


@pytest.mark.parametrize("transposes", [{}, {"transA": 1}, {"transB": 1}, {"transA": 1, "transB": 1}])
def test_gemm_transposes(transposes: dict[str, int]) -> None:
    a = random(4, 3) if "transA" in transposes else random(3, 4)
    b = random(5, 4) if "transB" in transposes else random(4, 5)
    module = OneNode("Gemm", [a, b, random(5)], known=[1, 2], attributes=transposes).check()
    assert op_names(module) == ["gemm", "bias_add"]


@pytest.mark.parametrize(
    ("c", "operation"), [((5,), "bias_add"), ((1, 5), "bias_add"), ((3, 5), "add"), ((3, 1), "add"), ((), "add")]
)
def test_gemm_adds_c_of_every_shape(c: tuple[int, ...], operation: str) -> None:
    module = OneNode("Gemm", [random(3, 4), random(4, 5), random(*c)], known=[2]).check()
    assert op_names(module) == ["gemm", operation]


def test_gemm_scales_a_constant_c_at_import() -> None:
    factors = {"alpha": 0.5, "beta": 2.0}
    module = OneNode("Gemm", [random(3, 4), random(4, 5), random(5)], known=[1, 2], attributes=factors).check()
    assert op_names(module) == ["gemm", "mul", "bias_add"]
    module = OneNode("Gemm", [random(3, 4), random(4, 5), random(5)], attributes=factors).check()
    assert op_names(module) == ["gemm", "mul", "mul", "bias_add"]


def test_gemm_without_c() -> None:
    OneNode("Gemm", [random(3, 4), random(4, 5)]).check()
    OneNode("Gemm", [random(3, 4), random(4, 5), random(5)], attributes={"beta": 0.0}).check()


IMAGE = random(2, 4, 9, 11)

CONVOLUTIONS = [
    {},
    {"strides": [2, 1]},
    {"dilations": [2, 3]},
    {"pads": [1, 2, 0, 3]},
    {"auto_pad": "VALID", "strides": [2, 2]},
    {"auto_pad": "SAME_UPPER", "strides": [2, 3]},
    {"auto_pad": "SAME_LOWER", "strides": [2, 3]},
    {"kernel_shape": [3, 2], "auto_pad": "NOTSET"},
]


@pytest.mark.parametrize("attributes", CONVOLUTIONS, ids=str)
def test_convolution(attributes: dict[str, object]) -> None:
    module = OneNode("Conv", [IMAGE, random(6, 4, 3, 2), random(6)], known=[1, 2], attributes=attributes).check(1e-4)
    assert op_names(module) == ["conv2d", "bias_add"]


@pytest.mark.parametrize("groups", [2, 4])
def test_grouped_convolution_without_bias(groups: int) -> None:
    case = OneNode("Conv", [IMAGE, random(8, 4 // groups, 3, 3)], known=[1], attributes={"group": groups})
    assert op_names(case.check(1e-4)) == ["conv2d"]


@pytest.mark.parametrize("shape", [(2, 4, 9), (1, 4, 5, 5, 5)])
def test_convolution_of_other_than_images_is_refused(shape: tuple[int, ...]) -> None:
    kernel = random(6, 4, *(2 for _ in shape[2:]))
    with pytest.raises(UnsupportedError, match="only images"):
        OneNode("Conv", [random(*shape), kernel], known=[1]).module()


TRANSPOSED_CONVOLUTIONS = [
    {},
    {"strides": [2, 3], "output_padding": [1, 2]},
    {"strides": [2, 2], "pads": [1, 0, 0, 1]},
    {"dilations": [2, 1]},
    {"strides": [2, 2], "auto_pad": "SAME_UPPER"},
    {"strides": [2, 2], "auto_pad": "SAME_LOWER"},
    {"strides": [2, 2], "auto_pad": "VALID"},
    {"strides": [2, 2], "output_shape": [18, 21]},
]


@pytest.mark.parametrize("attributes", TRANSPOSED_CONVOLUTIONS, ids=str)
def test_transposed_convolution(attributes: dict[str, object]) -> None:
    operands = [IMAGE, random(4, 3, 3, 2), random(3)]
    OneNode("ConvTranspose", operands, known=[1, 2], attributes=attributes).check(1e-4)


def test_transposed_grouped_convolution() -> None:
    OneNode("ConvTranspose", [IMAGE, random(4, 3, 2, 2)], known=[1], attributes={"group": 2}).check(1e-4)


POOLS = [
    {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]},
    {"kernel_shape": [2, 3], "strides": [2, 2], "ceil_mode": 1},
    {"kernel_shape": [3, 2], "strides": [2, 2], "pads": [0, 1, 2, 0], "ceil_mode": 1},
    {"kernel_shape": [3, 3], "strides": [2, 2], "auto_pad": "SAME_UPPER"},
    {"kernel_shape": [3, 2], "strides": [2, 2], "auto_pad": "SAME_LOWER"},
    {"kernel_shape": [3, 3], "auto_pad": "VALID"},
]


@pytest.mark.parametrize("attributes", POOLS, ids=str)
@pytest.mark.parametrize("op", ["MaxPool", "AveragePool"])
def test_pooling(op: str, attributes: dict[str, object]) -> None:
    OneNode(op, [IMAGE], attributes=attributes).check()


def test_average_pooling_that_counts_the_padding() -> None:
    attributes = {"kernel_shape": [3, 3], "pads": [1, 0, 1, 2], "count_include_pad": 1}
    OneNode("AveragePool", [IMAGE], attributes=attributes).check()


def test_dilated_pooling() -> None:
    OneNode("MaxPool", [IMAGE], attributes={"kernel_shape": [2, 2], "dilations": [3, 2]}).check()


def test_the_indices_of_max_pooling_are_refused_where_they_are_used() -> None:
    case = OneNode("MaxPool", [IMAGE], attributes={"kernel_shape": [2, 2]}, outputs=2)
    with pytest.raises(UnsupportedError, match=r"the_node.*output 1 is used"):
        case.module()


@pytest.mark.parametrize("op", ["GlobalAveragePool", "GlobalMaxPool"])
@pytest.mark.parametrize("shape", [(2, 3, 5, 7), (2, 3, 5)])
def test_global_pooling(op: str, shape: tuple[int, ...]) -> None:
    OneNode(op, [random(*shape)]).check()


def test_a_filter_that_does_not_fit_names_the_node() -> None:
    with pytest.raises(BoltError, match=r"Conv node 'the_node': the input has 4 channels, the filter takes 5"):
        OneNode("Conv", [IMAGE, random(6, 5, 3, 3)], known=[1]).module()


def test_half_precision_weights_with_single_precision_inputs() -> None:
    with pytest.raises(BoltError, match=r"MatMul node 'the_node': element types differ: f32 and f16"):
        OneNode("MatMul", [random(3, 4), random(4, 5, dtype=np.float16)], known=[1]).module()
