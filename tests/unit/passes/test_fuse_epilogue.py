"""Fusing never changes what a network computes, and takes time linear in its size."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xdsl.builder import Builder
from xdsl.dialects.builtin import ModuleOp, TensorType, UnknownLoc, f16, f32, i1, i8, i32, i64
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Attribute, Block, Region, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint
from xdsl.transforms.canonicalize import CanonicalizePass

from boltir.context import CompilerContext
from boltir.dialects import graph
from boltir.dialects.fused import FusedOp
from boltir.dialects.graph.builder import GraphBuilder
from boltir.dialects.graph.enums import Layout, LayoutAttr
from boltir.dialects.properties import ints
from boltir.dialects.tensors import Shape, element_type, static_shape
from boltir.interpreters import run
from boltir.interpreters.arrays import numpy_dtype
from boltir.lowering.graph_to_fused.convert import ConvertGraphToFusedPass
from boltir.passes.fuse_epilogue import FuseEpiloguePass
from boltir.passes.split_epilogue import SplitEpiloguePass
from boltir.weights import WeightStore

Array = npt.NDArray[Any]
SHAPE = (1, 3, 2, 4)
"""What every anchor below computes."""

UNARY = (graph.AbsOp, graph.NegOp, graph.ReluOp, graph.SigmoidOp, graph.TanhOp, graph.GeluOp)
BINARY = (graph.AddOp, graph.SubOp, graph.MulOp, graph.MaximumOp, graph.MinimumOp)
OPERAND_SHAPES = (SHAPE, (4,), (1, 3, 2, 1), (1,), (), (1, 1, 1, 4), (3, 1, 4), (1, 1, 2, 1))
CAST_ELEMENTS = (i1, i8, i32, i64, f32)


@dataclass
class NetworkBuilder:
    """Builds `@main` operation by operation; every tensor an operation lacks becomes an argument."""

    block: Block = field(default_factory=Block)

    @property
    def build(self) -> GraphBuilder:
        return GraphBuilder(Builder(InsertPoint.at_end(self.block)), UnknownLoc())

    def argument(self, shape: Shape, element: Attribute = f32) -> SSAValue:
        return self.block.insert_arg(TensorType(element, shape), len(self.block.args))

    def finish(self, results: Sequence[SSAValue]) -> ModuleOp:
        self.block.add_op(ReturnOp(*results))
        types = ([argument.type for argument in self.block.args], [value.type for value in results])
        return ModuleOp([FuncOp("main", types, Region(self.block))])


def convolution(network: NetworkBuilder) -> SSAValue:
    operands = [network.argument((1, 4, 3, 2)), network.argument((4, 2, 2, 2))]
    return network.build.add(
        graph.Conv2dOp, operands, {"layout": LayoutAttr(Layout.NHWC), "padding": ints([0, 0, 0, 0])}
    )


def matrix_product(network: NetworkBuilder) -> SSAValue:
    product = network.build.add(graph.GemmOp, [network.argument((6, 5)), network.argument((5, 4))])
    return network.build.reshape(product, SHAPE)


def reduction(network: NetworkBuilder) -> SSAValue:
    reduced = network.build.add(graph.ReduceMeanOp, [network.argument((1, 3, 2, 4, 5))], {"axes": ints([4])})
    return network.build.reshape(reduced, SHAPE)


def transposition(network: NetworkBuilder) -> SSAValue:
    return network.build.transpose(network.argument((1, 4, 3, 2)), (0, 2, 3, 1))


ANCHORS = (convolution, matrix_product, reduction, transposition)


@st.composite
def networks(draw: st.DrawFn) -> ModuleOp:
    """One or two anchors and a DAG of elementwise operations behind them: chains, diamonds, casts, residuals."""
    network = NetworkBuilder()
    values = [draw(st.sampled_from(ANCHORS))(network) for _ in range(draw(st.integers(1, 2)))]
    for _ in range(draw(st.integers(1, 12))):
        values.append(_random_operation(draw, network, values))
    unused = [value for value in values if value.first_use is None]
    return network.finish(unused)


def _random_operation(draw: st.DrawFn, network: NetworkBuilder, values: Sequence[SSAValue]) -> SSAValue:
    # Late values are drawn more often: that makes chains.
    value = draw(st.sampled_from([*values, *values[-2:], values[-1]]))
    build = network.build
    match draw(st.sampled_from(["unary", "unary", "binary", "binary", "operand", "cast", "reshape"])):
        case "unary":
            return build.add(draw(st.sampled_from(UNARY)), [value])
        case "binary":
            return build.add(draw(st.sampled_from(BINARY)), [value, draw(st.sampled_from(values))])
        case "operand":
            operand = network.argument(draw(st.sampled_from(OPERAND_SHAPES)))
            return build.reshape(build.add(draw(st.sampled_from(BINARY)), [value, operand]), SHAPE)
        case "cast":
            return build.cast(build.cast(value, draw(st.sampled_from(CAST_ELEMENTS))), f32)
        case _:
            flat = build.reshape(value, draw(st.sampled_from([(6, 4), (24,), (2, 3, 4)])))
            return build.reshape(build.add(draw(st.sampled_from(UNARY)), [flat]), SHAPE)


def random_inputs(module: ModuleOp) -> list[Array]:
    random = np.random.default_rng(0)
    arguments = main(module).body.block.args
    return [
        np.asarray(random.normal(scale=2, size=static_shape(value))).astype(numpy_dtype(element_type(value)))
        for value in arguments
    ]


def main(module: ModuleOp) -> FuncOp:
    (function,) = (op for op in module.ops if isinstance(op, FuncOp))
    return function


def after(module: ModuleOp, *passes: ModulePass) -> ModuleOp:
    result = module.clone()
    for module_pass in passes:
        module_pass.apply(CompilerContext(), result)
    result.verify()
    return result


def kernels(module: ModuleOp) -> list[str]:
    return [op.name for op in main(module).body.block.ops if isinstance(op, FusedOp)]


@given(networks())
@settings(max_examples=200, deadline=None, print_blob=True)
def test_fusing_changes_no_result(module: ModuleOp) -> None:
    lowered = after(module, ConvertGraphToFusedPass())
    fused = after(lowered, FuseEpiloguePass())
    assert len(kernels(fused)) <= len(kernels(lowered))
    expect_same_results(lowered, fused)
    expect_same_results(lowered, after(fused, CanonicalizePass()))


@given(networks(), st.integers(0, 1), st.integers(0, 2))
@settings(max_examples=100, deadline=None, print_blob=True)
def test_splitting_changes_no_result(module: ModuleOp, rows: int, fulls: int) -> None:
    fused = after(module, ConvertGraphToFusedPass(), FuseEpiloguePass())
    expect_same_results(fused, after(fused, SplitEpiloguePass(max_rows=rows, max_fulls=fulls)))


def expect_same_results(before: ModuleOp, changed: ModuleOp) -> None:
    """f32 is neither rounded nor reordered by fusion, so results agree to the last bit."""
    inputs = random_inputs(before)
    expected, actual = (run(module, inputs, WeightStore()) for module in (before, changed))
    for one, other in zip(expected, actual, strict=True):
        np.testing.assert_array_equal(one, other)


def test_half_precision_between_operations_is_dropped() -> None:
    """x * 2000 * 2000 / 2000 overflows f16 on the way, not in a register."""
    network = NetworkBuilder()
    value = network.argument((2, 4), f16)
    for op, number in ((graph.MulOp, 2000.0), (graph.MulOp, 2000.0), (graph.DivOp, 2000.0)):
        value = network.build.add(op, [value, network.build.splat(number, TensorType(f16, ()))])
    fused = after(network.finish([value]), ConvertGraphToFusedPass(), FuseEpiloguePass())
    (result,) = run(fused, [np.ones((2, 4), np.float16)], WeightStore())
    np.testing.assert_array_equal(result, np.full((2, 4), 2000, np.float16))


def chain(count: int) -> ModuleOp:
    """One long chain behind a convolution."""
    network = NetworkBuilder()
    value = convolution(network)
    for _ in range(count):
        value = network.build.add(graph.ReluOp, [value])
    return network.finish([value])


def residual_blocks(count: int) -> ModuleOp:
    """Convolution, bias, activation, residual add, over and over."""
    network = NetworkBuilder()
    value, weight, bias = network.argument(SHAPE), network.argument((4, 1, 1, 4)), network.argument((4,))
    for _ in range(count // 4):
        product = network.build.add(graph.Conv2dOp, [value, weight], {"layout": LayoutAttr(Layout.NHWC)})
        shifted = network.build.add(graph.AddOp, [product, bias])
        value = network.build.add(graph.AddOp, [network.build.add(graph.ReluOp, [shifted]), value])
    return network.finish([value])


def sum_of_functions(count: int) -> ModuleOp:
    """A sum whose terms were all computed first: each addition meets a large and a small producer."""
    network = NetworkBuilder()
    x = network.argument(SHAPE)
    terms = [network.build.add(graph.ReluOp, [x]) for _ in range(count // 2)]
    total = terms[0]
    for term in terms[1:]:
        total = network.build.add(graph.AddOp, [total, term])
    return network.finish([total])


def reshapes(count: int) -> ModuleOp:
    """Every operation computes in another shape than the one before it."""
    network = NetworkBuilder()
    value = convolution(network)
    for i in range(count // 2):
        value = network.build.add(graph.ReluOp, [network.build.reshape(value, SHAPE if i % 2 else (6, 4))])
    return network.finish([value])


def fan_out(count: int) -> ModuleOp:
    """One product that many operations read, each for a result."""
    network = NetworkBuilder()
    value = convolution(network)
    return network.finish([network.build.add(graph.ReluOp, [value]) for _ in range(count)])


def needed_on_the_way(count: int) -> ModuleOp:
    """A chain of which every link is a result."""
    network = NetworkBuilder()
    values = [convolution(network)]
    for _ in range(count):
        values.append(network.build.add(graph.ReluOp, [values[-1]]))
    return network.finish(values)


@pytest.mark.parametrize(
    ("build", "largest"),
    [
        (chain, 10_000),
        (residual_blocks, 10_000),
        (sum_of_functions, 4_000),
        (reshapes, 4_000),
        (fan_out, 2_000),
        (needed_on_the_way, 2_000),
    ],
)
def test_time_is_linear(build: Callable[[int], ModuleOp], largest: int) -> None:
    seconds = {count: _seconds(build, count) for count in (10, largest // 10, largest)}
    assert seconds[largest] < 30 * max(seconds[largest // 10], 0.01)


def _seconds(build: Callable[[int], ModuleOp], count: int) -> float:
    """The faster of two runs: what disturbs one only adds to it."""
    return min(_seconds_once(build, count) for _ in range(2))


def _seconds_once(build: Callable[[int], ModuleOp], count: int) -> float:
    module = build(count)
    ConvertGraphToFusedPass().apply(CompilerContext(), module)
    start = time.process_time()
    FuseEpiloguePass().apply(CompilerContext(), module)
    return time.process_time() - start


@pytest.mark.parametrize(("build", "names"), [(chain, ["fused.conv2d"]), (reshapes, ["fused.conv2d"])])
def test_a_chain_is_one_kernel(build: Callable[[int], ModuleOp], names: list[str]) -> None:
    assert kernels(after(build(50), ConvertGraphToFusedPass(), FuseEpiloguePass())) == names
