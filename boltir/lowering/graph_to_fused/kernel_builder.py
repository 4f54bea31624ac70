"""Building the kernels that replace one graph operation."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from xdsl.builder import Builder
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.rewriter import InsertPoint

from boltir.dialects.fused import FusedOp, PointwiseOp, ReshapeOp, TransposeOp, YieldOp
from boltir.dialects.fused.origin import set_origin
from boltir.dialects.fused.scalar_builder import ScalarBuilder
from boltir.dialects.graph import GraphOp
from boltir.dialects.graph.builder import GraphBuilder
from boltir.dialects.graph.constants import splat_value
from boltir.dialects.properties import ints
from boltir.dialects.tensors import compute_type, element_type, static_shape

ScalarFunction: TypeAlias = Callable[[ScalarBuilder, Sequence[SSAValue]], SSAValue]
"""Appends scalar code on the given elements and returns its value."""


@dataclass(frozen=True)
class KernelBuilder:
    """Adds fused operations before `op`, at its location.

    Results have the element type of `op`'s result, so that kernels store what `op` gives.
    """

    op: GraphOp

    def insert(self, new: Operation) -> SSAValue:
        """Add `new` and return its result."""
        new.location = self.op.location
        return Builder(InsertPoint.before(self.op)).insert(new).results[0]

    def kernel(
        self,
        kind: type[FusedOp],
        inputs: Sequence[SSAValue],
        properties: Mapping[str, Attribute] | None = None,
        *,
        epilogue_operands: Sequence[SSAValue] = (),
        epilogue: Region | None = None,
    ) -> SSAValue:
        """The result of a kernel; without `epilogue` it stores the accumulator."""
        return self._insert_kernel(
            kind.build_kernel(
                inputs,
                properties,
                result_element_types=[self.op.result_type.element_type],
                epilogue_operands=epilogue_operands,
                epilogue=epilogue,
            )
        )

    def _insert_kernel(self, kernel: FusedOp) -> SSAValue:
        set_origin(kernel, [self.op.name])
        return self.insert(kernel)

    def pointwise(self, operands: Sequence[SSAValue], function: ScalarFunction) -> SSAValue:
        """The result of a kernel that applies `function` to each element of the broadcast operands.

        Constants whose elements are all equal become scalar constants.
        """
        loaded = tuple(dict.fromkeys(value for value in operands if splat_value(value) is None)) or operands[:1]
        block = Block(arg_types=[compute_type(element_type(value)) for value in loaded])
        build = ScalarBuilder(block)
        elements: dict[SSAValue, SSAValue] = dict(zip(loaded, block.args, strict=True))
        for value in operands:
            number = splat_value(value)
            if number is not None and value not in elements:
                elements[value] = build.constant(number, compute_type(element_type(value)))
        yield_value(block, function(build, [elements[value] for value in operands]))
        result = self.op.result_type
        return self._insert_kernel(
            PointwiseOp.of_shape(result.get_shape(), loaded, Region(block), result_element_types=[result.element_type])
        )

    def reshape(self, value: SSAValue, shape: Sequence[int]) -> SSAValue:
        """`value` under another shape; a graph operation on a weight, which fold-constants folds."""
        if isinstance(value.owner, GraphOp):
            return GraphBuilder.before(self.op).reshape(value, shape)
        return value if static_shape(value) == tuple(shape) else self.insert(ReshapeOp.of(value, tuple(shape)))

    def transpose(self, value: SSAValue, permutation: Sequence[int]) -> SSAValue:
        """`value` with its dimensions permuted; a graph operation on a weight, which fold-constants folds."""
        if isinstance(value.owner, GraphOp):
            return GraphBuilder.before(self.op).transpose(value, permutation)
        return self.kernel(TransposeOp, [value], {"permutation": ints(permutation)})

    def along_axis(self, vector: SSAValue, axis: int, rank: int) -> SSAValue:
        """`vector` shaped to broadcast along dimension `axis` of a tensor of `rank` dimensions."""
        return self.reshape(vector, (*static_shape(vector), *(1,) * (rank - 1 - axis % rank)))


def yield_value(block: Block, value: SSAValue) -> None:
    """End an epilogue with one value to store."""
    block.add_op(YieldOp(operands=[[value]]))
