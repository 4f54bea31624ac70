"""The interpretation of the `fused` dialect: anchor, epilogue, store."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from xdsl.dialects.builtin import BoolAttr
from xdsl.interpreter import (
    Interpreter,
    InterpreterFunctions,
    PythonValues,
    ReturnedValues,
    TerminatorValue,
    impl,
    impl_terminator,
)
from xdsl.ir import Operation

from boltir.dialects.fused import attention, linear, movement, reduction
from boltir.dialects.fused.base import FusedOp, YieldOp
from boltir.dialects.fused.chain import ChainOp
from boltir.errors import BoltError
from boltir.interpreters.arrays import Array, shape_and_dtype, widen
from boltir.interpreters.epilogue import run_epilogue
from boltir.interpreters.movement import MOVEMENTS
from boltir.interpreters.reference import convolution, normalization
from boltir.interpreters.reference.attention import attention as attend
from boltir.interpreters.reference.convolution import Window, window_of
from boltir.interpreters.reference.linear import alternating, matmul
from boltir.interpreters.reference.pooling import average_pool2d, max_pool2d
from boltir.interpreters.registry import Meanings, implement, stored, where
from boltir.interpreters.stores import stored_values

ANCHORS = Meanings()
"""The accumulator of each anchor, as a function of the operation and its widened inputs."""


def _flag(attribute: BoolAttr) -> bool:
    return bool(attribute.value.data)


def _window(op: linear.ConvolutionOp | reduction.Pool2dOp, size: Sequence[int]) -> Window:
    top, left, _, _ = op.padding.get_values()
    return window_of(size, op.result_shape[1:3], op.strides.get_values(), (top, left), op.dilations.get_values())


@ANCHORS.of(linear.GemmOp, linear.DualGemmOp)
def gemm(op: linear.GemmOp | linear.DualGemmOp, a: Array, b: Array) -> Array:
    return matmul(a, b, transpose_a=_flag(op.transpose_a), transpose_b=_flag(op.transpose_b))


@ANCHORS.of(attention.AttentionOp)
def multi_head_attention(op: attention.AttentionOp, q: Array, k: Array, v: Array, mask: Array | None = None) -> Array:
    heads, head_dim, scale = op.heads.value.data, op.head_dim.value.data, op.scale.value.data
    return attend((q, k, v), op.offsets.get_values(), mask, heads=heads, head_dim=head_dim, scale=scale)


@ANCHORS.of(linear.Conv2dOp)
def conv2d(op: linear.Conv2dOp, x: Array, weight: Array) -> Array:
    return convolution.conv2d(x, weight, _window(op, weight.shape[1:3]), op.groups.value.data)


@ANCHORS.of(linear.DepthwiseConv2dOp)
def depthwise_conv2d(op: linear.DepthwiseConv2dOp, x: Array, weight: Array) -> Array:
    return convolution.depthwise_conv2d(x, weight, _window(op, weight.shape[:2]))


@ANCHORS.of(linear.ConvTranspose2dOp)
def conv_transpose2d(op: linear.ConvTranspose2dOp, x: Array, weight: Array) -> Array:
    return convolution.conv_transpose2d(x, weight, _window(op, weight.shape[1:3]), op.groups.value.data)


@ANCHORS.of(reduction.Pool2dOp)
def pool2d(op: reduction.Pool2dOp, x: Array) -> Array:
    window = _window(op, op.kernel.get_values())
    if op.kind.data == reduction.ReductionKind.MAX:
        return max_pool2d(x, window)
    _, _, bottom, right = op.padding.get_values()
    return average_pool2d(x, window, (bottom, right) if _flag(op.count_include_pad) else None)


@ANCHORS.of(reduction.ReduceOp)
def reduce(op: reduction.ReduceOp, x: Array) -> Array:
    return normalization.reduce(op.kind.data, x, op.axes.get_values(), keepdims=_flag(op.keepdims))


@ANCHORS.of(reduction.SoftmaxOp)
def softmax(op: reduction.SoftmaxOp, x: Array) -> Array:
    return normalization.softmax(x, op.axis.value.data)


@ANCHORS.of(reduction.LayerNormOp)
def layer_norm(op: reduction.LayerNormOp, x: Array) -> Array:
    return normalization.standardize(x, op.axis.value.data, op.epsilon.value.data)


@ANCHORS.of(movement.TransposeOp)
def transpose(op: movement.TransposeOp, x: Array) -> Array:
    turned = x.transpose(op.permutation.get_values())
    if not op.padding.value.data:
        return turned
    return np.pad(turned, [(0, 0)] * (turned.ndim - 1) + [(0, op.padding.value.data)])


ANCHORS.update((op, meaning) for op, meaning in MOVEMENTS.items() if issubclass(op, FusedOp))


def _accumulators(op: FusedOp, inputs: Sequence[Array]) -> Sequence[Array]:
    if isinstance(op, reduction.PointwiseOp):
        return ()
    accumulator = ANCHORS[type(op)](op, *inputs)
    return alternating(accumulator, op.group.value.data) if isinstance(op, linear.DualGemmOp) else (accumulator,)


class FusedFunctions(InterpreterFunctions):
    """Everything between the inputs and the stored result of a kernel is in compute types."""

    def run_kernel(self, interpreter: Interpreter, op: Operation, args: PythonValues) -> PythonValues:
        if not isinstance(op, FusedOp):
            raise BoltError("not a kernel", where=where(op))
        inputs, operands = args[: len(op.inputs)], args[len(op.inputs) :]
        # The broadcast kinds say no more than the shapes do, which numpy broadcasts.
        arguments = [*_accumulators(op, list(map(widen, inputs))), *map(widen, operands)]
        results = run_epilogue(interpreter, op.epilogue, arguments, op.result_shape)
        outputs = zip(results, op.output_stores, op.outputs, strict=True)
        return tuple(stored(stored_values(store, value), output.type) for value, store, output in outputs)

    @impl(movement.ReshapeOp)
    def run_reshape(self, interpreter: Interpreter, op: movement.ReshapeOp, args: PythonValues) -> PythonValues:
        shape, _ = shape_and_dtype(op.output.type)
        return (args[0].reshape(shape),)

    @impl(ChainOp)
    def run_chain(self, interpreter: Interpreter, op: ChainOp, args: PythonValues) -> PythonValues:
        return interpreter.run_ssacfg_region(op.body, args, "chain")

    @impl_terminator(YieldOp)
    def run_yield(
        self, interpreter: Interpreter, op: YieldOp, args: PythonValues
    ) -> tuple[TerminatorValue, PythonValues]:
        return ReturnedValues(args), ()


implement(FusedFunctions, [*ANCHORS, reduction.PointwiseOp], FusedFunctions.run_kernel)
