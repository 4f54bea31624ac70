"""A fused operation on its own: what is tuned, and what a measurement is remembered for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from xdsl.dialects.builtin import ModuleOp, UnknownLoc
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Block, Operation, Region

from boltir.dialects.fused import ChainOp, FusedOp
from boltir.dialects.fused.chain import Residence, ResidenceAttr
from boltir.dialects.tensors import tensor_type

Kernel = FusedOp | ChainOp
"""An operation that becomes one kernel, or that may."""


@dataclass(frozen=True)
class Problem:
    """One fused operation, or a chain of them, as a network of its own.

    Its operands are that network's inputs, each another one.

    Attributes:
        kind: the operation, as `gemm`.
        text: its canonical IR: shapes, element types, layouts, the whole epilogue, how outputs are stored. Two
            operations are the same problem if and only if their texts are equal. Where a chain keeps its intermediates
            is no part of the problem: candidates differ in it.
    """

    kind: str
    text: str
    _module: ModuleOp = field(compare=False, repr=False)

    @staticmethod
    def of(op: Kernel) -> Problem:
        """The problem that `op` is, wherever it stands and whatever passes noted on it."""
        module = _alone(op)
        return Problem(op.name.removeprefix("fused."), str(module), module)

    def module(self) -> ModuleOp:
        """A copy of the network of one operation."""
        return self._module.clone()

    @property
    def op(self) -> Kernel:
        """The operation, to be read only."""
        return kernels_of(self._module)[0]

    @property
    def summary(self) -> str:
        """The problem in some words: `gemm 1280x768xf16, 768x3072xf16 + row f16: addf, maximumf -> 1280x3072xf16`.

        Constants are left out: two problems of the same summary may differ.
        """
        op = self.op
        if isinstance(op, ChainOp):
            return f"{self.kind} of {'; '.join(map(_summary, op.anchors))}"
        return f"{self.kind} {_summary(op)}"


def _summary(op: FusedOp) -> str:
    inputs, outputs = (", ".join(_type_text(value.type) for value in values) for values in (op.inputs, op.outputs))
    kinds = zip(op.broadcasts, op.epilogue_operands, strict=True)
    operands = "".join(f" + {kind.data.value} {tensor_type(value).element_type}" for kind, value in kinds)
    steps = ", ".join(step.name.partition(".")[2] for step in op.epilogue.block.ops if step.operands and step.results)
    return f"{inputs}{operands}{': ' + steps if steps else ''} -> {outputs}"


def kernels_of(module: ModuleOp) -> list[Kernel]:
    """The operations of a module that become kernels, in order; the anchors of a chain are none."""
    kernels = [op for op in module.walk() if isinstance(op, Kernel)]
    return [op for op in kernels if not isinstance(op.parent_op(), ChainOp)]


def distinct_problems(module: ModuleOp) -> dict[Problem, int]:
    """The problems of a network at the fused level, in order, and how often each one occurs."""
    return Counter(map(Problem.of, kernels_of(module)))


def _alone(op: Kernel) -> ModuleOp:
    """`op` as the only operation of a module's `@main`, without whatever does not change what it computes."""
    block = Block(arg_types=[value.type for value in op.operands])
    copy = op.clone(dict(zip(op.operands, block.args, strict=True)))
    for index, argument in enumerate(block.args):
        copy.operands[index] = argument
    if isinstance(copy, ChainOp):
        copy.residence = ResidenceAttr(Residence.RF)
    block.add_ops([copy, ReturnOp(*copy.results)])
    for inner in copy.walk():
        _forget_notes(inner)
    types = ([value.type for value in op.operands], [value.type for value in op.results])
    return ModuleOp([FuncOp("main", types, Region(block))])


def _forget_notes(op: Operation) -> None:
    """Drop names, and whatever passes noted; put properties in order."""
    if isinstance(op, Kernel):
        op.attributes = {}
        op.properties = dict(sorted(op.properties.items()))
    op.location = UnknownLoc()
    blocks: Iterable[Block] = (block for region in op.regions for block in region.blocks)
    for value in (*op.results, *(argument for block in blocks for argument in block.args)):
        value.name_hint = None


def _type_text(kind: object) -> str:
    return str(kind).removeprefix("tensor<").removesuffix(">")
