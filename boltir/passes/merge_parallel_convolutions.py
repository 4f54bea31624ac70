"""`merge-parallel-convolutions`: a sum of convolutions of one image, and of the image itself, is one convolution."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import ClassVar

from typing_extensions import TypeIs
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, SymbolRefAttr
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from boltir.context import remarks_of, weights_of
from boltir.dialects.graph.builder import GraphBuilder
from boltir.dialects.graph.constants import depends_on_weights_only
from boltir.dialects.graph.elementwise import AddOp, MulOp
from boltir.dialects.graph.linear import BiasAddOp, Conv2dOp
from boltir.dialects.graph.movement import PadOp
from boltir.dialects.graph.rewriting import builder_at, replace_by
from boltir.dialects.graph.values import WeightOp
from boltir.dialects.properties import int_attr, ints
from boltir.dialects.tensors import Shape, normalized_axis, static_shape, tensor_type
from boltir.passes.support.rewriting import apply_patterns
from boltir.remarks import Remarks
from boltir.weights import WeightStore

NAME = "merge-parallel-convolutions"


@dataclass
class Sum:
    """What an addition adds up: values of the result's type, and vectors along `axes`."""

    terms: list[SSAValue] = field(default_factory=list[SSAValue])
    biases: list[SSAValue] = field(default_factory=list[SSAValue])
    axes: set[int] = field(default_factory=set[int])

    @staticmethod
    def of(root: AddOp) -> Sum:
        """The terms of `root`, seen through additions that nothing else reads."""
        result, pending = Sum(), [root.rhs, root.lhs]
        while pending:
            value = pending.pop()
            op = value.owner if value.has_one_use() else None
            if isinstance(op, AddOp) and adds_equals(op):
                pending += [op.rhs, op.lhs]
            elif isinstance(op, BiasAddOp) and depends_on_weights_only(op.bias):
                result.biases.append(op.bias)
                result.axes.add(normalized_axis(op.axis.value.data, len(static_shape(value))))
                pending.append(op.input)
            else:
                result.terms.append(value)
        return result


def adds_equals(op: Operation | None) -> TypeIs[AddOp]:
    """Whether `op` adds two tensors of one type."""
    return isinstance(op, AddOp) and op.lhs.type == op.rhs.type


def channel_axis(op: Conv2dOp) -> int:
    return 3 if op.channels_last else 1


def reach(op: Conv2dOp) -> Shape:
    """How many pixels the window extends above, left of, below and right of the pixel whose result it gives."""
    _, r, s, _ = op.spatial_first(static_shape(op.filter))
    top, left, _, _ = op.padding.get_values()
    return top, left, r - 1 - top, s - 1 - left


@dataclass(frozen=True)
class Branch:
    """A term that is a convolution of `image`; without `conv` each channel of it, times its entry of `scale`."""

    term: SSAValue
    image: SSAValue
    conv: Conv2dOp | None = None
    scale: SSAValue | None = None

    @property
    def reach(self) -> Shape:
        return (0, 0, 0, 0) if self.conv is None else reach(self.conv)


def mergeable_convolution(term: SSAValue) -> Conv2dOp | None:
    """The convolution by a weight that `term` is, if only the sum reads it."""
    op = term.owner
    if not isinstance(op, Conv2dOp) or not term.has_one_use() or not depends_on_weights_only(op.filter):
        return None
    _, r, s, _ = op.spatial_first(static_shape(op.filter))
    return op if r * s == 1 or set(op.dilations.get_values()) == {1} else None


def settings(op: Conv2dOp) -> Hashable:
    """Equal for convolutions that differ in filter, window and padding alone."""
    return op.input, op.strides, op.groups, op.layout


def branch_beside(anchor: Conv2dOp, term: SSAValue) -> Branch | None:
    """`term` as a function of the image of `anchor`, of the same kind."""
    if (conv := mergeable_convolution(term)) is not None:
        return Branch(term, conv.input, conv) if settings(conv) == settings(anchor) else None
    if anchor.strides.get_values() != (1, 1):
        return None
    if term is anchor.input:
        return Branch(term, term)
    op = term.owner
    if not isinstance(op, MulOp) or not term.has_one_use() or anchor.input not in op.operands:
        return None
    scale = op.rhs if op.lhs is anchor.input else op.lhs
    axis, rank = channel_axis(anchor), len(static_shape(term))
    spread = (static_shape(term)[axis], *(1,) * (rank - 1 - axis))
    is_per_channel = static_shape(scale) in (spread, (1,) * axis + spread) and depends_on_weights_only(scale)
    return Branch(term, anchor.input, scale=scale) if is_per_channel else None


