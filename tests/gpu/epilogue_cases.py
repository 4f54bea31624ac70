"""Epilogues of every shape that kernels may have, on matrix products and convolutions, as fused-level IR.

Each epilogue is written once, over a builder of scalar code: boltir's makes IR of it, `Exact` computes it in f64.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import erf
from typing import Any

import numpy as np
import numpy.typing as npt
from xdsl.dialects import math
from xdsl.dialects.builtin import AnyFloat, ArrayAttr, BoolAttr, ModuleOp, TensorType, bf16, f16, f32, i8
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Attribute, Block, Region, SSAValue

from boltir.dialects.fused import ConcatOp, Conv2dOp, DualGemmOp, FusedOp, GemmOp, YieldOp
from boltir.dialects.fused.linear import PAIR_GROUP
from boltir.dialects.fused.scalar_builder import ScalarBuilder
from boltir.dialects.fused.store import (
    Along,
    ColumnsAttr,
    Combiner,
    ElementsAttr,
    PaddedAttr,
    PermutedAttr,
    ReducedAttr,
    StoreAttr,
)
from boltir.dialects.properties import bool_attr, int_attr, ints
from boltir.dialects.tensors import Shape, compute_type, element_type, ui8
from boltir.interpreters.arrays import numpy_dtype, round_to_tf32
from boltir.interpreters.reference.convolution import conv2d, window_of
from boltir.interpreters.reference.linear import alternating, matmul
from boltir.interpreters.stores import stored_values

Array = npt.NDArray[Any]
Tensor = tuple[Shape, Attribute]
Epilogue = Callable[..., tuple[Any, ...]]
"""From a builder, the accumulators and one element of each operand to the value of each output."""

TOLERANCES = {"float16": 2e-3, "bfloat16": 1.6e-2, "float32": 1e-4, "int8": 1e-2, "uint8": 1e-2}
"""The largest deviation by dtype, relative to the largest value: some roundings, or one step of an integer."""

ALL = ElementsAttr()
CALLS: Mapping[type[Any], Callable[[Array], Array]] = {
    math.ErfOp: np.vectorize(erf),
    math.ExpOp: np.exp,
    math.RoundEvenOp: np.rint,
    math.TanhOp: np.tanh,
}


class Exact:
    """Computes what boltir's `ScalarBuilder` builds, on f64 arrays."""

    def constant(self, value: float) -> float:
        return value

    def call(self, function: type[Any], x: Array) -> Array:
        return CALLS[function](x)

    def add(self, a: Array, b: Array) -> Array:
        return a + b

    def subtract(self, a: Array, b: Array) -> Array:
        return a - b

    def multiply(self, a: Array, b: Array) -> Array:
        return a * b

    def divide(self, a: Array, b: Array) -> Array:
        return a / b

    def maximum(self, a: Array, b: Array) -> Array:
        return np.maximum(a, b)

    def minimum(self, a: Array, b: Array) -> Array:
        return np.minimum(a, b)

    def stored(self, value: Array, element: Attribute) -> Array:
        limits: dict[Attribute, tuple[int, int]] = {i8: (-128, 127), ui8: (0, 255)}
        return np.clip(np.trunc(value), *limits[element]) if element in limits else value


