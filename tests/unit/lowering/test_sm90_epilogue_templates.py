"""The rendered epilogues of Hopper's kernels do what their verifier counts with."""

from hypothesis import given
from hypothesis import strategies as st
from xdsl.dialects.builtin import bf16, f16, f32, i8
from xdsl.ir import Block, Region

from boltir.dialects.cutlass import GemmSm90Attr, KernelOp, KernelSignature, Store, StoreKind
from boltir.dialects.fused import Broadcast, YieldOp
from boltir.dialects.fused.scalar_builder import ScalarBuilder
from boltir.dialects.fused.store import Along, Combiner
from boltir.dialects.tensors import compute_type
from boltir.lowering.fused_to_cutlass.kernels import KernelTable
from boltir.lowering.fused_to_cutlass.selection import Selection
from boltir.lowering.render import render_kernel
from boltir.target import Target

ELEMENTS = st.sampled_from([f16, bf16, f32, i8])
STORES = st.sampled_from([
    *map(Store, (StoreKind.ELEMENTS, StoreKind.PITCHED, StoreKind.COLUMNS, StoreKind.PADDED)),
    Store(StoreKind.PERMUTED, 4, 2),
])  # fmt: skip
REDUCTIONS = st.builds(
    Store, combiner=st.sampled_from(Combiner), along=st.sampled_from(Along), kind=st.just(StoreKind.REDUCED)
)
OUTPUTS = st.one_of(st.tuples(ELEMENTS, STORES), st.tuples(st.sampled_from([f16, f32]), REDUCTIONS))
OPERANDS = st.tuples(ELEMENTS, st.sampled_from(Broadcast))


@st.composite
def kernels(draw: st.DrawFn) -> KernelOp:
    """Kernels with any operands and outputs."""
    operands, outputs = draw(st.lists(OPERANDS, max_size=3)), draw(st.lists(OUTPUTS, min_size=1, max_size=3))
    reduces = any(store.kind is StoreKind.REDUCED for _, store in outputs)
    kinds = tuple(kind for _, kind in operands)
    signature = KernelSignature(
        (f16, f16),
        tuple(element for element, _ in operands),
        kinds,
        tuple(element for element, _ in outputs),
        tuple(store for _, store in outputs),
        1 if reduces else draw(st.integers(1, 2)),
        draw(st.integers(1, 3)) if Broadcast.GENERAL in kinds else 0,
    )
    schedule = draw(st.sampled_from(["pingpong", "cooperative", "split_k"]))
    template = GemmSm90Attr.of(
        math="f16", tile=(128, 64, 64), cluster=(1, 1, 1), schedule=schedule, layout_a="row", layout_b="row",
        alignment_a=8, alignment_b=8, alignment_c=draw(st.sampled_from([1, 2, 4, 8])),
    )  # fmt: skip
    return kernel_of(template, signature)


def kernel_of(template: GemmSm90Attr, signature: KernelSignature) -> KernelOp:
    """Every output is the first accumulator."""
    operands = [compute_type(element) for element in signature.epilogue_operands]
    block = Block(arg_types=[f32] * signature.accumulators + operands)
    build = ScalarBuilder(block)
    block.add_op(YieldOp(operands=[[build.stored(block.args[0], element) for element in signature.outputs]]))
    table = KernelTable(Target.named("sm_90a"))
    kernel = table.kernel_for(Selection(template, {}), signature, [Region(block)])
    kernel.verify()
    return kernel


@given(kernels())
def test_what_passes_through_registers(kernel: KernelOp) -> None:
    template, text = kernel.template_attr, render_kernel(kernel)
    assert isinstance(template, GemmSm90Attr)
    epilogue = template.epilogue(kernel.signature)
    assert ("boltir::RegisterEpilogue<" in text) == epilogue.uses_registers
    assert (
        "CollectiveBuilder<\n    cutlass::arch::Sm90, cutlass::arch::OpClassTensorOp, TileShape" in text
    ) != epilogue.uses_registers
    assert text.count("boltir::ReduceRows<") == sum(store.along is Along.ROWS for store in kernel.signature.stores)


@given(kernels())
def test_the_first_two_dense_outputs_and_operands_have_room_for_a_stage(kernel: KernelOp) -> None:
    signature, text = kernel.signature, render_kernel(kernel)
    dense = [store.kind not in (StoreKind.PERMUTED, StoreKind.REDUCED) for store in signature.output_stores]
    dense += [kind is Broadcast.FULL for kind in signature.broadcasts]
    rows = sum(
        line.endswith(", 128>;")
        for line in text.splitlines()
        if "= boltir::Load<" in line or "= boltir::Store<" in line
    )
    assert rows == (min(2, sum(dense)) if "boltir::RegisterEpilogue<" in text else 0)


@given(kernels())
def test_every_launch_integer_of_the_epilogue_is_read(kernel: KernelOp) -> None:
    first = len(kernel.template_attr.launch_parameters)
    numbers = range(first, len(kernel.launch_parameters))
    text = render_kernel(kernel)
    assert all(f"parameters[{number}]" in text for number in numbers)