@dataclass(frozen=True)
class FilterBuilder:
    """Builds the filter of a branch as one of the size of `anchor`'s."""

    anchor: Conv2dOp
    build: GraphBuilder
    weights: WeightStore

    def filter_of(self, branch: Branch) -> SSAValue:
        margins = [wide - narrow for wide, narrow in zip(reach(self.anchor), branch.reach, strict=True)]
        if branch.conv is None:
            return self._diagonal(branch.scale, margins)
        if not any(margins):
            return branch.conv.filter
        top, left, bottom, right = margins
        low, high = (ints(self._around(pair)) for pair in ((top, left), (bottom, right)))
        return self.build.add(PadOp, [branch.conv.filter], {"low": low, "high": high})

    def _around(self, pair: tuple[int, int]) -> tuple[int, ...]:
        return (0, *pair, 0) if self.anchor.channels_last else (0, 0, *pair)

    def _diagonal(self, scale: SSAValue | None, margins: Sequence[int]) -> SSAValue:
        """The filter that gives each channel of the image, at the pixel `margins` from the window's corner."""
        import numpy as np

        from boltir.interpreters.arrays import numpy_dtype

        kind, (top, left, _, _) = tensor_type(self.anchor.filter), margins
        shape = kind.get_shape()
        filters = shape[0]
        image = np.zeros(self.anchor.spatial_first(shape), numpy_dtype(kind.element_type))
        image[range(filters), top, left, [k % image.shape[3] for k in range(filters)]] = 1
        array = image if self.anchor.channels_last else np.ascontiguousarray(image.transpose(0, 3, 1, 2))
        symbol = SymbolRefAttr(self.weights.add("identity", array))
        identity = self.build.insert(WeightOp(result_types=[kind], properties={"symbol": symbol}))
        if scale is None:
            return identity
        return self.build.add(MulOp, [identity, self.build.reshape(scale, (filters, 1, 1, 1))])


@dataclass(frozen=True)
class MergeBranches(RewritePattern):
    """conv(x, v) + conv(x, w) + a * x -> conv(x, v + pad(w) + diagonal(a)), in the largest window"""

    weights: WeightStore
    remarks: Remarks

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: AddOp, rewriter: PatternRewriter, /) -> None:
        if adds_equals(op.result.get_user_of_unique_use()):
            return
        total = Sum.of(op)
        convolutions = [conv for conv in map(mergeable_convolution, total.terms) if conv is not None]
        if not convolutions:
            return
        anchor = max(convolutions, key=lambda conv: sum(reach(conv)))
        branches = self._branches(op, anchor, total.terms)
        if len(branches) < 2 or not total.axes <= {channel_axis(anchor)}:
            return
        build = builder_at(op, rewriter)
        filters = FilterBuilder(anchor, build, self.weights)
        joined = add_up([filters.filter_of(branch) for branch in branches], build)
        merged = build.add(Conv2dOp, [anchor.input, joined], anchor.properties)
        if total.biases:
            properties = {"axis": int_attr(channel_axis(anchor))}
            merged = build.add(BiasAddOp, [merged, add_up(total.biases, build)], properties)
        rest = [term for term in total.terms if all(branch.term is not term for branch in branches)]
        replace_by(op, add_up([merged, *rest], build), rewriter)

    def _branches(self, op: AddOp, anchor: Conv2dOp, terms: Sequence[SSAValue]) -> list[Branch]:
        """The terms that the window of `anchor` covers; the refusal of others is noted."""
        beside = [branch for branch in (branch_beside(anchor, term) for term in terms) if branch is not None]
        _, r, s, _ = anchor.spatial_first(static_shape(anchor.filter))
        covered = [b for b in beside if all(far >= near for far, near in zip(reach(anchor), b.reach, strict=True))]
        if len(covered) > 1:
            self.remarks.passed(NAME, op, f"{len(covered)} branches became one {r}x{s} convolution")
        if len(covered) < len(beside):
            apart = f"{len(beside) - len(covered)} of {len(beside)} branches stay apart"
            self.remarks.missed(NAME, op, f"{apart}: the {r}x{s} window does not cover theirs")
        return covered


def add_up(values: Sequence[SSAValue], build: GraphBuilder) -> SSAValue:
    """The sum of `values`."""
    return reduce(lambda total, value: build.add(AddOp, [total, value]), values)


@dataclass(frozen=True)
class MergeParallelConvolutionsPass(ModulePass):
    """Branches that were trained apart run as one convolution (RepVGG, Ding et al., CVPR 2021)."""

    name: ClassVar[str] = NAME

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        apply_patterns(op, MergeBranches(weights_of(ctx), remarks_of(ctx)))
