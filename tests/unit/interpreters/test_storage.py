"""Storage types: computation is in f32, rounding happens once per result."""

from typing import Any

import ml_dtypes
import numpy as np
import pytest
from xdsl.dialects.builtin import TensorType, bf16, f16, f32, f64, i1, i8, i32, i64
from xdsl.ir import Attribute
from xdsl.utils.test_value import create_ssa_value

from boltir.dialects.graph.elementwise import AddOp, CastOp, DivOp, MulOp
from boltir.dialects.graph.linear import GemmOp
from boltir.dialects.graph.pooling import ReduceSumOp
from boltir.dialects.properties import ints
from boltir.dialects.tensors import ui8
from boltir.errors import BoltError
from boltir.interpreters import evaluate
from boltir.interpreters.arrays import Array, convert, numpy_dtype

BF16 = np.dtype(ml_dtypes.bfloat16)


def tensor(element: Attribute, *shape: int) -> Any:
    return create_ssa_value(TensorType(element, shape))


@pytest.mark.parametrize("element", [f16, bf16], ids=str)
def test_products_accumulate_in_f32(element: Attribute) -> None:
    # 1 + 4096 * 2^-13 is 1.5; in half precision, every addition of 2^-13 to 1 is lost.
    a = np.full((1, 4097), 2.0**-13).astype(numpy_dtype(element))
    a[0, 0] = 1
    product = GemmOp.build_inferred([tensor(element, 1, 4097), tensor(element, 4097, 1)])
    result = evaluate(product, [a, np.ones((4097, 1)).astype(a.dtype)])
    assert result.dtype == a.dtype
    assert float(result[0, 0]) == 1.5


def test_reductions_accumulate_in_f32() -> None:
    x = np.full(4096, 1.0, dtype=np.float16)
    total = ReduceSumOp.build_inferred([tensor(f16, 4096)], {"axes": ints((0,))})
    assert float(evaluate(total, [x])[0]) == 4096


@pytest.mark.parametrize(
    ("element", "gap"), [(f16, 2.0**-10), (bf16, 2.0**-7)], ids=["f16", "bf16"]
)  # the distance from 1 to the next number
def test_results_round_to_nearest_even(element: Attribute, gap: float) -> None:
    dtype = numpy_dtype(element)
    add = AddOp.build_inferred([tensor(element, 3), tensor(element, 3)])
    ones, halves = np.ones(3).astype(dtype), (np.array([0.5, 1.5, 0.75]) * gap).astype(dtype)
    np.testing.assert_array_equal(
        evaluate(add, [ones, halves]).astype(np.float32), np.array([1, 1 + 2 * gap, 1 + gap], dtype=np.float32)
    )


def test_overflow_becomes_infinite() -> None:
    big = np.array([300.0], dtype=np.float16)
    assert np.isinf(evaluate(MulOp.build_inferred([tensor(f16, 1), tensor(f16, 1)]), [big, big]))[0]


def test_integer_division_truncates_towards_zero() -> None:
    division = DivOp.build_inferred([tensor(i32, 4), tensor(i32, 4)])
    a, b = np.array([7, -7, 7, -7], dtype=np.int32), np.array([2, 2, -2, -2], dtype=np.int32)
    np.testing.assert_array_equal(evaluate(division, [a, b]), [3, -3, -3, 3])


CASTS = [
    pytest.param(f32, i32, [1.9, -1.9, 3e9, -3e9, np.nan], [1, -1, 2**31 - 1, -(2**31), 0], id="f32-i32"),
    pytest.param(f32, i64, [1.5, -1.5, 1e19, np.nan], [1, -1, 2**63 - 1, 0], id="f32-i64"),
    pytest.param(f16, i8, [127.5, 200.0, -1000.0, -0.5], [127, 127, -128, 0], id="f16-i8"),
    pytest.param(bf16, i32, [2.5, -0.75], [2, 0], id="bf16-i32"),
    pytest.param(i32, i8, [300, -300, 5], [127, -128, 5], id="i32-i8"),
    pytest.param(f32, ui8, [127.5, 300.0, -1.0, np.nan], [127, 255, 0, 0], id="f32-ui8"),
    pytest.param(i8, ui8, [-3, 100], [0, 100], id="i8-ui8"),
    pytest.param(ui8, i8, [200, 100], [127, 100], id="ui8-i8"),
    pytest.param(i64, i32, [2**32 + 7, -1], [7, -1], id="i64-i32"),
    pytest.param(f32, i1, [0.0, -0.0, 0.25, np.nan], [False, False, True, True], id="f32-i1"),
    pytest.param(i1, f16, [True, False], [1.0, 0.0], id="i1-f16"),
    pytest.param(f32, f16, [1 + 2.0**-11, 1 + 3 * 2.0**-11], [1.0, 1 + 2.0**-9], id="f32-f16"),
    pytest.param(f16, bf16, [1.0, 1 + 2.0**-10], [1.0, 1.0], id="f16-bf16"),
]


@pytest.mark.parametrize(("source", "target", "values", "expected"), CASTS)
def test_cast(source: Attribute, target: Attribute, values: list[float], expected: list[float]) -> None:
    x = np.array(values).astype(numpy_dtype(source))
    cast = CastOp(operands=[tensor(source, len(values))], result_types=[TensorType(target, [len(values)])])
    result = evaluate(cast, [x])
    assert result.dtype == numpy_dtype(target)
    np.testing.assert_array_equal(result, np.array(expected).astype(numpy_dtype(target)))


def test_conversion_to_the_same_type_copies_nothing() -> None:
    x: Array = np.arange(3, dtype=np.float32)
    assert convert(x, np.dtype(np.float32)) is x


def test_a_type_without_arrays_is_an_error() -> None:
    assert numpy_dtype(f64) == np.float64
    with pytest.raises(BoltError, match="the interpreter has no arrays of tensor<1xf32>"):
        numpy_dtype(TensorType(f32, [1]))
