"""Which attention each family takes, what it says to other attention, and that nvcc compiles what it claims."""

import pytest
from xdsl.dialects.builtin import TensorType, bf16, f16, f32
from xdsl.ir import Attribute, SSAValue
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.test_value import create_ssa_value

from boltir.dialects.cutlass.attention import AttentionAttr
from boltir.dialects.cutlass.attention_sm80 import AttentionSm80Attr
from boltir.dialects.cutlass.attention_sm90 import AttentionSm90Attr
from boltir.dialects.cutlass.template import KernelSignature, TemplateAttr
from boltir.dialects.fused import AttentionOp
from boltir.dialects.properties import float_attr, int_attr, ints
from boltir.dialects.tensors import Shape
from boltir.lowering.fused_to_cutlass.attention import attention_answers
from boltir.lowering.fused_to_cutlass.kernels import KernelTable
from boltir.lowering.fused_to_cutlass.selection import Refusal, Selection, signature_of
from boltir.lowering.render import render_kernel
from boltir.runtime.build import Builder
from boltir.runtime.kernel_source import KernelSource
from boltir.target import TARGETS, Target


def tensor(shape: Shape, element: Attribute = f16) -> SSAValue:
    return create_ssa_value(TensorType(element, shape))


def attention(
    length: int,
    head_dim: int = 64,
    mask: Shape | None = None,
    *operands: SSAValue,
    heads: int = 2,
    element: Attribute = f16,
    output: Attribute | None = None,
) -> AttentionOp:
    """Attention of one packed tensor."""
    width = heads * head_dim
    x = tensor((1, length, 3 * width), element)
    masks = [] if mask is None else [tensor(mask, element)]
    offsets = ints((0, width, 2 * width))
    properties = {"heads": int_attr(heads), "head_dim": int_attr(head_dim), "offsets": offsets, "scale": float_attr(1)}
    outputs = [output or element]
    return AttentionOp.build_kernel(
        [x, x, x, *masks], properties, result_element_types=outputs, epilogue_operands=operands
    )


def chosen(op: AttentionOp, target: str) -> str | None:
    """The family that takes `op`, if there is one."""
    answers = attention_answers(op, Target.named(target))
    return next((answer.template.family for answer in answers if isinstance(answer, Selection)), None)


@pytest.mark.parametrize(
    ("op", "families"),
    [
        (attention(40), ("attention", "attention_sm80", "attention_sm80")),
        (attention(197), ("attention", "attention_sm80", "attention_sm90")),
        (attention(197, 128), ("attention", "attention_sm80", "attention_sm90")),
        (attention(197, 80), ("attention", "attention_sm80", "attention_sm90")),
        (attention(197, 160), (None, "attention_sm80", "attention_sm80")),
        (attention(197, 256), (None, None, None)),
        (attention(197, 15), (None, None, None)),
        (attention(197, element=f32), (None, None, None)),
        (attention(197, element=bf16), (None, "attention_sm80", "attention_sm90")),
        (attention(197, 64, (1, 1, 1, 197)), (None, "attention_sm80", "attention_sm80")),
        (attention(197, 64, (1, 2, 197, 197)), (None, "attention_sm80", "attention_sm80")),
        (attention(197, 64, None, tensor((1, 197, 128))), (None, "attention_sm80", "attention_sm80")),
        (attention(197, output=f32), (None, "attention_sm80", "attention_sm80")),
        (attention(197, heads=70000, head_dim=8), (None, None, None)),
    ],
)
def test_the_family_follows_from_lengths_heads_and_mask(op: AttentionOp, families: tuple[str | None, ...]) -> None:
    assert tuple(chosen(op, target) for target in ("sm_75", "sm_80", "sm_90a")) == families


def test_every_refusal_says_why() -> None:
    answers = attention_answers(attention(197, 256, (1, 1, 1, 197)), Target.named("sm_90a"))
    assert [answer.reason for answer in answers if isinstance(answer, Refusal)] == [
        "heads of 256 columns exceed the 128 of attention_sm90",
        "scores, outputs and queries need 224 registers, more than 180",
        "heads of 256 columns exceed the 128 of attention",
    ]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"head_dim": 72}, r"head_dim = 72 is outside the template's 1 .. 64"),
        ({"head_dim": 60}, r"head_dim = 60 is no multiple of 8"),
        ({"k_offset": 4}, r"k_offset = 4 is no multiple of 8"),
        ({"batch": 65536}, r"batch = 65536 is outside 1 .. 65535"),
    ],
)
@pytest.mark.parametrize(
    "template",
    [
        AttentionAttr.of(queries_per_block=64, keys_per_block=64, head_dim=64),
        AttentionSm90Attr.of(queries_per_block=128, keys_per_block=128, head_dim=64, schedule="pingpong"),
        AttentionSm80Attr.of(
            vector=2, rank=0, general=(), queries_per_block=64, keys_per_block=64, head_dim=64, warps=4, mask="none"
        ),
    ],
    ids=lambda template: template.family,
)
def test_launches_that_reach_outside_the_tile_are_refused(
    template: TemplateAttr, changes: dict[str, int], message: str
) -> None:
    integers = dict.fromkeys(template.launch_parameters, 8) | {"head_dim": 64}
    template.check_launch(integers)
    with pytest.raises(VerifyException, match=message):
        template.check_launch(integers | changes)


@pytest.mark.parametrize("target", TARGETS)
def test_default_tiles_are_legal_where_their_family_runs(target: str) -> None:
    signature = KernelSignature((f16, f16, f16), (), (), (f16,))
    for queries, keys in ((64, 64), (32, 128), (128, 128)):
        template = AttentionAttr.of(queries_per_block=queries, keys_per_block=keys, head_dim=keys)
        template.check_legal(Target.named(target), signature)


def test_flops_and_bytes_are_those_of_the_heads() -> None:
    op = attention(197, 64, (1, 1, 1, 197), heads=3)
    selection = next(a for a in attention_answers(op, Target.named("sm_80")) if isinstance(a, Selection))
    assert selection.template.flops(selection.arguments) == 4 * 3 * 197 * 197 * 64
    packed, result = 197 * 3 * 192, 197 * 192
    touched = selection.template.elements_touched(selection.arguments, (packed, packed, packed, 197, result))
    assert touched == (result, result, result, 197, result)


COMPILED = {
    "sm_75": (attention(40), attention(40, 128)),
    "sm_80": (
        attention(40),
        attention(600, 64, (1, 2, 1, 600)),
        attention(197, 80, (1, 1, 197, 197), tensor((160,), f32), tensor((1, 197, 160)), output=f32, element=bf16),
    ),
    "sm_90a": (attention(197),),
}


@pytest.mark.parametrize("target_name", COMPILED)
def test_nvcc_compiles(target_name: str) -> None:
    target = Target.named(target_name)
    table = KernelTable(target)
    for op in COMPILED[target_name]:
        selection = next(answer for answer in attention_answers(op, target) if isinstance(answer, Selection))
        table.kernel_for(selection, signature_of(op), [op.detach_region(op.epilogue)])
    kernels = table.kernels.values()
    sources = [KernelSource(kernel.sym_name.data, render_kernel(kernel)) for kernel in kernels]
    Builder(target, jobs=1, show_progress=False).compile_kernels(sources)
