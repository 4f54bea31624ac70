"""Gated units, however they are written, become one kernel that computes the same, and can be taken apart again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from boltir.dialects import graph
from boltir.dialects.fused import DualGemmOp, FusedOp
from boltir.dialects.graph.base import GraphOp
from boltir.dialects.graph.enums import GeluApproximation, GeluApproximationAttr
from boltir.dialects.properties import bool_attr, int_attr, ints
from boltir.dialects.tensors import static_shape
from boltir.lowering.graph_to_fused.convert import ConvertGraphToFusedPass
from boltir.passes.fold_constants import FoldConstantsPass
from boltir.passes.fuse_dual_gemm import FuseDualGemmPass
from boltir.passes.fuse_epilogue import FuseEpiloguePass
from boltir.passes.split_dual_gemm import SplitDualGemmPass
from tests.support.network_builder import Network, NetworkBuilder

FUSION: tuple[ModulePass, ...] = (
    ConvertGraphToFusedPass(),
    FoldConstantsPass(),
    FuseEpiloguePass(),
    FuseDualGemmPass(),
    FoldConstantsPass(),
)

ACTIVATIONS: dict[str, type[GraphOp] | None] = {
    "bilinear": None,
    "glu": graph.SigmoidOp,
    "swiglu": graph.SiluOp,
    "geglu": graph.GeluOp,
    "geglu-tanh": graph.GeluOp,
    "reglu": graph.ReluOp,
}


@dataclass(frozen=True)
class Unit:
    """A gated unit.

    Attributes:
        halves: the two products are the halves of one.
        gate_first: the gate is the first product, or half.
        biased: whether each product, or the one of both, has a bias.
    """

    activation: str
    rows: tuple[int, ...]
    columns: int
    halves: bool
    gate_first: bool
    transposed: bool
    biased: bool
    residual: bool

    def build(self) -> Network:
        net = NetworkBuilder(np.random.default_rng(0))
        x = net.argument(net.random.standard_normal((*self.rows, 5)).astype(np.float32))
        shape = (*self.rows, self.columns)
        if self.halves:
            joint = self._product(net, x, 2 * self.columns)
            parts = [self._half(net, joint, index) for index in range(2)]
        else:
            parts = [self._product(net, x, self.columns) for _ in range(2)]
        value, gate = reversed(parts) if self.gate_first else parts
        y = net.add(graph.MulOp, self._activated(net, gate), value)
        if self.residual:
            y = net.add(graph.AddOp, y, net.argument(net.random.standard_normal(shape).astype(np.float32)))
        return net.finish(y)

    def _product(self, net: NetworkBuilder, x: SSAValue, columns: int) -> SSAValue:
        shape = (columns, 5) if self.transposed else (5, columns)
        kind = graph.GemmOp if len(self.rows) == 1 else graph.BatchMatmulOp
        y = net.add(kind, x, net.normal(*shape), transpose_b=bool_attr(self.transposed))
        axis = int_attr(len(self.rows))
        return net.add(graph.BiasAddOp, y, net.normal(columns), axis=axis) if self.biased else y

    def _half(self, net: NetworkBuilder, joint: SSAValue, index: int) -> SSAValue:
        rank, begin = len(static_shape(joint)), index * self.columns
        offsets, sizes = ints((0,) * (rank - 1) + (begin,)), ints((*self.rows, self.columns))
        return net.add(graph.SliceOp, joint, offsets=offsets, sizes=sizes, strides=ints((1,) * rank))

    def _activated(self, net: NetworkBuilder, x: SSAValue) -> SSAValue:
        op = ACTIVATIONS[self.activation]
        if self.activation == "geglu-tanh":
            return net.add(graph.GeluOp, x, approximation=GeluApproximationAttr(GeluApproximation.TANH))
        return x if op is None else net.add(op, x)


def plain_unit(rows: int, *, halves: bool = False) -> Unit:
    return Unit("swiglu", (rows,), 16, halves, gate_first=True, transposed=False, biased=False, residual=False)


units = st.builds(
    Unit,
    activation=st.sampled_from(sorted(ACTIVATIONS)),
    rows=st.sampled_from([(5,), (2, 3), (2, 1, 4)]),
    columns=st.sampled_from([8, 24]),
    halves=st.booleans(),
    gate_first=st.booleans(),
    transposed=st.booleans(),
    biased=st.booleans(),
    residual=st.booleans(),
)


def apply(network: Network, passes: Sequence[ModulePass]) -> None:
    for module_pass in passes:
        module_pass.apply(network.context, network.module)
        network.module.verify()


def kernels(module: ModuleOp) -> list[str]:
    return [op.name for op in module.walk() if isinstance(op, FusedOp)]


@settings(max_examples=150, deadline=None)
@given(unit=units)
def test_a_gated_unit_is_one_kernel_that_computes_the_same(unit: Unit) -> None:
    network = unit.build()
    (expected,) = network.outputs()
    apply(network, FUSION)
    assert kernels(network.module) == ["fused.dual_gemm"]
    (result,) = network.outputs()
    np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-5)


@settings(max_examples=30, deadline=None)
@given(unit=units)
def test_taken_apart_it_computes_the_same(unit: Unit) -> None:
    network = unit.build()
    (expected,) = network.outputs()
    apply(network, (*FUSION, SplitDualGemmPass()))
    assert "fused.dual_gemm" not in kernels(network.module)
    (result,) = network.outputs()
    np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("rows", "target", "reason"), [(4, "sm_80", "nearly idle"), (5, "sm_75", "no tf32 tensor cores")]
)
def test_the_ordinary_cores_take_one_product_at_a_time(rows: int, target: str, reason: str) -> None:
    network = plain_unit(rows).build()
    apply(network, (*FUSION[:3], FuseDualGemmPass(target=target)))
    assert kernels(network.module) == ["fused.gemm", "fused.gemm"]
    assert any(reason in remark.message for remark in network.context.remarks.collected)


def test_the_matrices_take_turns_in_groups_of_columns() -> None:
    network = plain_unit(5, halves=True).build()
    (before,) = network.context.weights.added.values()
    apply(network, FUSION)
    (kernel,) = (op for op in network.module.walk() if isinstance(op, DualGemmOp))
    assert isinstance(kernel.inputs[1].owner, graph.WeightOp)
    after = network.context.weights.get(kernel.inputs[1].owner.weight_name)
    columns = [*range(8), *range(16, 24), *range(8, 16), *range(24, 32)]
    np.testing.assert_array_equal(after, before[:, columns])
