"""Products with a weight, and whether they can be parts of a larger product."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass

from xdsl.ir import Operation, SSAValue

from boltir.dialects.graph.attention import AttentionOp
from boltir.dialects.graph.base import GraphOp
from boltir.dialects.graph.constants import depends_on_weights_only, splat_value
from boltir.dialects.graph.elementwise import ElementwiseOp
from boltir.dialects.graph.linear import BiasAddOp, Conv2dOp, MatrixProductOp
from boltir.dialects.graph.movement import ConcatOp, PadOp, ReshapeOp, TransposeOp
from boltir.dialects.graph.pooling import ReduceOp
from boltir.dialects.tensors import normalized_axis, static_shape

Product = MatrixProductOp | Conv2dOp


@dataclass(frozen=True)
class Branch:
    """A product with a weight, and the bias behind it if there is one."""

    product: Product
    bias: BiasAddOp | None

    @property
    def last(self) -> GraphOp:
        return self.product if self.bias is None else self.bias

    @property
    def columns(self) -> int:
        return static_shape(self.last.result)[-1]

    @property
    def is_read_in_place(self) -> bool:
        """Whether all that reads the result can read it as columns of longer rows."""
        return not any(whole_row_readers(self.last.result))

    @property
    def key(self) -> Hashable:
        """Equal for products that can be one: they differ in weight and bias, which have as many rows."""
        weight, axis = self.product.operands[1], output_axis(self.product)
        shape = static_shape(weight)
        properties = frozenset(self.product.properties.items())
        return self.product.operands[0], type(self.product), properties, shape[:axis], shape[axis:][1:]


def output_axis(product: Product) -> int:
    """The axis of the weight that counts the columns of the result."""
    return 0 if isinstance(product, Conv2dOp) or product.transpose_b.value.data else 1


def unfit(product: Product) -> str | None:
    """Why `product` cannot be part of a larger one, whatever reads it; None if it can."""
    if isinstance(product, Conv2dOp) and product.groups.value.data > 1:
        return "it is a grouped convolution"
    if isinstance(product, Conv2dOp) and not product.channels_last:
        return "its channels come first"
    if isinstance(product, MatrixProductOp) and len(static_shape(product.b)) != 2:
        return "its right operand is no single matrix"
    if not depends_on_weights_only(product.operands[1]):
        return "its right operand is no weight"
    return None


def branch_of(product: Product) -> Branch:
    user = product.result.get_user_of_unique_use()
    return Branch(product, user if isinstance(user, BiasAddOp) and adds_columns(user, product) else None)


def adds_columns(op: BiasAddOp, product: Product) -> bool:
    rank = len(static_shape(op.input))
    is_last = normalized_axis(op.axis.value.data, rank) == rank - 1
    return op.input is product.result and depends_on_weights_only(op.bias) and is_last


def whole_row_readers(value: SSAValue) -> Iterator[Operation]:
    """What reads `value`, seen through reshapes that keep rows, and cannot read columns of longer rows."""
    for use in value.uses:
        user = use.operation
        if isinstance(user, ReshapeOp) and static_shape(user.result)[-1:] == static_shape(value)[-1:]:
            yield from whole_row_readers(user.result)
        elif not isinstance(user, AttentionOp) or user.operands[use.index] is user.mask:
            yield user


def lost_user(branch: Branch) -> Operation | None:
    """What follows `branch` and would be part of its kernel, but is none of the kernel that computes all parts.

    The epilogue of a part loads no tensor, and a part is stored as it is, neither permuted nor in place of a concat.
    """
    value = branch.last.result
    while isinstance(user := value.get_user_of_unique_use(), ElementwiseOp | BiasAddOp | ReshapeOp):
        loaded = [operand for operand in user.operands if operand is not value and splat_value(operand) is None]
        if loaded:
            return None if all(is_other_product(operand, branch.product) for operand in loaded) else user
        value = user.result
    return user if isinstance(user, TransposeOp | ConcatOp | PadOp | ReduceOp) else None


def is_other_product(value: SSAValue, product: Product) -> bool:
    """Whether `value` is a product of another tensor than `product` is, with what follows it: its kernel can go on."""
    while isinstance(owner := value.owner, ElementwiseOp | BiasAddOp) and value.has_one_use():
        value = owner.operands[0]
    return isinstance(owner, Product) and value.has_one_use() and owner.operands[0] is not product.operands[0]