@dataclass(frozen=True, eq=False)
class EpilogueCase:
    """One kernel to be; or several alike on other inputs, joined in place.

    Attributes:
        anchor: the operation.
        inputs: what it multiplies.
        operands: what the epilogue loads.
        outputs: element type and store of each output.
        properties: of the operation.
        joined: the axis of the concat that two such kernels write into.
    """

    name: str
    anchor: type[FusedOp]
    inputs: tuple[Tensor, ...]
    epilogue: Epilogue
    operands: tuple[Tensor, ...] = ()
    outputs: tuple[tuple[Attribute, StoreAttr], ...] = ((f16, ALL),)
    properties: Mapping[str, Attribute] = field(default_factory=dict[str, Attribute])
    joined: int | None = None

    @property
    def copies(self) -> int:
        return 1 if self.joined is None else 2

    @property
    def arguments(self) -> tuple[Tensor, ...]:
        """What `@main` takes: inputs and operands of each copy."""
        return (*self.inputs, *self.operands) * self.copies

    def module(self) -> ModuleOp:
        """A module at the fused level."""
        block = Block(arg_types=[TensorType(element, shape) for shape, element in self.arguments])
        each = len(self.inputs) + len(self.operands)
        kernels = [self.kernel(block.args[first : first + each]) for first in range(0, len(block.args), each)]
        block.add_ops(kernels)
        results = [result for kernel in kernels for result in kernel.outputs]
        if self.joined is not None:
            in_place = ArrayAttr([BoolAttr.from_bool(True)] * len(results))
            properties = {"axis": int_attr(self.joined), "in_place": in_place}
            concat = ConcatOp.build_kernel(results, properties, result_element_types=[element_type(results[0])])
            block.add_op(concat)
            results = list(concat.outputs)
        block.add_op(ReturnOp(*results))
        types = (block.arg_types, [result.type for result in results])
        return ModuleOp([FuncOp("main", types, Region(block))])

    def kernel(self, arguments: Sequence[SSAValue]) -> FusedOp:
        """One copy of the operation on its inputs and operands."""
        inputs, operands = arguments[: len(self.inputs)], arguments[len(self.inputs) :]
        stores = ArrayAttr([store for _, store in self.outputs])
        accumulators = [compute_type(element_type(inputs[0]))] * (2 if self.anchor is DualGemmOp else 1)
        block = Block(arg_types=[*accumulators, *(compute_type(element_type(operand)) for operand in operands)])
        block.add_op(YieldOp(operands=[list(self.epilogue(ScalarBuilder(block), *block.args))]))
        return self.anchor.build_kernel(
            inputs,
            {**self.properties, "stores": stores},
            result_element_types=[element for element, _ in self.outputs],
            epilogue_operands=operands,
            epilogue=Region(block),
        )

    def random_arguments(self, seed: int) -> list[Array]:
        """Uniform numbers between -1 and 1; integers between -128 and 127."""
        random = np.random.default_rng(seed)
        return [
            random.uniform(-1, 1, shape).astype(numpy_dtype(element))
            if isinstance(element, AnyFloat)
            else random.integers(-128, 128, shape, np.int8)
            for shape, element in self.arguments
        ]

    def expected(self, arguments: Sequence[Array]) -> list[Array]:
        """The outputs in f64, without rounding to their element types."""
        each = len(arguments) // self.copies
        parts = [self._outputs(arguments[first : first + each]) for first in range(0, len(arguments), each)]
        return parts[0] if self.joined is None else [np.concatenate([part[0] for part in parts], self.joined)]

    def _outputs(self, arguments: Sequence[Array]) -> list[Array]:
        count = len(self.inputs)
        exact = [multiplicand(array) for array in arguments[:count]]
        operands = [array.astype(np.float64) for array in arguments[count:]]
        accumulators = self._accumulators(*exact)
        values = self.epilogue(Exact(), *accumulators, *operands)
        return [
            stored_values(store, np.broadcast_to(value, accumulators[0].shape))
            for (_, store), value in zip(self.outputs, values, strict=True)
        ]

    def _accumulators(self, a: Array, b: Array) -> tuple[Array, ...]:
        if self.anchor is Conv2dOp:
            (shape, _), (filters, _) = self.inputs
            extents = tuple(extent + 2 - size + 1 for extent, size in zip(shape[1:3], filters[1:3], strict=True))
            return (conv2d(a, b, window_of(filters[1:3], extents, (1, 1), (1, 1), (1, 1)), 1),)
        product = matmul(a, b, transpose_b=True)
        return alternating(product, PAIR_GROUP) if self.anchor is DualGemmOp else (product,)


