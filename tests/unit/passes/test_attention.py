"""Attention keeps its meaning from the parts that models spell it out in down to launches, and when taken apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass
from xdsl.transforms.canonicalize import CanonicalizePass
from xdsl.transforms.common_subexpression_elimination import CommonSubexpressionElimination
from xdsl.transforms.dead_code_elimination import DeadCodeElimination

from boltir.compiler import Network as LoweredNetwork
from boltir.compiler import lower
from boltir.dialects import fused, graph
from boltir.dialects.graph.attention import AttentionOp
from boltir.dialects.graph.strided_view import StridedView, views_of
from boltir.dialects.properties import bool_attr, float_attr, int_attr, ints
from boltir.dialects.tensors import static_shape
from boltir.lowering.graph_to_fused.convert import ConvertGraphToFusedPass
from boltir.passes.decompose_attention import DecomposeAttentionPass
from boltir.passes.recognize_composites import RecognizeCompositesPass
from tests.support.network_builder import Array, Network, NetworkBuilder

RECOGNITION: tuple[ModulePass, ...] = (
    RecognizeCompositesPass(),
    CanonicalizePass(),
    CommonSubexpressionElimination(),
    DeadCodeElimination(),
)


@dataclass(frozen=True)
class Variant:
    """How an exporter writes attention: what holds the operands, where the scale is, which mask is added."""

    batch: int
    heads: int
    packed: bool
    sequence_first: bool
    joined_heads: bool
    transposed_keys: bool
    scale_at: str
    mask: tuple[bool, bool, bool] | None
    hides_all: bool
    guarded: bool

    @property
    def queries(self) -> int:
        return 5

    @property
    def keys(self) -> int:
        return 5 if self.packed else 3

    def build(self) -> Network:
        net = NetworkBuilder(np.random.default_rng(0))
        q, k, v = (self._by_head(net, *operand) for operand in self._operands(net))
        scores = self._scores(net, q, k)
        if self.mask is not None:
            scores = net.add(graph.AddOp, scores, self._mask(net))
        weights = net.add(graph.SoftmaxOp, scores)
        if self.guarded:
            is_nan = net.add(graph.NotOp, net.add(graph.EqualOp, weights, weights))
            weights = net.add(graph.WhereOp, is_nan, net.scalar(0.0), weights)
        return net.finish(net.add(graph.BatchMatmulOp, weights, v))

    def _operands(self, net: NetworkBuilder) -> list[tuple[SSAValue, int, int]]:
        """Q, K and V as (tensor, first column, length); a tensor is [batch, length, *], or [length, batch, *]."""
        width = self.heads * 4
        lengths, widths = (self.queries, self.keys, self.keys), (width, width, width)
        if self.packed:
            lengths, widths = (self.queries,), (3 * width,)
        shapes = [
            (n, self.batch, w) if self.sequence_first else (self.batch, n, w)
            for n, w in zip(lengths, widths, strict=True)
        ]
        tensors = [net.argument(net.random.standard_normal(shape).astype(np.float32)) for shape in shapes]
        if self.packed:
            return [(tensors[0], i * width, self.queries) for i in range(3)]
        return [(tensor, 0, n) for tensor, n in zip(tensors, lengths, strict=True)]

    def _by_head(self, net: NetworkBuilder, tensor: SSAValue, column: int, length: int) -> SSAValue:
        shape = (*static_shape(tensor)[:2], self.heads * 4)
        bounds = {"offsets": ints((0, 0, column)), "sizes": ints(shape), "strides": ints((1, 1, 1))}
        part = net.add(graph.SliceOp, tensor, **bounds)
        split = net.add(graph.ReshapeOp, part, shape_to=ints((*shape[:2], self.heads, 4)))
        order = (1, 2, 0, 3) if self.sequence_first else (0, 2, 1, 3)
        by_head = net.add(graph.TransposeOp, split, permutation=ints(order))
        if not self.joined_heads:
            return by_head
        return net.add(graph.ReshapeOp, by_head, shape_to=ints((self.batch * self.heads, length, 4)))

    def _scores(self, net: NetworkBuilder, q: SSAValue, k: SSAValue) -> SSAValue:
        if self.scale_at in ("q", "both"):
            q = net.add(graph.MulOp, q, net.scalar(0.5))
        if self.scale_at in ("k", "both"):
            k = net.add(graph.DivOp, k, net.scalar(4.0, (1,)))
        if self.transposed_keys:
            rank = len(static_shape(k))
            k = net.add(graph.TransposeOp, k, permutation=ints((*range(rank - 2), rank - 1, rank - 2)))
        product = net.add(graph.BatchMatmulOp, q, k, transpose_b=bool_attr(not self.transposed_keys))
        return net.add(graph.MulOp, product, net.scalar(0.25)) if self.scale_at == "product" else product

    def _mask(self, net: NetworkBuilder) -> SSAValue:
        assert self.mask is not None
        by_batch, by_head, by_query = self.mask
        leading = (self.batch if by_batch else 1, self.heads if by_head else 1)
        values = net.random.standard_normal((*leading, self.queries if by_query else 1, self.keys))
        values[..., self.keys - 1] = -np.inf
        if self.hides_all:
            values[:, :, -1] = -np.inf
        if self.joined_heads:
            values = values.reshape(-1, *values.shape[2:])
        return net.weight(values.astype(np.float32))


def masks(variant: Variant) -> bool:
    """A mask over joined heads is for all of them or for none."""
    return variant.mask is None or not variant.joined_heads or variant.mask[0] == variant.mask[1]


variants = st.builds(
    Variant,
    batch=st.integers(1, 3),
    heads=st.integers(1, 3),
    packed=st.booleans(),
    sequence_first=st.booleans(),
    joined_heads=st.booleans(),
    transposed_keys=st.booleans(),
    scale_at=st.sampled_from(("nowhere", "q", "k", "both", "product")),
    mask=st.none() | st.tuples(st.booleans(), st.booleans(), st.booleans()),
    hides_all=st.booleans(),
    guarded=st.booleans(),
).filter(masks)


def apply(network: Network, *passes: ModulePass) -> None:
    for module_pass in passes:
        module_pass.apply(network.context, network.module)
        network.module.verify()


@settings(max_examples=150, deadline=None)
@given(variant=variants)
def test_what_is_recognised_keeps_its_meaning(variant: Variant) -> None:
    network = variant.build()
    (expected,) = network.outputs()
    apply(network, *RECOGNITION)
    (result,) = network.outputs()
    assert len(network.ops(AttentionOp)) == 1
    assert network.ops(graph.SoftmaxOp) == []
    # A softmax over nothing but -inf is NaN; attention gives zeros.
    np.testing.assert_allclose(result, np.nan_to_num(expected), rtol=0, atol=2e-5)


@settings(max_examples=40, deadline=None)
@given(variant=variants.filter(lambda variant: not variant.sequence_first))
def test_no_slice_and_no_transpose_of_an_operand_is_left(variant: Variant) -> None:
    network = variant.build()
    apply(network, *RECOGNITION)
    (attention,) = network.ops(AttentionOp)
    for value in attention.operands[:3]:
        assert not isinstance(value.owner, graph.SliceOp | graph.TransposeOp)


@settings(max_examples=40, deadline=None)
@given(variant=variants)
def test_attention_in_parts_computes_the_same(variant: Variant) -> None:
    network = variant.build()
    apply(network, *RECOGNITION, ConvertGraphToFusedPass())
    (expected,) = network.outputs()
    apply(network, DecomposeAttentionPass())
    assert not any(isinstance(op, fused.AttentionOp) for op in network.module.walk())
    np.testing.assert_allclose(network.outputs()[0], expected, rtol=0, atol=2e-5)


@pytest.mark.parametrize("target", ["sm_75", "sm_80", "sm_90a"])
@pytest.mark.parametrize(("keys", "head_dim"), [(40, 16), (197, 64), (9, 15)])
@pytest.mark.parametrize("mask", [None, (2, 1, 1), (1, 3, 9)])
def test_launches_compute_attention(target: str, keys: int, head_dim: int, mask: tuple[int, int, int] | None) -> None:
    net = NetworkBuilder(np.random.default_rng(0))
    width = 3 * head_dim
    q = net.argument(net.random.standard_normal((2, 9, width + 8)).astype(np.float32))
    kv = net.argument(net.random.standard_normal((2, keys, 2 * width)).astype(np.float32))
    operands = [q, kv, kv]
    if mask is not None:
        hiding = net.random.standard_normal((*mask, keys)).astype(np.float32)
        hiding[..., keys // 2 :] = -np.inf
        operands.append(net.argument(hiding))
    properties = {"heads": int_attr(3), "head_dim": int_attr(head_dim), "offsets": ints((8, 0, width))}
    network = net.finish(net.add(AttentionOp, *operands, **properties, scale=float_attr(head_dim**-0.5)))
    (expected,) = network.outputs()

    lowered = lower(LoweredNetwork(network.module, network.context.weights), "cutlass", target=target)
    (result,) = lowered.run(network.inputs)
    np.testing.assert_allclose(result, expected, rtol=0, atol=1e-2)


movements = st.lists(st.sampled_from(("reshape", "transpose", "slice", "broadcast")), max_size=6)


@settings(max_examples=200, deadline=None)
@given(steps=movements, seed=st.integers(0, 2**32))
def test_a_view_names_the_elements_of_its_base(steps: Sequence[str], seed: int) -> None:
    net = NetworkBuilder(np.random.default_rng(seed))
    values = [net.argument(np.arange(48, dtype=np.float32).reshape(2, 3, 8))]
    for step in steps:
        values.append(move(net, values[-1], step))
    arrays = dict(zip(values, net.finish(*values).outputs(), strict=True))
    for view in views_of(StridedView.of(values[-1])):
        np.testing.assert_array_equal(read(view, arrays[view.base]), arrays[values[-1]])


def read(view: StridedView, base: Array) -> Array:
    """The elements of `base` that `view` names."""
    positions = np.full((), view.offset)
    for factors in view.dimensions:
        along = np.zeros((), dtype=np.int64)
        for factor in factors:
            along = np.add.outer(along, np.arange(factor.extent) * factor.stride)
        positions = np.add.outer(positions, along.ravel())
    return base.ravel()[positions]


def move(net: NetworkBuilder, value: SSAValue, step: str) -> SSAValue:
    """A random movement of `value`, which stays small."""
    shape = static_shape(value)
    match step:
        case "transpose":
            return net.add(
                graph.TransposeOp, value, permutation=ints([int(i) for i in net.random.permutation(len(shape))])
            )
        case "slice":
            sizes = [int(net.random.integers(1, extent + 1)) for extent in shape]
            offsets = [int(net.random.integers(0, n - size + 1)) for n, size in zip(shape, sizes, strict=True)]
            bounds = {"offsets": ints(offsets), "sizes": ints(sizes), "strides": ints([1] * len(shape))}
            return net.add(graph.SliceOp, value, **bounds)
        case "broadcast" if len(shape) < 5:
            return net.add(graph.BroadcastToOp, value, shape_to=ints((2, *shape)))
        case _:
            count = int(np.prod(shape))
            outer = net.pick([n for n in range(1, count + 1) if count % n == 0])
            return net.add(graph.ReshapeOp, value, shape_to=ints((outer, count // outer)))
