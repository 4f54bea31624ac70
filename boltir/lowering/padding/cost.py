"""How long products and convolutions take with rows of given lengths, and kernels that pad rows or cut them off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from xdsl.dialects.builtin import AnyFloat, ArrayAttr, TensorType
from xdsl.ir import Attribute, Block, SSAValue

from boltir.cost_model.fusion import LAUNCH_SECONDS
from boltir.cost_model.hopper_loads import LINE
from boltir.dialects import fused
from boltir.dialects.graph.linear import Conv2dOp, MatrixProductOp
from boltir.dialects.properties import bool_attr
from boltir.dialects.shapes import element_count
from boltir.dialects.tensors import Shape, element_type, static_shape
from boltir.lowering.fused_to_cutlass.families import select_on_tensor_cores
from boltir.lowering.fused_to_cutlass.selection import Refusal
from boltir.passes.fold_prologue import summed_axes
from boltir.passes.lower_precision import ELEMENTS
from boltir.passes.padding.groups import ACCESS_BYTES, Product, column_axis
from boltir.precision import Precision
from boltir.target import Target


@dataclass(frozen=True)
class Extents:
    """What a product sums over and computes.

    Attributes:
        k: lanes that it sums over.
        n: columns that it computes.
        stored: those of them that it stores, the first ones.
    """

    k: int
    n: int
    stored: int


def exact_extents(op: Product) -> Extents:
    """Those of `op` as it is."""
    axes = summed_axes(op)
    assert axes is not None
    columns = static_shape(op.result)[-1]
    return Extents(static_shape(op.operands[0])[axes[0]], columns, columns)


@dataclass
class PaddingCost:
    """The model for one GPU and precision."""

    target: Target
    precision: Precision
    known: dict[object, float | None] = field(default_factory=dict[object, float | None])

    @staticmethod
    def named(target: str, dtype: str) -> PaddingCost:
        """The model for the GPU and the precision that a pass's options name.

        Raises:
            BoltError: there is no such GPU or precision, or the GPU lacks it.
        """
        gpu = Target.named(target)
        return PaddingCost(gpu, Precision.named(dtype, gpu))

    def product_seconds(self, op: Product, extents: Extents, *, is_weight: bool) -> float | None:
        """The time of `op` with other extents, by the template that would be chosen; None if tensor cores refuse it.

        Args:
            is_weight: whether the right operand is one, which is stored in the better way (transpose-weights).
        """
        if not (is_weight and isinstance(op, MatrixProductOp)):
            return self.layout_seconds(op, extents, None)
        times = (self.layout_seconds(op, extents, way) for way in self.weight_layouts(op, extents))
        return min((time for time in times if time is not None), default=None)

    def weight_layouts(self, op: MatrixProductOp, extents: Extents) -> tuple[bool, ...]:
        """The ways to store the weight of `op` that are worth a look: whether as [N, K] instead of [K, N].

        As [N, K] in f32; otherwise both where TMA can read either, and only the other way has rows of whole lines.
        """
        element_bytes = self.element_bytes(element_type(op.b))
        if element_bytes == 4:
            return (True,)
        stored, along_k, along_n = bool(op.transpose_b.value.data), element_bytes * extents.k, element_bytes * extents.n
        row, other = (along_k, along_n) if stored else (along_n, along_k)
        improves = row % LINE > 0 and other % LINE == 0 and row % ACCESS_BYTES == 0
        return (stored, not stored) if improves and self.target.has_warpgroup_mma else (stored,)

    def layout_seconds(self, op: Product, extents: Extents, transpose_b: bool | None) -> float | None:
        """The same with the right operand of a matrix product as [..., N, K] or as [..., K, N]; as it is with None."""
        axes = summed_axes(op)
        assert axes is not None
        a, b = ([*static_shape(value)] for value in op.operands)
        a[axes[0]] = b[axes[1]] = extents.k
        b[column_axis(op)] = extents.n
        properties = {name: value for name, value in op.properties.items() if name != "layout"}
        if transpose_b is not None:
            b[-2:] = (extents.n, extents.k) if transpose_b else (extents.k, extents.n)
            properties["transpose_b"] = bool_attr(transpose_b)
        if extents.stored < extents.n:
            properties["stores"] = ArrayAttr([fused.ColumnsAttr.of(0, extents.stored)])
        kind = fused.Conv2dOp if isinstance(op, Conv2dOp) else fused.GemmOp
        return self.kernel_seconds(kind, tuple(a), tuple(b), element_type(op.operands[0]), properties)

    def kernel_seconds(
        self,
        kind: type[fused.GemmOp | fused.Conv2dOp],
        a: Shape,
        b: Shape,
        element: Attribute,
        properties: Mapping[str, Attribute],
    ) -> float | None:
        """The time of a product or convolution of such operands without an epilogue; None if tensor cores refuse it."""
        key = (kind, a, b, element, frozenset(properties.items()))
        if key not in self.known:
            stored = self._stored(element)
            block = Block(arg_types=[TensorType(stored, shape) for shape in (a, b)])
            kernel = kind.build_kernel(block.args, properties, result_element_types=[stored])
            answer = select_on_tensor_cores(kernel, self.target)
            self.known[key] = None if isinstance(answer, Refusal) else answer.ranked[0].estimate.seconds
            kernel.erase()
        return self.known[key]

    def _stored(self, element: Attribute) -> Attribute:
        return ELEMENTS[self.precision.name] if isinstance(element, AnyFloat) else element

    def element_bytes(self, element: Attribute) -> int:
        """What one element takes: a float in the precision, anything else that is padded a byte."""
        return self.precision.bytes if isinstance(element, AnyFloat) else 1

    def bytes_of(self, value: SSAValue, lanes: int) -> int:
        """What `value` takes with rows of so many lanes."""
        return self.element_bytes(element_type(value)) * lanes * element_count(static_shape(value)[:-1])

    def copy_seconds(self, value: SSAValue, written: int) -> float:
        """A kernel that reads `value` and writes so many bytes."""
        moved = self.bytes_of(value, static_shape(value)[-1]) + written
        return LAUNCH_SECONDS + moved / self.target.memory_bandwidth

    def longer_seconds(self, value: SSAValue, lanes: int) -> float:
        """What a kernel takes longer that stores `value` with so many lanes in the first place."""
        return self.bytes_of(value, lanes - static_shape(value)[-1]) / self.target.memory_bandwidth
