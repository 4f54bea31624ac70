"""Any operation, printed and parsed again, is the same operation."""

from __future__ import annotations

from io import StringIO
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, mutually_broadcastable_shapes
from xdsl.context import Context
from xdsl.dialects import test as test_dialect
from xdsl.dialects.builtin import (
    Builtin,
    BytesAttr,
    DenseIntOrFPElementsAttr,
    Float32Type,
    IntegerType,
    ModuleOp,
    SymbolRefAttr,
    TensorType,
    f16,
    f32,
    i8,
    i32,
    i64,
)
from xdsl.ir import Attribute, Operation
from xdsl.printer import Printer

from boltir.dialects.cutlass import Cutlass
from boltir.dialects.cutlass.template import FlagAttr, IntsAttr
from boltir.dialects.fused import Fused
from boltir.dialects.graph import BINARY_ELEMENTWISE_OPS, UNARY_ELEMENTWISE_OPS, Graph
from boltir.dialects.graph.base import GraphOp
from boltir.dialects.graph.constants import fits_text
from boltir.dialects.graph.elementwise import ClipOp, EluOp, HardSigmoidOp, LeakyReluOp, NotOp
from boltir.dialects.graph.enums import PadMode, PadModeAttr
from boltir.dialects.graph.movement import PadOp, TransposeOp
from boltir.dialects.graph.values import ConstantOp, WeightOp
from boltir.dialects.properties import float_attr, ints
from boltir.tools.source import LocatingParser

SHAPES = array_shapes(min_dims=1, max_dims=4, max_side=5)
NUMBERS = st.floats(width=32, allow_nan=False)
FLOAT_PARAMETERS: dict[type[GraphOp], tuple[str, ...]] = {
    EluOp: ("alpha",),
    LeakyReluOp: ("alpha",),
    HardSigmoidOp: ("alpha", "beta"),
}


def text_of(module: ModuleOp, *, generic: bool = False) -> str:
    stream = StringIO()
    Printer(stream, print_generic_format=generic).print_op(module)
    return stream.getvalue()


def assert_round_trips(*ops: Operation) -> None:
    """The operations survive printing and parsing in both forms."""
    module = ModuleOp(list(ops))
    module.verify()
    for generic in (False, True):
        context = Context()
        for dialect in (Builtin, test_dialect.Test, Graph, Fused, Cutlass):
            context.load_dialect(dialect)
        text = text_of(module, generic=generic)
        parsed = LocatingParser(context, text, "test").parse_module()
        parsed.verify()
        assert parsed.is_structurally_equivalent(module), text
        assert text_of(parsed, generic=generic) == text


def operand(shape: tuple[int, ...], element: Attribute = f32) -> test_dialect.TestOp:
    return test_dialect.TestOp(result_types=[TensorType(element, shape)])


@given(st.sampled_from([op for op in UNARY_ELEMENTWISE_OPS if op is not NotOp]), SHAPES, st.data())
def test_unary_operations(op: type[GraphOp], shape: tuple[int, ...], data: st.DataObject) -> None:
    x = operand(shape)
    parameters = {name: float_attr(data.draw(NUMBERS)) for name in FLOAT_PARAMETERS.get(op, ())}
    assert_round_trips(x, op.build_inferred([x.results[0]], parameters))


@given(NUMBERS, NUMBERS)
def test_clip_between_any_numbers(first: float, second: float) -> None:
    x = operand((3,))
    bounds = {"min": float_attr(min(first, second)), "max": float_attr(max(first, second))}
    assert_round_trips(x, ClipOp.build_inferred([x.results[0]], bounds))


ARITHMETIC = [op for op in BINARY_ELEMENTWISE_OPS if op.name not in ("graph.and", "graph.or")]


@given(st.sampled_from(ARITHMETIC), mutually_broadcastable_shapes(num_shapes=2, min_side=1))
def test_binary_operations(op: type[GraphOp], shapes: Any) -> None:
    lhs, rhs = map(operand, shapes.input_shapes)
    assert_round_trips(lhs, rhs, op.build_inferred([lhs.results[0], rhs.results[0]]))


@given(SHAPES, st.data())
def test_lists_of_integers_and_enumerations(shape: tuple[int, ...], data: st.DataObject) -> None:
    x = operand(shape, i32)
    permutation = ints(data.draw(st.permutations(range(len(shape)))))
    counts = ints([data.draw(st.integers(0, 2)) for _ in shape])
    mode = PadModeAttr(data.draw(st.sampled_from([PadMode.CONSTANT, PadMode.EDGE])))
    transpose = TransposeOp.build_inferred([x.results[0]], {"permutation": permutation})
    pad = PadOp.build_inferred([x.results[0]], {"low": counts, "high": counts, "mode": mode})
    assert_round_trips(x, transpose, pad)


@given(st.text(min_size=1))
def test_weights_of_any_name(name: str) -> None:
    assert_round_trips(WeightOp(properties={"symbol": SymbolRefAttr(name)}, result_types=[TensorType(f16, [4])]))


def constant(values: list[float], element: Float32Type | IntegerType, dtype: type[np.generic]) -> ConstantOp:
    array = np.array(values, dtype)
    kind = TensorType(element, array.shape)
    value = DenseIntOrFPElementsAttr(kind, BytesAttr(array.tobytes()))
    return ConstantOp(properties={"value": value}, result_types=[kind])


FRACTIONS = st.floats(-1000, 1000, width=32).filter(lambda number: number != 0.0)


@given(st.lists(FRACTIONS, min_size=1, max_size=6))
def test_constants_of_fractions(values: list[float]) -> None:
    assert_round_trips(constant(values, f32, np.float32))


@pytest.mark.parametrize(("element", "dtype"), [(i64, np.int64), (i32, np.int32), (i8, np.int8)])
@given(data=st.data())
def test_constants_of_integers(element: IntegerType, dtype: type[np.signedinteger[Any]], data: st.DataObject) -> None:
    limits = np.iinfo(dtype)
    numbers = st.integers(int(limits.min), int(limits.max))
    assert_round_trips(constant(data.draw(st.lists(numbers, min_size=1, max_size=6)), element, dtype))


@pytest.mark.parametrize("values", [[1000001.0], [float("-inf")], [float("inf")] * 3, [1.0, 1e7, 0.5]], ids=str)
def test_constants_whose_text_is_hexadecimal(values: list[float]) -> None:
    assert_round_trips(constant(values, f32, np.float32))


@pytest.mark.parametrize("values", [[0.0, -0.0], [float("inf")], [float("nan")], [0.5] * 17], ids=str)
def test_what_text_cannot_hold_in_plain_xdsl_becomes_a_weight(values: list[float]) -> None:
    assert not fits_text(np.array(values, np.float32))


@given(st.lists(st.integers()), st.booleans())
def test_template_parameters(values: list[int], flag: bool) -> None:
    attributes = {"ints": IntsAttr(tuple(values)), "flag": FlagAttr(flag)}
    assert_round_trips(test_dialect.TestOp(attributes=attributes))
