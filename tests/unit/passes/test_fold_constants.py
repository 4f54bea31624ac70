"""What `fold-constants` does with the bytes of weights."""

import numpy as np
from xdsl.dialects.builtin import TensorType, bf16, f32

from boltir.dialects import graph
from boltir.dialects.graph.movement import PadOp, TransposeOp
from boltir.dialects.properties import ints
from boltir.passes.fold_constants import FoldConstantsPass
from tests.support.network_builder import Network, NetworkBuilder


def fold(network: Network) -> list[str]:
    """The names of the weights that are left, in order."""
    FoldConstantsPass().apply(network.context, network.module)
    network.module.verify()
    return [op.weight_name for op in network.ops(graph.WeightOp) if isinstance(op, graph.WeightOp)]


def test_equal_foldings_of_one_weight_are_stored_once() -> None:
    net = NetworkBuilder(np.random.default_rng(0))
    weight = net.normal(5, 7)
    turned = [net.add(TransposeOp, weight, permutation=ints([1, 0])) for _ in range(2)]
    assert fold(net.finish(*turned)) == ["w0_1", "w0_1"]


def test_steps_between_are_not_stored() -> None:
    net = NetworkBuilder(np.random.default_rng(0))
    steps = net.add(graph.NegOp, net.add(graph.AbsOp, net.normal(5, 7)))
    network = net.finish(steps)
    expected = network.outputs()
    assert fold(network) == ["w0_1"]
    assert set(network.context.weights.added) == {"w0", "w0_1"}
    np.testing.assert_array_equal(network.outputs(), expected)


def test_weights_become_bf16() -> None:
    net = NetworkBuilder(np.random.default_rng(0))
    network = net.finish(net.build.cast(net.normal(5, 7), bf16))
    expected = network.outputs()
    fold(network)
    np.testing.assert_array_equal(network.outputs(), expected)


def test_a_weight_that_grows_too_much_stays() -> None:
    net = NetworkBuilder(np.random.default_rng(0))
    network = net.finish(net.build.broadcast_to(net.normal(1, 64), (64, 64)))
    assert fold(network) == ["w0"]
    assert [remark.message for remark in network.context.remarks] == ["not folded: 256 bytes would grow to 16384"]


def test_a_weight_with_rows_of_one_element_is_padded_to_an_access() -> None:
    net = NetworkBuilder(np.random.default_rng(0))
    padded = net.add(PadOp, net.normal(512, 1), low=ints([0, 0]), high=ints([0, 7]))
    network = net.finish(padded)
    expected = network.outputs()
    fold(network)
    assert not network.ops(PadOp)
    np.testing.assert_array_equal(network.outputs(), expected)


def test_constants_are_read_beside_arguments() -> None:
    net = NetworkBuilder(np.random.default_rng(0))
    x = net.argument(np.ones(3, np.float32))
    three = net.add(graph.AddOp, net.scalar(1.0), net.build.splat(2.0, TensorType(f32, [])))
    network = net.finish(net.add(graph.MulOp, x, three))
    fold(network)
    np.testing.assert_array_equal(network.outputs(), [[3, 3, 3]])
