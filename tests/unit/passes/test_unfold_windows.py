"""Convolutions of unfolded windows are the convolutions they were."""

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from xdsl.dialects.builtin import ModuleOp, TensorType, f32
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Block, Region

from boltir.compiler import Network, run_pipeline
from boltir.dialects.graph import Conv2dOp, Layout, LayoutAttr, UnfoldOp
from boltir.dialects.properties import ints

small = st.integers(1, 4)
window = st.tuples(st.integers(1, 7), st.integers(1, 7))
pads = st.tuples(*[st.integers(0, 3)] * 4)


@settings(max_examples=60, deadline=None)
@given(channels=small, kernel=window, strides=st.tuples(small, small), padding=pads, seed=st.integers(0, 9))
def test_the_convolution_stays_the_same(
    channels: int, kernel: tuple[int, int], strides: tuple[int, int], padding: tuple[int, ...], seed: int
) -> None:
    assume(kernel != (1, 1))
    types = [TensorType(f32, [2, 17, 15, channels]), TensorType(f32, [96, *kernel, channels])]
    block = Block(arg_types=types)
    properties = {"strides": ints(strides), "padding": ints(padding), "layout": LayoutAttr(Layout.NHWC)}
    conv = Conv2dOp.build_inferred(block.args, properties)
    block.add_ops([conv, ReturnOp(conv.result)])
    network = Network(ModuleOp([FuncOp("main", (types, [conv.result.type]), Region(block))]))
    rng = np.random.default_rng(seed)
    inputs = [rng.integers(-3, 4, kind.get_shape()).astype(np.float32) for kind in types]
    before = network.run(inputs)
    run_pipeline(network, ["unfold-windows{force=true}"])
    unfolded = [op for op in network.module.walk() if isinstance(op, UnfoldOp)]
    assert len(unfolded) == 1
    np.testing.assert_array_equal(network.run(inputs)[0], before[0])
