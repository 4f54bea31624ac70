"""Canonicalisation of chains of operations that move elements, against numpy."""

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from xdsl.ir import SSAValue
from xdsl.transforms.canonicalize import CanonicalizePass

from boltir.dialects import graph
from boltir.dialects.graph.canonicalization.slices import Part, parts_before_reshape
from boltir.dialects.properties import ints
from boltir.dialects.shapes import element_count
from boltir.dialects.tensors import Shape, static_shape
from tests.support.network_builder import NetworkBuilder

SHAPES: tuple[Shape, ...] = ((24,), (2, 12), (4, 6), (2, 3, 4), (1, 6, 4), (2, 1, 12), (3, 2, 2, 2), (8, 3, 1))
"""Views of one tensor."""

few = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def parts_of(draw: st.DrawFn, shape: Shape) -> list[Part]:
    """Part of a tensor; mostly single entries and whole dimensions, as heads of attention are."""
    parts: list[Part] = []
    for extent in shape:
        size = draw(st.sampled_from((1, extent, draw(st.integers(1, extent)))))
        stride = draw(st.sampled_from((1, 1, -1, 2))) if size > 1 else 1
        size = min(size, -(-extent // abs(stride)))
        reach = (size - 1) * abs(stride)
        low = draw(st.integers(0, extent - 1 - reach))
        parts.append(Part(low if stride > 0 else low + reach, size, stride))
    return parts


def taken(array: np.ndarray, parts: list[Part]) -> np.ndarray:
    """The `parts` of `array`."""
    indices = [[offset + i * stride for i in range(size)] for offset, size, stride in parts]
    return array[np.ix_(*indices)]


@few
@given(data=st.data(), shape=st.sampled_from(SHAPES), source=st.sampled_from(SHAPES))
def test_a_slice_before_a_reshape_takes_the_same_elements(data: st.DataObject, shape: Shape, source: Shape) -> None:
    parts = data.draw(parts_of(shape))
    before = parts_before_reshape(parts, shape, source)
    array = np.arange(24)
    if before is not None:
        expected = taken(array.reshape(shape), parts)
        np.testing.assert_array_equal(taken(array.reshape(source), before).ravel(), expected.ravel())


def test_a_range_that_is_a_box_is_found() -> None:
    """Entry 1 of 3 times all of 4 are columns 4 to 7 of 12."""
    parts = [Part(0, 2, 1), Part(1, 1, 1), Part(0, 4, 1)]
    assert parts_before_reshape(parts, (2, 3, 4), (2, 12)) == [Part(0, 2, 1), Part(4, 4, 1)]


def random_chain(seed: int, length: int) -> tuple[NetworkBuilder, SSAValue]:
    """`length` reshapes, transposes and slices, and now and then a product of rows."""
    net = NetworkBuilder(np.random.default_rng(seed))
    x = net.argument(net.random.standard_normal((4, 6, 8)).astype(np.float32))
    for _ in range(length):
        shape = static_shape(x)
        match net.pick(("reshape", "transpose", "transpose", "slice", "rows")):
            case "reshape":
                x = net.add(graph.ReshapeOp, x, shape_to=ints(random_view(net, shape)))
            case "transpose":
                x = net.add(graph.TransposeOp, x, permutation=ints(net.random.permutation(len(shape)).tolist()))
            case "slice":
                sizes = [net.pick((1, extent, extent)) for extent in shape]
                offsets = [int(net.random.integers(0, e - s + 1)) for e, s in zip(shape, sizes, strict=True)]
                x = net.add(graph.SliceOp, x, offsets=ints(offsets), sizes=ints(sizes), strides=ints([1] * len(shape)))
            case _ if len(shape) > 1:
                x = net.add(graph.BatchMatmulOp, x, net.normal(shape[-1], shape[-1], fan_in=shape[-1]))
            case _:
                pass
    return net, x


def random_view(net: NetworkBuilder, shape: Shape) -> list[int]:
    """Another shape for as many elements."""
    rest, result = element_count(shape), list[int]()
    while rest > 1 and len(result) < 4:
        result.append(net.pick([extent for extent in (1, 2, 3, 4, 6, 8, 12) if rest % extent == 0]))
        rest //= result[-1]
    return [*result, rest]


@few
@given(seed=st.integers(0, 2**32), length=st.integers(0, 8))
def test_a_chain_of_movement_keeps_its_meaning(seed: int, length: int) -> None:
    net, x = random_chain(seed, length)
    network = net.finish(x)
    expected = network.outputs()
    CanonicalizePass().apply(network.context, network.module)
    network.module.verify()
    np.testing.assert_allclose(network.outputs()[0], expected[0], atol=1e-5)


@few
@given(seed=st.integers(0, 2**32))
def test_reshapes_and_transposes_need_one_transpose(seed: int) -> None:
    """Where dimensions are only split: then any order of them is one permutation."""
    net = NetworkBuilder(np.random.default_rng(seed))
    x = net.argument(net.random.standard_normal((4, 6, 8)).astype(np.float32))
    x = net.add(graph.TransposeOp, x, permutation=ints(net.random.permutation(3).tolist()))
    split = [extent for whole in static_shape(x) for extent in (whole // 2, 2)]
    x = net.add(graph.ReshapeOp, x, shape_to=ints(split))
    x = net.add(graph.TransposeOp, x, permutation=ints(net.random.permutation(6).tolist()))
    network = net.finish(x)
    expected = network.outputs()
    CanonicalizePass().apply(network.context, network.module)
    assert len(network.ops(graph.TransposeOp)) <= 1
    np.testing.assert_array_equal(network.outputs()[0], expected[0])
