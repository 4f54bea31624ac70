"""How long products and convolutions take with rows of given lengths, and kernels that pad rows or cut them off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from xdsl.dialects.builtin import AnyFloat, ArrayAttr, TensorType
from xdsl.ir import Attribute, Block, SSAValue

from boltir.cost_model.fusion import LAUNCH_SECONDS
from boltir.dialects import fused
from boltir.dialects.graph.linear import Conv2dOp, MatrixProductOp
from boltir.dialects.properties import bool_attr
from boltir.dialects.shapes import element_count
from boltir.dialects.tensors import Shape, element_type, static_shape
from boltir.lowering.fused_to_cutlass.families import select_on_tensor_cores
from boltir.lowering.fused_to_cutlass.selection import Refusal
from boltir.passes.fold_prologue import summed_axes
from boltir.passes.lower_precision import ELEMENTS
from boltir.passes.padding.groups import Product, column_axis
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
            is_weight: whether the right operand is one.
        """
        axes = summed_axes(op)
        assert axes is not None
        a, b = ([*static_shape(value)] for value in op.operands)
        a[axes[0]] = b[axes[1]] = extents.k
        b[column_axis(op)] = extents.n
        properties = {name: value for name, value in op.properties.items() if name != "layout"}
        if is_weight and isinstance(op, MatrixProductOp) and self.precision.name == "f32":
            # Weights of f32 are stored along K in the end (transpose-weights).
            b[-2:] = extents.n, extents.k
            properties["transpose_b"] = bool_attr(True)
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