def multiplicand(array: Array) -> Array:
    """What tensor cores multiply: f32 numbers as tf32."""
    return (round_to_tf32(array) if array.dtype == np.float32 else array).astype(np.float64)


def gemm(
    name: str,
    epilogue: Epilogue,
    operands: Sequence[Tensor] = (),
    outputs: Sequence[tuple[Attribute, StoreAttr]] = ((f16, ALL),),
    *,
    rows: Shape = (200,),
    n: int = 136,
    k: int = 72,
    element: Attribute = f16,
    joined: int | None = None,
    anchor: type[FusedOp] = GemmOp,
) -> EpilogueCase:
    """A product of a [rows..., K] input and an [N, K] weight; a dual one has twice as many weights."""
    weights = (2 * n if anchor is DualGemmOp else n, k)
    inputs = (((*rows, k), element), (weights, element))
    properties = {"transpose_b": bool_attr(True)}
    return EpilogueCase(name, anchor, inputs, epilogue, tuple(operands), tuple(outputs), properties, joined)


def conv(
    name: str,
    epilogue: Epilogue,
    operands: Sequence[Tensor] = (),
    outputs: Sequence[tuple[Attribute, StoreAttr]] = ((f16, ALL),),
    *,
    element: Attribute = f16,
    joined: int | None = None,
) -> EpilogueCase:
    """A 3x3 convolution of two 14x14 images of 32 channels with 72 filters; the result has the same size."""
    inputs = (((2, 14, 14, 32), element), ((72, 3, 3, 32), element))
    properties = {"padding": ints((1, 1, 1, 1))}
    return EpilogueCase(
        f"conv: {name}", Conv2dOp, inputs, epilogue, tuple(operands), tuple(outputs), properties, joined
    )


def same(b: Any, x: Any) -> tuple[Any, ...]:
    return (x,)


def twice(b: Any, x: Any) -> tuple[Any, ...]:
    return x, x


def three_biased(b: Any, x: Any, bias: Any) -> tuple[Any, ...]:
    return (b.add(x, bias),) * 3


def total(b: Any, x: Any, *operands: Any) -> tuple[Any, ...]:
    for operand in operands:
        x = b.add(x, operand)
    return (x,)


def relu(b: Any, x: Any) -> Any:
    return b.maximum(x, b.constant(0.0))


def gelu(b: Any, x: Any) -> Any:
    phi = b.add(b.call(math.ErfOp, b.multiply(x, b.constant(0.7071067811865476))), b.constant(1.0))
    return b.multiply(b.multiply(x, b.constant(0.5)), phi)


def silu(b: Any, x: Any) -> Any:
    one = b.constant(1.0)
    return b.divide(x, b.add(one, b.call(math.ExpOp, b.subtract(b.constant(0.0), x))))


def bias_gelu_kept(b: Any, x: Any, bias: Any) -> tuple[Any, ...]:
    before = b.add(x, bias)
    return gelu(b, before), before


def two_residuals(b: Any, x: Any, before: Any, bias: Any, after: Any) -> tuple[Any, ...]:
    return (b.add(relu(b, b.add(b.add(x, bias), before)), after),)


def everything(b: Any, x: Any, row: Any, column: Any, scalar: Any, full: Any, other_row: Any) -> tuple[Any, ...]:
    """A diamond: the sum is used twice."""
    middle = b.multiply(b.add(b.multiply(x, column), row), scalar)
    return (b.add(b.multiply(middle, b.call(math.TanhOp, middle)), b.multiply(full, other_row)),)


def gated_by(b: Any, x: Any, gate: Any) -> tuple[Any, ...]:
    return (b.multiply(x, gate),)


def dequantized(b: Any, x: Any, integer: Any, scale: Any) -> tuple[Any, ...]:
    return (b.add(x, b.multiply(b.stored(integer, f32), scale)),)


