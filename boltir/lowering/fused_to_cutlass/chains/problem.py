"""fused.chain -> a kernel of dependent products: its signature, its operands, and the integers of its launch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

from xdsl.ir import Region, SSAValue
from xdsl.utils.exceptions import VerifyException

from boltir.cost_model import MEASURED_INSTRUCTIONS, epilogue_instructions
from boltir.dialects.cutlass.chain import ChainAttr, column_parameters
from boltir.dialects.cutlass.choice import choice_of
from boltir.dialects.cutlass.matrix import Layout
from boltir.dialects.cutlass.template import KernelSignature, StageSignature, TemplateAttr
from boltir.dialects.fused import ChainOp, Conv2dOp, FusedOp, GemmOp
from boltir.dialects.graph.constants import depends_on_weights_only
from boltir.dialects.tensors import element_type, static_shape
from boltir.lowering.fused_to_cutlass.conv2d import conv2d_arguments, is_matrix_product
from boltir.lowering.fused_to_cutlass.selection import Refusal, Selection, obeyed, signature_of
from boltir.target import Target


@dataclass(frozen=True)
class ChainProblem:
    """What any kernel needs to know of a chain.

    Attributes:
        window: the launch integers of the convolution that the chain begins with; None if it begins with a product.
        rows: of every product.
        extents: what the first product sums over, then the columns of each product.
        layout_b: of the second operand of every product.
        instructions: of each epilogue for each element, or of all.
    """

    window: tuple[tuple[str, int], ...] | None
    rows: int
    extents: tuple[int, ...]
    layout_b: Layout
    signature: KernelSignature
    instructions: int | tuple[int, ...] = MEASURED_INSTRUCTIONS

    @property
    def arguments(self) -> dict[str, int]:
        """The launch integers by name."""
        k0, n0, *after = self.extents
        columns = dict(zip(column_parameters(len(self.extents) - 1), after, strict=True))
        if self.window is not None:
            return {**dict(self.window), **columns}
        return {"m": self.rows, "n0": n0, "k0": k0, **columns}


def chain_problem(chain: ChainOp) -> ChainProblem | Refusal:
    """`chain` as a problem, or why no kernel computes it."""
    return problem_of(chain.anchors)


def problem_of(anchors: Sequence[FusedOp], *, transposes_weights: bool = False) -> ChainProblem | Refusal:
    """The same of the anchors of a chain, wherever they are.

    Args:
        transposes_weights: take the second operands that are row-major weights for column-major.
    """
    first = anchors[0]
    begins_with_window = is_window(first)
    layouts: set[Layout] = set()
    for op in anchors:
        layout = Layout.COLUMN if op is first and begins_with_window else product_layout(op)
        if isinstance(layout, Refusal):
            return layout
        layouts.add(Layout.COLUMN if transposes_weights and depends_on_weights_only(op.inputs[1]) else layout)
    if len(layouts) > 1:
        return Refusal("some second operands are row-major and others column-major")
    columns = [op.result_shape[-1] for op in anchors]
    rows = prod(first.result_shape[:-1])
    depth = prod(static_shape(first.inputs[1])) // columns[0]
    window = tuple(conv2d_arguments(first).items()) if isinstance(first, Conv2dOp) and begins_with_window else None
    signature, instructions = chain_signature(anchors), chain_instructions(anchors)
    return ChainProblem(window, rows, (depth, *columns), layouts.pop(), signature, instructions)


def is_window(op: FusedOp) -> bool:
    """Whether `op` is a convolution with more than a pixel in its windows, or that skips pixels."""
    return isinstance(op, Conv2dOp) and op.groups.value.data == 1 and not is_matrix_product(op)


def product_layout(op: FusedOp) -> Layout | Refusal:
    """The layout of the second operand of a product with one matrix, or why `op` is none."""
    match op:
        case GemmOp():
            if op.transpose_a.value.data:
                return Refusal("its first operand is read transposed")
            if prod(static_shape(op.inputs[1])[:-2]) != 1:
                return Refusal("it multiplies with a batch of matrices")
            return Layout.COLUMN if op.transpose_b.value.data else Layout.ROW
        case Conv2dOp():
            if op.groups.value.data != 1:
                return Refusal(f"a convolution of {op.groups.value.data} groups")
            _, r, s, _ = static_shape(op.inputs[1])
            if (r, s) != (1, 1) or any(op.padding.get_values()):
                return Refusal("windows of more than one pixel need neighbours of a tile's rows")
            if not is_matrix_product(op):
                return Refusal("windows that skip pixels compute other rows")
            return Layout.COLUMN
        case _:
            return Refusal(f"{op.name} is no product")


def chain_instructions(anchors: Sequence[FusedOp]) -> tuple[int, ...]:
    """Of each epilogue for each element."""
    return tuple(epilogue_instructions(op.epilogue.block) for op in anchors)


def chain_signature(anchors: Sequence[FusedOp]) -> KernelSignature:
    """The types and broadcast kinds of the kernel that the anchors become."""
    *before, last = map(signature_of, anchors)
    stages = tuple(StageSignature(one.epilogue_operands, one.broadcasts) for one in before)
    inputs = (element_type(anchors[0].inputs[0]), *(element_type(op.inputs[1]) for op in anchors))
    return replace(last, inputs=inputs, stages=stages)


def given_chain_selection(chain: ChainOp, target: Target) -> Selection | None:
    """The template that is attached to `chain`, with its launch integers; None if nothing is attached.

    Raises:
        UnsupportedError: it cannot compute the chain on `target`.
    """
    choice = choice_of(chain)
    if choice is None:
        return None
    answer = legal_chain_selection(chain, choice.template_attr, target)
    if isinstance(answer, Selection) and answer.arguments != choice.integers:
        answer = Refusal(f"launches of {choice.template_attr.family} compute it with other integers")
    return obeyed(answer, chain, target, "run inline-chains")


def legal_chain_selection(chain: ChainOp, template: TemplateAttr, target: Target) -> Selection | Refusal:
    """`template` with its launch integers if it computes `chain`, else the rule that it breaks."""
    problem = chain_problem(chain)
    if isinstance(problem, Refusal):
        return problem
    if not isinstance(template, ChainAttr):
        return Refusal("it computes one product")
    if template.intermediates is not chain.residence.data:
        return Refusal(f"it keeps intermediates in {template.intermediates.value}, not {chain.residence.data.value}")
    return legal_selection_of(problem, template, target)


def legal_selection_of(problem: ChainProblem, template: ChainAttr, target: Target) -> Selection | Refusal:
    """`template` with the launch integers of `problem` if it computes that, else the rule that it breaks."""
    arguments = problem.arguments
    if sorted(arguments) != sorted(template.launch_parameters):
        return Refusal(f"launches of {template.family} take {list(template.launch_parameters)}")
    if template.values().get("layout_b", Layout.COLUMN.value) != problem.layout_b.value:
        return Refusal(f"the second operands are {problem.layout_b.value}-major")
    try:
        template.check_legal(target, problem.signature)
        template.check_launch(arguments)
    except VerifyException as error:
        return Refusal(str(error))
    return Selection(template, arguments)


@dataclass(frozen=True)
class ChainOperands:
    """The operands of a chain's kernel, as the values outside of it, and its epilogues."""

    inputs: list[SSAValue]
    epilogue_operands: list[SSAValue]
    epilogues: list[Region]


def detach_operands(chain: ChainOp) -> ChainOperands:
    """What the launch of `chain` reads: A and each B, then the operands of each epilogue; takes the epilogues out."""
    outside: dict[SSAValue, SSAValue] = dict(zip(chain.body.block.args, chain.inputs, strict=True))
    anchors = chain.anchors
    values = (anchors[0].inputs[0], *(op.inputs[1] for op in anchors))
    operands = (value for op in anchors for value in op.epilogue_operands)
    return ChainOperands(
        [outside[value] for value in values],
        [outside[value] for value in operands],
        [op.detach_region(op.epilogue) for op in anchors],
    )
