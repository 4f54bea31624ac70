"""Chains compute what their products compute apart, at the fused level and as launches of kernels."""

import time
from collections.abc import Sequence
from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xdsl.dialects.builtin import ModuleOp, bf16, f16
from xdsl.ir import Attribute, SSAValue

from boltir.context import CompilerContext
from boltir.dialects.cutlass.chain import ChainAttr
from boltir.dialects.cutlass.kernel import KernelOp
from boltir.dialects.fused import ChainOp, ReshapeOp
from boltir.dialects.tensors import static_shape
from boltir.lowering.fused_to_cutlass.chains.form_persistent_kernels import FormPersistentKernelsPass
from boltir.lowering.fused_to_cutlass.convert import ConvertFusedToCutlassPass
from boltir.passes.inline_chains import InlineChainsPass
from boltir.passes.plan_memory import PlanMemoryPass
from tests.support.fused_networks import Network, convolution, product, same

IMAGE = (1, 8, 8)
ROWS = 64
COLUMNS = (32, 64)
KINDS = ("row", "column", "scalar", "full")
TARGETS = ("sm_75", "sm_80", "sm_90a")


@st.composite
def networks(draw: st.DrawFn) -> ModuleOp:
    """Products and convolutions behind each other; some results are returned too, or seen in another shape."""
    network = Network(draw(st.sampled_from((f16, bf16))))
    value = network.argument(*draw(st.sampled_from(((ROWS,), IMAGE))), draw(st.sampled_from(COLUMNS)))
    results: list[SSAValue] = []
    for _ in range(draw(st.integers(2, 5))):
        value = _random_anchor(draw, network, value)
        if draw(st.integers(0, 5)) == 0:
            results.append(value)
        if draw(st.integers(0, 3)) == 0:
            *outer, columns = static_shape(value)
            rows = prod(outer)
            shapes = ((rows, columns), (rows // 64, 8, 8, columns), (2 * rows, columns // 2))
            value = network.add(ReshapeOp.of(value, draw(st.sampled_from(shapes))))
    return network.finish([value, *(result for result in results if result is not value)])


def _random_anchor(draw: st.DrawFn, network: Network, value: SSAValue) -> SSAValue:
    columns, kinds = draw(st.sampled_from(COLUMNS)), draw(st.lists(st.sampled_from(KINDS), max_size=2))
    if len(static_shape(value)) == 2:
        return product(network, value, columns, kinds, column_major=draw(st.integers(0, 4)) > 0)
    return convolution(network, value, columns, kinds, window=draw(st.sampled_from((1, 1, 3))))


@given(networks(), st.sampled_from(TARGETS), st.booleans())
def test_forming_chains_keeps_the_meaning(module: ModuleOp, target: str, force: bool) -> None:
    form = FormPersistentKernelsPass(target=target, force=force)
    same(module, [form])
    same(module, [form, InlineChainsPass()])
    same(module, [form, ConvertFusedToCutlassPass(target=target), PlanMemoryPass()])


def run_of(columns: Sequence[int], kinds: Sequence[str] = (), element: Attribute = f16) -> ModuleOp:
    """Products with so many columns each, one behind the other; the last adds operands of these kinds."""
    network = Network(element)
    value = network.argument(ROWS, columns[0])
    for count in columns[1:-1]:
        value = product(network, value, count, ["row"])
    return network.finish([product(network, value, columns[-1], kinds)])


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("columns", [(64, 64, 64), (64, 32, 64, 32)])
def test_a_run_of_products_becomes_one_kernel(target: str, columns: tuple[int, ...]) -> None:
    module = run_of(columns, ["row", "full"])
    for compiler_pass in (
        FormPersistentKernelsPass(target=target, force=True),
        ConvertFusedToCutlassPass(target=target),
    ):
        compiler_pass.apply(CompilerContext(), module)
        module.verify()
    (kernel,) = (op for op in module.ops if isinstance(op, KernelOp))
    template = kernel.template_attr
    assert isinstance(template, ChainAttr)
    assert template.products == len(columns) - 1
    assert len(kernel.stages) == len(columns) - 2


def test_equal_chains_share_a_kernel() -> None:
    network = Network()
    results = [network.argument(ROWS, 64), network.argument(2 * ROWS, 64)]
    for i, value in enumerate(results):
        results[i] = product(network, product(network, value, 32, ["row"]), 64, ["full"])
    module = network.finish(results)
    for compiler_pass in (FormPersistentKernelsPass(force=True), ConvertFusedToCutlassPass()):
        compiler_pass.apply(CompilerContext(), module)
    assert sum(isinstance(op, KernelOp) for op in module.ops) == 1


def test_a_run_longer_than_any_kernel_becomes_several() -> None:
    module = run_of([32] * 12)
    FormPersistentKernelsPass(target="sm_80", force=True).apply(CompilerContext(), module)
    module.verify()
    lengths = [len(op.anchors) for op in module.walk() if isinstance(op, ChainOp)]
    assert sum(lengths) == 11
    assert max(lengths) <= 8
    same(run_of([32] * 12), [FormPersistentKernelsPass(target="sm_80", force=True)])


def test_forming_twice_changes_nothing() -> None:
    module = run_of((64, 64, 64))
    for _ in range(2):
        FormPersistentKernelsPass(target="sm_80", force=True).apply(CompilerContext(), module)
        module.verify()
    assert sum(isinstance(op, ChainOp) for op in module.walk()) == 1


def test_time_is_linear() -> None:
    seconds = {count: _seconds([64] * count) for count in (10, 40, 400)}
    assert seconds[400] < 30 * max(seconds[40], 0.05)


def _seconds(columns: Sequence[int]) -> float:
    module = run_of(columns)
    start = time.process_time()
    FormPersistentKernelsPass(target="sm_80").apply(CompilerContext(), module)
    return time.process_time() - start