def quantized(b: Any, x: Any, bias: Any, scale: Any) -> tuple[Any, ...]:
    """Large enough to saturate."""
    larger = b.multiply(b.add(x, bias), b.multiply(scale, b.constant(100.0)))
    rounded = b.call(math.RoundEvenOp, larger)
    bounded = b.minimum(b.maximum(rounded, b.constant(-128.0)), b.constant(127.0))
    return (b.stored(bounded, i8),)


def unsigned(b: Any, x: Any, bias: Any) -> tuple[Any, ...]:
    return (b.stored(b.call(math.RoundEvenOp, b.multiply(b.add(x, bias), b.constant(40.0))), ui8),)


def six_values(b: Any, x: Any, bias: Any) -> tuple[Any, ...]:
    value = b.add(x, bias)
    (integer,) = quantized(b, value, bias, b.constant(0.5))
    return value, integer, relu(b, value), value, b.multiply(value, value), value


def squares(b: Any, x: Any, residual: Any) -> tuple[Any, ...]:
    value = b.add(x, residual)
    return value, value, b.multiply(value, value)


def gate_and_up(b: Any, gate: Any, up: Any) -> tuple[Any, ...]:
    return (b.multiply(silu(b, gate), up),)


def gate_and_up_kept(b: Any, gate: Any, up: Any, bias: Any, residual: Any) -> tuple[Any, ...]:
    gated = b.multiply(silu(b, b.add(gate, bias)), up)
    return b.add(gated, residual), gated


def sums(along: Along, group: int) -> ReducedAttr:
    return ReducedAttr.of(Combiner.SUM, along, group)


def largest(along: Along, group: int) -> ReducedAttr:
    return ReducedAttr.of(Combiner.MAX, along, group)


GEMMS = (
    gemm("two residuals, bias", two_residuals, [((200, 136), f16), ((136,), f16), ((200, 136), f16)]),
    gemm(
        "every kind of operand in five types",
        everything,
        [((136,), f32), ((200, 1), bf16), ((1,), f16), ((200, 136), f32), ((136,), bf16)],
    ),
    gemm("operand per batch and column", gated_by, [((2, 1, 136), f16)], rows=(2, 100)),
    gemm("operand per batch and row", gated_by, [((2, 1, 1, 1), f16)], rows=(2, 5, 20)),
    gemm("operand repeated along rows", total, [((10, 1, 136), f16)], rows=(10, 20)),
    gemm("i8 operand", dequantized, [((200, 136), i8), ((136,), f16)]),
    gemm("pre-activation kept", bias_gelu_kept, [((136,), f16)], [(f16, ALL), (f16, ALL)]),
    gemm("outputs of two types", bias_gelu_kept, [((136,), f16)], [(f16, ALL), (f32, ALL)]),
    gemm("i8 output", quantized, [((136,), f16), ((1,), f32)], [(i8, ALL)]),
    gemm("ui8 output", unsigned, [((136,), f16)], [(ui8, ALL)]),
    gemm(
        "three ranges of columns",
        three_biased,
        [((192,), f16)],
        [(f16, ColumnsAttr.of(64 * i, 64)) for i in range(3)],
        n=192,
    ),
    gemm("odd ranges of columns", twice, (), [(f16, ColumnsAttr.of(0, 7)), (f32, ColumnsAttr.of(7, 30))], n=37),
    gemm("split into heads", total, [((192,), f16)], [(f16, PermutedAttr.of((2, 100, 3, 64), (0, 2, 1, 3)))], n=192),
    gemm("split into heads, transposed", same, (), [(f16, PermutedAttr.of((2, 100, 3, 64), (0, 2, 3, 1)))], n=192),
    gemm("padded", total, [((132,), f16)], [(f16, PaddedAttr.of(136))], n=132),
    gemm(
        "value, sums and sums of squares of rows",
        squares,
        [((200, 136), f16)],
        [(f16, ALL), (f32, sums(Along.COLUMNS, 136)), (f32, sums(Along.COLUMNS, 136))],
    ),
    gemm("value and largest of each row", twice, (), [(f16, ALL), (f32, largest(Along.COLUMNS, 136))]),
    gemm("value and largest of each column", twice, (), [(f16, ALL), (f32, largest(Along.ROWS, 200))]),
    gemm("sum of each column only", same, (), [(f32, sums(Along.ROWS, 200))]),
    gemm(
        "every kind of store",
        six_values,
        [((192,), f16)],
        [
            (f16, ALL),
            (i8, ColumnsAttr.of(64, 64)),
            (f16, PermutedAttr.of((2, 100, 3, 64), (0, 2, 1, 3))),
            (f32, PaddedAttr.of(200)),
            (f32, sums(Along.COLUMNS, 192)),
            (f32, largest(Along.ROWS, 200)),
        ],
        n=192,
    ),
    gemm("joined columns", total, [((136,), f16), ((200, 136), f16)], joined=1),
    gemm("joined rows", total, [((136,), f16)], joined=0),
    gemm("residuals in odd rows", two_residuals, [((200, 137), f16), ((137,), f16), ((200, 137), f16)], n=137),
    gemm("unaligned", two_residuals, [((57, 33), f16), ((33,), f16), ((57, 33), f16)], rows=(57,), n=33, k=41),
    gemm("bf16, f32 out", bias_gelu_kept, [((136,), bf16)], [(bf16, ALL), (f32, ALL)], element=bf16),
    gemm("tf32", two_residuals, [((200, 136), f32), ((136,), f32), ((200, 136), f32)], [(f32, ALL)], element=f32),
)

