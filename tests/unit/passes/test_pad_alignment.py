"""`pad-alignment` on random graphs with odd numbers of channels and columns, whatever the padding costs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from boltir.dialects import graph
from boltir.dialects.graph.base import GraphOp
from boltir.dialects.graph.linear import Conv2dOp
from boltir.dialects.properties import bool_attr, ints
from boltir.dialects.tensors import static_shape
from boltir.errors import BoltError
from boltir.lowering.padding.pad_alignment import PadAlignmentPass
from boltir.pass_manager import module_text
from boltir.passes.assign_layout import AssignLayoutPass
from tests.support.network_builder import Array, Network, NetworkBuilder
from tests.support.random_graphs import random_cnn, random_lanes, random_transformer

TOLERANCE = 2e-3
"""A sum in another order may round to the next number of f16."""
ALIGNMENTS = {"f16": 8, "f32": 4}
targets, dtypes = st.sampled_from(["sm_80", "sm_90a"]), st.sampled_from(sorted(ALIGNMENTS))
chosen = st.builds(PadAlignmentPass, targets, dtypes)
forced = st.builds(PadAlignmentPass, targets, dtypes, st.just(True))
seeds = st.integers(0, 2**32)
many = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
few = settings(many, max_examples=20)


def apply(network: Network, *passes: AssignLayoutPass | PadAlignmentPass) -> None:
    for module_pass in passes:
        module_pass.apply(network.context, network.module)
        network.module.verify()


def assert_close(results: list[Array], expected: list[Array]) -> None:
    for result, reference in zip(results, expected, strict=True):
        scale = max(1.0, float(np.abs(reference[np.isfinite(reference)]).max(initial=0)))
        np.testing.assert_allclose(result / scale, reference / scale, rtol=0, atol=TOLERANCE)


@many
@given(seed=seeds, length=st.integers(1, 12), padding=forced)
def test_results_stay(seed: int, length: int, padding: PadAlignmentPass) -> None:
    network = random_lanes(seed, length)
    expected = network.outputs()
    apply(network, padding)
    assert_close(network.outputs(), expected)


@pytest.mark.parametrize("make", [random_lanes, random_cnn, random_transformer])
@few
@given(seed=seeds, length=st.integers(1, 10), padding=forced | chosen)
def test_a_second_run_changes_nothing(
    make: Callable[[int, int], Network], seed: int, length: int, padding: PadAlignmentPass
) -> None:
    network = make(seed, length)
    apply(network, AssignLayoutPass(), padding)
    once = module_text(network.module)
    apply(network, padding)
    assert module_text(network.module) == once


@few
@given(seed=seeds, padding=forced)
def test_convolutions_of_any_channels_are_aligned(seed: int, padding: PadAlignmentPass) -> None:
    network = random_cnn(seed, 8)
    expected = network.outputs()
    apply(network, AssignLayoutPass(), padding)
    assert_close(network.outputs(), expected)
    for op in network.ops(Conv2dOp):
        if isinstance(op, Conv2dOp) and op.groups.value.data == 1:
            assert static_shape(op.input)[3] % ALIGNMENTS[padding.dtype] in (0, 4)
            assert static_shape(op.result)[3] % ALIGNMENTS[padding.dtype] in (0, 4)


def finite_and_infinite(seed: int, length: int) -> Network:
    """Matrices with infinities; products and sums of them and of what functions of both bounds make of the results."""
    net = NetworkBuilder(np.random.default_rng(seed))
    x = net.random.standard_normal((4, 6)).astype(np.float32)
    x[net.pick((0, 3)), net.pick((1, 5))] = net.pick((np.inf, -np.inf))
    values = [net.argument(x)]
    bounded = [*values]
    factor = net.argument(np.array([[1], [-np.inf], [2], [0]], np.float32))
    for _ in range(length):
        value, summed = net.pick([*values, values[-1]]), net.pick([*bounded, bounded[-1]])
        columns = static_shape(summed)[1]
        alike = net.pick([other for other in values if other.type == value.type])
        match net.pick(("product", "product", "sum", "unbounded", "by row", "bounded", "bounded", "clipped")):
            case "product":
                values.append(net.add(graph.GemmOp, summed, net.normal(columns, net.pick((5, 6)), fan_in=columns)))
            case "sum":
                values.append(net.add(graph.SubOp, summed, net.add(graph.ReduceSumOp, summed, axes=ints([1]))))
            case "unbounded":
                values.append(net.add(net.pick((graph.AddOp, graph.SubOp, graph.MulOp)), value, alike))
            case "by row":
                values.append(net.add(graph.MulOp, value, factor))
            case "bounded":
                bounded.append(net.add(net.pick((graph.SigmoidOp, graph.TanhOp, graph.ErfOp)), value))
            case _:
                above = net.add(graph.MaximumOp, value, net.scalar(-1.0))
                bounded.append(net.add(graph.MinimumOp, above, net.scalar(1.0)))
    return net.finish(*values[1:], *bounded[1:])


@many
@given(seed=seeds, length=st.integers(3, 12), padding=forced)
def test_what_bounded_functions_make_of_infinities_stays_finite(
    seed: int, length: int, padding: PadAlignmentPass
) -> None:
    network = finite_and_infinite(seed, length)
    expected = network.outputs()
    apply(network, padding)
    for result, reference in zip(network.outputs(), expected, strict=True):
        finite = np.isfinite(reference)
        assert_close([result[finite]], [reference[finite]])


@pytest.mark.parametrize("function", [graph.ReluOp, graph.ExpOp])
@pytest.mark.parametrize("transpose_a", [False, True])
@pytest.mark.parametrize("transpose_b", [False, True])
def test_a_tensor_times_itself_stays(function: type[GraphOp], transpose_a: bool, transpose_b: bool) -> None:
    net = NetworkBuilder(np.random.default_rng(0))
    x = net.add(function, net.argument(net.random.standard_normal((5, 5)).astype(np.float32)))
    properties = {"transpose_a": bool_attr(transpose_a), "transpose_b": bool_attr(transpose_b)}
    network = net.finish(net.add(graph.GemmOp, x, x, **properties))
    expected = network.outputs()
    apply(network, PadAlignmentPass(force=True))
    assert_close(network.outputs(), expected)


def test_an_unknown_precision_is_an_error() -> None:
    network = random_cnn(0, 1)
    with pytest.raises(BoltError, match="unknown dtype 'f17'"):
        PadAlignmentPass(dtype="f17").apply(network.context, network.module)
