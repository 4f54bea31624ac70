"""A fused operation on its own: what is tuned, and what a measurement is remembered for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from xdsl.dialects.builtin import ModuleOp, UnknownLoc
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Block, Operation, Region

from boltir.dialects.fused import FusedOp
from boltir.dialects.tensors import tensor_type


@dataclass(frozen=True)
class Problem:
    """One fused operation as a network of its own; its operands are that network's inputs, each another one.

    Attributes:
        kind: the operation, as `gemm`.
        text: its canonical IR: shapes, element types, layouts, the whole epilogue, how outputs are stored. Two
            operations are the same problem if and only if their texts are equal.
    """

    kind: str
    text: str
    _module: ModuleOp = field(compare=False, repr=False)

    @staticmethod
    def of(op: FusedOp) -> Problem:
        """The problem that `op` is, wherever it stands and whatever passes noted on it."""
        module = _alone(op)
        return Problem(op.name.removeprefix("fused."), str(module), module)

    def module(self) -> ModuleOp:
        """A copy of the network of one operation."""
        return self._module.clone()

    @property
    def op(self) -> FusedOp:
        """The operation, to be read only."""
        return kernels_of(self._module)[0]

    @property
    def summary(self) -> str:
        """The problem in some words: `gemm 1280x768xf16, 768x3072xf16 + row f16: addf, maximumf -> 1280x3072xf16`.

        Constants are left out: two problems of the same summary may differ.
        """
        op = self.op
        inputs, outputs = (", ".join(_type_text(value.type) for value in values) for values in (op.inputs, op.outputs))
        kinds = zip(op.broadcasts, op.epilogue_operands, strict=True)
        operands = "".join(f" + {kind.data.value} {tensor_type(value).element_type}" for kind, value in kinds)
        steps = ", ".join(
            step.name.partition(".")[2] for step in op.epilogue.block.ops if step.operands and step.results
        )
        return f"{self.kind} {inputs}{operands}{': ' + steps if steps else ''} -> {outputs}"


def kernels_of(module: ModuleOp) -> list[FusedOp]:
    """The fused operations of a module, in order."""
    return [op for op in module.walk() if isinstance(op, FusedOp)]


def distinct_problems(module: ModuleOp) -> dict[Problem, int]:
    """The problems of a network at the fused level, in order, and how often each one occurs."""
    return Counter(map(Problem.of, kernels_of(module)))


def _alone(op: FusedOp) -> ModuleOp:
    """`op` as the only operation of a module's `@main`, without whatever does not change what it computes."""
    block = Block(arg_types=[value.type for value in op.operands])
    copy = op.clone(dict(zip(op.operands, block.args, strict=True)))
    for index, argument in enumerate(block.args):
        copy.operands[index] = argument
    copy.attributes = {}
    copy.properties = dict(sorted(copy.properties.items()))
    block.add_ops([copy, ReturnOp(*copy.results)])
    for inner in copy.walk():
        _forget_names(inner)
    types = ([value.type for value in op.operands], [value.type for value in op.results])
    return ModuleOp([FuncOp("main", types, Region(block))])


def _forget_names(op: Operation) -> None:
    op.location = UnknownLoc()
    blocks: Iterable[Block] = (block for region in op.regions for block in region.blocks)
    for value in (*op.results, *(argument for block in blocks for argument in block.args)):
        value.name_hint = None


def _type_text(kind: object) -> str:
    return str(kind).removeprefix("tensor<").removesuffix(">")