DUALS = (
    gemm("gated", gate_and_up, anchor=DualGemmOp),
    gemm(
        "gated, kept, bias, residual",
        gate_and_up_kept,
        [((136,), f16), ((200, 136), f16)],
        [(f16, ALL), (f16, ALL)],
        anchor=DualGemmOp,
    ),
)

IMAGE = (2, 14, 14, 72)
CONVOLUTIONS = (
    conv("two residuals, bias", two_residuals, [(IMAGE, f16), ((72,), f16), (IMAGE, f16)]),
    conv(
        "every kind of operand in five types",
        everything,
        [((72,), f32), ((2, 14, 14, 1), bf16), ((1,), f16), (IMAGE, f32), ((72,), bf16)],
    ),
    conv("gate per image and channel", gated_by, [((2, 1, 1, 72), f16)]),
    conv("pre-activation kept", bias_gelu_kept, [((72,), f16)], [(f16, ALL), (f32, ALL)]),
    conv("i8 output", quantized, [((72,), f16), ((1,), f32)], [(i8, ALL)]),
    conv(
        "two ranges of channels",
        twice,
        (),
        [(f16, ColumnsAttr.of(0, 40)), (f16, ColumnsAttr.of(40, 32))],
    ),
    conv("stored as NCHW", same, (), [(f16, PermutedAttr.of((2, 14 * 14, 72), (0, 2, 1)))]),
    conv(
        "every kind of store",
        six_values,
        [((72,), f16)],
        [
            (f16, ALL),
            (i8, ColumnsAttr.of(40, 32)),
            (f16, PermutedAttr.of((2, 14 * 14, 72), (0, 2, 1))),
            (f32, PaddedAttr.of(80)),
            (f32, sums(Along.COLUMNS, 72)),
            (f32, largest(Along.ROWS, 2 * 14 * 14)),
        ],
    ),
    conv("padded", same, (), [(f16, PaddedAttr.of(80))]),
    conv("value and sums of channels", twice, (), [(f16, ALL), (f32, sums(Along.ROWS, 2 * 14 * 14))]),
    conv("joined channels", total, [((72,), f16), (IMAGE, f16)], joined=3),
    conv("tf32", bias_gelu_kept, [((72,), f32)], [(f32, ALL), (f32, ALL)], element=f32),
)

CASES = (*GEMMS, *DUALS, *CONVOLUTIONS)
