"""`hoist-slices`: of a value that is read only in part, that part alone is computed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, TensorType
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern
from xdsl.rewriter import InsertPoint

from boltir.context import remarks_of
from boltir.dialects.graph.attention import AttentionOp
from boltir.dialects.graph.base import GraphOp
from boltir.dialects.graph.builder import GraphBuilder
from boltir.dialects.graph.canonicalization import patterns_of
from boltir.dialects.graph.canonicalization.slices import Part, parts_of, sliced
from boltir.dialects.graph.elementwise import ElementwiseOp
from boltir.dialects.graph.linear import BiasAddOp, MatrixProductOp
from boltir.dialects.graph.movement import SliceOp
from boltir.dialects.graph.normalization import LayerNormOp, SoftmaxOp
from boltir.dialects.shapes import element_count
from boltir.dialects.tensors import Shape, element_type, normalized_axis, static_shape
from boltir.passes.support.rewriting import apply_patterns
from boltir.remarks import Remarks

LARGEST_SHARE = 0.5
"""Of a result's elements; a slice of more saves too little work to make up for slices of several operands."""

Parts = Sequence[Part]


def whole(shape: Shape) -> list[Part]:
    """Everything."""
    return [Part(0, extent, 1) for extent in shape]


def is_whole(parts: Parts, shape: Shape) -> bool:
    return list(parts) == whole(shape)


def broadcast_parts(value: SSAValue, parts: Parts) -> list[Part]:
    """What `parts` of a result need of an operand that broadcasts to it."""
    shape = static_shape(value)
    aligned = parts[len(parts) - len(shape) :]
    return [Part(0, 1, 1) if extent == 1 else part for extent, part in zip(shape, aligned, strict=True)]


def of_elementwise(op: GraphOp, parts: Parts) -> list[list[Part]]:
    return [broadcast_parts(value, parts) for value in op.operands]


def of_bias_add(op: BiasAddOp, parts: Parts) -> list[list[Part]]:
    return [list(parts), [parts[op.axis.value.data]]]


def of_layer_norm(op: LayerNormOp, parts: Parts) -> list[list[Part]] | None:
    shape = static_shape(op.input)
    axis = normalized_axis(op.axis.value.data, len(shape))
    if not is_whole(parts[axis:], shape[axis:]):
        return None
    return [list(parts), whole(static_shape(op.scale)), whole(static_shape(op.bias))]


def of_softmax(op: SoftmaxOp, parts: Parts) -> list[list[Part]] | None:
    axis = normalized_axis(op.axis.value.data, len(op.shape))
    return [list(parts)] if is_whole(parts[axis : axis + 1], op.shape[axis : axis + 1]) else None


def of_product(op: MatrixProductOp, parts: Parts) -> list[list[Part]]:
    """Rows of the result need rows of A, columns of it need columns of B."""
    *batch, rows, columns = parts
    (k,) = whole((static_shape(op.a)[-2 if op.transpose_a.value.data else -1],))
    a = [k, rows] if op.transpose_a.value.data else [rows, k]
    b = [columns, k] if op.transpose_b.value.data else [k, columns]
    return [broadcast_parts(value, [*batch, *matrix]) for value, matrix in ((op.a, a), (op.b, b))]


def of_attention(op: AttentionOp, parts: Parts) -> list[list[Part]] | None:
    """Rows of the result need rows of Q and of the mask; all columns are needed."""
    batch, rows, columns = parts
    if not is_whole([columns], static_shape(op.result)[2:]):
        return None
    heads = Part(0, op.heads.value.data, 1)
    of_keys = [[batch, *whole(static_shape(value)[1:])] for value in (op.k, op.v)]
    of_query = [batch, rows, *whole(static_shape(op.q)[2:])]
    if op.mask is None:
        return [of_query, *of_keys]
    keys = Part(0, static_shape(op.k)[1], 1)
    return [of_query, *of_keys, broadcast_parts(op.mask, [batch, heads, rows, keys])]


_RULES: Mapping[type[GraphOp], Callable[..., list[list[Part]] | None]] = {
    ElementwiseOp: of_elementwise,
    BiasAddOp: of_bias_add,
    LayerNormOp: of_layer_norm,
    SoftmaxOp: of_softmax,
    MatrixProductOp: of_product,
    AttentionOp: of_attention,
}
"""What an operation needs of its operands to compute parts of its result; None where it needs more."""


@dataclass(frozen=True)
class HoistSlice(RewritePattern):
    """slice(f(x)) -> f(slice(x)), if all that reads f(x) are slices of the same elements"""

    remarks: Remarks

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: SliceOp, rewriter: PatternRewriter, /) -> None:
        producer = op.input.owner
        if not isinstance(producer, GraphOp) or not is_worth_it(op):
            return
        slices = [use.operation for use in producer.result.uses]
        if any(not isinstance(user, SliceOp) or user.properties != op.properties for user in slices):
            return
        if (needed := operand_parts(producer, parts_of(op))) is None:
            return
        sizes, shape = ("x".join(map(str, extents)) for extents in (static_shape(op.result), op.shape))
        self.remarks.passed(HoistSlicesPass.name, producer, f"computes only {sizes} of {shape} elements")
        rewriter.insertion_point = InsertPoint.after(producer)
        build = GraphBuilder(rewriter, producer.location)
        operands = [part_of(value, parts, build) for value, parts in zip(producer.operands, needed, strict=True)]
        kind = TensorType(element_type(op.result), static_shape(op.result))
        new = type(producer)(
            operands=type(producer).operand_groups(operands), result_types=[kind], properties=producer.properties
        )
        result = build.insert(new)
        for user in slices:
            rewriter.replace(user, [], [result])


def part_of(value: SSAValue, parts: Parts, build: GraphBuilder) -> SSAValue:
    """The `parts` of `value`; itself if that is all of it."""
    return value if is_whole(parts, static_shape(value)) else sliced(value, parts, build)


def is_worth_it(op: SliceOp) -> bool:
    return element_count(static_shape(op.result)) <= LARGEST_SHARE * element_count(op.shape)


def operand_parts(op: GraphOp, parts: Parts) -> list[list[Part]] | None:
    """What `op` needs of its operands to compute `parts` of its result; None if that is no slice."""
    return next((rule(op, parts) for kind, rule in _RULES.items() if isinstance(op, kind)), None)


@dataclass(frozen=True)
class HoistSlicesPass(ModulePass):
    """Slices move up to where what they cut off need not be computed.

    A classifier that reads the first token of a transformer computes most of the last layer for that token alone.
    """

    name: ClassVar[str] = "hoist-slices"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        apply_patterns(op, HoistSlice(remarks_of(ctx)), *patterns_of(SliceOp))
