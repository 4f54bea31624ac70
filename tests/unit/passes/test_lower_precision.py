"""What `lower-precision` does with values that 16 bits cannot hold, and with bad options."""

import numpy as np
import pytest

from boltir.dialects import graph
from boltir.errors import BoltError
from boltir.passes.assign_layout import AssignLayoutPass
from boltir.passes.lower_precision import LowerPrecisionPass
from tests.support.network_builder import NetworkBuilder


@pytest.mark.parametrize(("dtype", "lowest"), [("f16", -65504.0), ("bf16", -3.3895313892515355e38)])
def test_the_lowest_weights_stay_finite(dtype: str, lowest: float) -> None:
    net = NetworkBuilder(np.random.default_rng(0))
    network = net.finish(net.add(graph.AddOp, net.argument(np.zeros((2, 2), np.float32)), net.mask(2)))
    LowerPrecisionPass(dtype).apply(network.context, network.module)
    np.testing.assert_array_equal(network.outputs()[0], np.array([[0, lowest], [0, 0]], np.float32))
    (remark,) = network.context.remarks
    assert remark.message.startswith(f"weight @w1 has values beyond {dtype}")


def test_an_infinite_mask_stays_infinite() -> None:
    net = NetworkBuilder(np.random.default_rng(0))
    mask = net.weight(np.array([0.0, -np.inf, -1e30], np.float32))
    network = net.finish(net.add(graph.AddOp, net.argument(np.zeros(3, np.float32)), mask))
    LowerPrecisionPass("f16").apply(network.context, network.module)
    np.testing.assert_array_equal(network.outputs()[0], np.array([0, -np.inf, -65504], np.float32))


def test_an_infinite_constant_stays_infinite_without_a_remark() -> None:
    net = NetworkBuilder(np.random.default_rng(0))
    x = net.argument(np.zeros(3, np.float32))
    network = net.finish(net.add(graph.AddOp, x, net.scalar(-np.inf)), net.add(graph.AddOp, x, net.scalar(-1e30)))
    LowerPrecisionPass("f16").apply(network.context, network.module)
    masked, lowest = network.outputs()
    np.testing.assert_array_equal(masked, np.full(3, -np.inf, np.float32))
    np.testing.assert_array_equal(lowest, np.full(3, -65504, np.float32))
    (remark,) = network.context.remarks
    assert remark.message == "constant has values beyond f16: they become +-65504"


def test_unknown_options_are_errors() -> None:
    network = NetworkBuilder(np.random.default_rng(0)).finish()
    with pytest.raises(BoltError, match=r"unknown dtype 'f8' \(one of f16, fp16"):
        LowerPrecisionPass("f8").apply(network.context, network.module)
    with pytest.raises(BoltError, match=r"no kernels for layout 'nchw' \(use nhwc\)"):
        AssignLayoutPass("nchw").apply(network.context, network.module)
