"""One product that is read as two halves of its columns, and how each half becomes a product of its own."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.ir import SSAValue
from xdsl.rewriter import InsertPoint, Rewriter

from boltir.dialects.fused import GemmOp, PointwiseOp, SliceOp
from boltir.dialects.fused.origin import origin_of, set_origin
from boltir.dialects.graph.builder import GraphBuilder
from boltir.dialects.graph.canonicalization.slices import Part, sliced
from boltir.dialects.graph.constants import depends_on_weights_only
from boltir.dialects.tensors import element_type, static_shape
from boltir.passes.support.kernel_groups import KernelGroup
from boltir.passes.support.merge_kernels import merge


@dataclass(frozen=True)
class Halves:
    """The halves of the columns that `product` gives; the epilogue of `second` loads what `first` gives."""

    product: GemmOp
    first: SliceOp
    second: SliceOp

    def refusal(self) -> str | None:
        """Why they cannot be two products; None if they can."""
        users = {use.operation for use in self.product.outputs[0].uses}
        if len(users) > 2:
            return f"the product's result has {len(users)} uses"
        if not self.first.outputs[0].has_one_use():
            return "something else uses the first half"
        if not all(map(depends_on_weights_only, divided_operands(self.product))):
            return "the product's epilogue loads a tensor that is no weight"
        return None

    def split(self) -> tuple[GemmOp, GemmOp]:
        """Replace the product by one for each half, with the half's epilogue behind the product's own."""
        first, second = (split_off(self.product, half) for half in (self.first, self.second))
        Rewriter.erase_op(self.product)
        return first, second


def divided_operands(product: GemmOp) -> list[SSAValue]:
    """What the epilogue of `product` loads of which each half needs its own columns."""
    columns = product.result_shape[-1:]
    return [value for value in product.epilogue_operands if static_shape(value)[-1:] == columns]


def find_halves(second: SliceOp) -> Halves | None:
    """The halves of one product of which `second` is the one that loads the other."""
    product = second.inputs[0].owner
    if not isinstance(product, GemmOp) or len(product.outputs) > 1 or product.has_stores:
        return None
    for value in second.epilogue_operands:
        first = value.owner
        if isinstance(first, SliceOp) and first.inputs[0] is second.inputs[0] and are_halves(first, second):
            return Halves(product, first, second)
    return None


def are_halves(*slices: SliceOp) -> bool:
    """Whether the two `slices` take one half of the columns each."""
    *rows, columns = static_shape(slices[0].inputs[0])
    shape = (*rows, columns // 2)
    if any(op.sizes.get_values() != shape or set(op.strides.get_values()) != {1} for op in slices):
        return False
    return sorted(op.offsets.get_values()[-1] for op in slices) == [0, columns - columns // 2]


def split_off(product: GemmOp, half: SliceOp) -> GemmOp:
    """Replace `half` by the product of those columns of the matrix."""
    begin, size = half.offsets.get_values()[-1], half.sizes.get_values()[-1]
    build = GraphBuilder.before(half)
    a, b = product.inputs
    parts = {value: columns_of(value, -1, begin, size, build) for value in divided_operands(product)}
    gemm = GemmOp.build_kernel(
        [a, columns_of(b, -2 if product.transpose_b.value.data else -1, begin, size, build)],
        {"transpose_a": product.transpose_a, "transpose_b": product.transpose_b},
        result_element_types=[element_type(product.outputs[0])],
        epilogue_operands=[parts.get(value, value) for value in product.epilogue_operands],
        epilogue=product.epilogue.clone(),
        location=product.location,
    )
    rest = PointwiseOp.of_shape(
        half.result_shape,
        [gemm.outputs[0], *half.epilogue_operands],
        half.detach_region(half.epilogue),
        result_element_types=[element_type(output) for output in half.outputs],
        stores=half.output_stores if half.has_stores else (),
        location=half.location,
    )
    set_origin(gemm, origin_of(product))
    set_origin(rest, origin_of(half))
    Rewriter.insert_op(gemm, InsertPoint.before(half))
    Rewriter.replace_op(half, rest)
    group = KernelGroup()
    group.add(rest)
    group.add(gemm)
    merged = merge(group)
    assert isinstance(merged, GemmOp)
    return merged


def columns_of(value: SSAValue, axis: int, begin: int, size: int, build: GraphBuilder) -> SSAValue:
    """Entries `begin` to `begin + size` of `value` along `axis`."""
    parts = [Part(0, extent, 1) for extent in static_shape(value)]
    parts[axis] = Part(begin, size, 1)
    return sliced(value, parts, build)
