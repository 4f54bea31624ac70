"""What the tuning benchmark tunes: f16 products and ResNet-50's convolutions, with a bias and a ReLU.

All have the same epilogue, so that products share their kernels with the convolutions of a window of one pixel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from xdsl.dialects.arith import AddfOp, ConstantOp, MaximumfOp
from xdsl.dialects.builtin import FloatAttr, TensorType, f16, f32
from xdsl.ir import Attribute, Block, Region, SSAValue
from xdsl.utils.test_value import create_ssa_value

from boltir.dialects.fused import Conv2dOp, FusedOp, GemmOp
from boltir.dialects.fused.epilogue import YieldOp
from boltir.dialects.properties import bool_attr, ints
from boltir.profiler.problem import Problem

IMAGES = 32


@dataclass(frozen=True)
class Product:
    """[m, k] times the transpose of [n, k], plus a bias, and what of it is positive."""

    m: int
    n: int
    k: int

    @property
    def name(self) -> str:
        return f"{self.m}x{self.n}x{self.k}"

    def problem(self) -> Problem:
        operands = [_tensor(self.m, self.k), _tensor(self.n, self.k)]
        return _problem(GemmOp, operands, {"transpose_b": bool_attr(True)}, self.n)


@dataclass(frozen=True)
class Convolution:
    """Of `size` x `size` pixels with a window of `window` x `window` that keeps the size but for the stride."""

    size: int
    inputs: int
    outputs: int
    window: int
    stride: int = 1

    @property
    def name(self) -> str:
        step = f"/{self.stride}" if self.stride > 1 else ""
        return f"{self.size}x{self.size}x{self.inputs} to {self.outputs}, {self.window}x{self.window}{step}"

    def problem(self) -> Problem:
        pad = self.window // 2
        properties = {"strides": ints((self.stride,) * 2), "padding": ints((pad,) * 4)}
        operands = [
            _tensor(IMAGES, self.size, self.size, self.inputs),
            _tensor(self.outputs, self.window, self.window, self.inputs),
        ]
        return _problem(Conv2dOp, operands, properties, self.outputs)


Case = Product | Convolution

PRODUCTS = (
    *(Product(tokens, n, k) for tokens in (32 * 40, 8 * 128) for n, k in ((2304, 768), (768, 768))),
    *(Product(tokens, n, k) for tokens in (32 * 40, 8 * 128) for n, k in ((3072, 768), (768, 3072))),
    Product(4096, 4096, 4096),
    Product(8192, 8192, 8192),
    Product(128, 4096, 4096),
    Product(8, 4096, 4096),
    Product(77, 1000, 333),
)
"""BERT-base (queries, keys and values; their projection; up; down) for two batches; large, small and odd ones."""

CONVOLUTIONS = (
    Convolution(56, 64, 64, 1),
    Convolution(56, 64, 64, 3),
    Convolution(56, 64, 256, 1),
    Convolution(56, 256, 64, 1),
    Convolution(56, 256, 128, 1),
    Convolution(56, 128, 128, 3, 2),
    Convolution(56, 256, 512, 1, 2),
    Convolution(28, 128, 512, 1),
    Convolution(28, 512, 128, 1),
    Convolution(28, 128, 128, 3),
    Convolution(28, 512, 256, 1),
    Convolution(28, 256, 256, 3, 2),
    Convolution(28, 512, 1024, 1, 2),
    Convolution(14, 256, 1024, 1),
    Convolution(14, 1024, 256, 1),
    Convolution(14, 256, 256, 3),
    Convolution(14, 1024, 512, 1),
    Convolution(14, 512, 512, 3, 2),
    Convolution(14, 1024, 2048, 1, 2),
    Convolution(7, 512, 2048, 1),
    Convolution(7, 2048, 512, 1),
    Convolution(7, 512, 512, 3),
)
"""ResNet-50's for 32 pictures, without the first, which has 3 channels."""

CASES: tuple[Case, ...] = (*PRODUCTS, *CONVOLUTIONS)


def _tensor(*shape: int) -> SSAValue:
    return create_ssa_value(TensorType(f16, shape))


def _problem(
    kind: type[FusedOp], operands: list[SSAValue], properties: Mapping[str, Attribute], columns: int
) -> Problem:
    block = Block(arg_types=[f32, f32])
    biased = AddfOp(block.args[0], block.args[1])
    zero = ConstantOp(FloatAttr(0.0, f32))
    positive = MaximumfOp(biased.result, zero.result)
    block.add_ops([biased, zero, positive, YieldOp(operands=[[positive.result]])])
    op = kind.build_kernel(
        operands, properties, result_element_types=[f16], epilogue_operands=[_tensor(columns)], epilogue=Region(block)
    )
    return Problem.of(op)
