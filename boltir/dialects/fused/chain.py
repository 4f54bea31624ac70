"""Persistent kernels: several anchors in one kernel, the intermediates on chip."""

from itertools import pairwise

from xdsl.dialects.builtin import TensorType
from xdsl.dialects.utils import EnumAttribute
from xdsl.ir import SpacedOpaqueSyntaxAttribute, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    ParsePropInAttrDict,
    irdl_attr_definition,
    irdl_op_definition,
    prop_def,
    region_def,
    result_def,
    traits_def,
    var_operand_def,
)
from xdsl.traits import IsolatedFromAbove, Pure
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.str_enum import StrEnum

from boltir.dialects.fused.base import FusedOp, YieldOp
from boltir.dialects.fused.linear import Conv2dOp, GemmOp
from boltir.dialects.fused.movement import ReshapeOp
from boltir.dialects.properties import check_attributes
from boltir.dialects.tensors import check_tensor, static_shape


class Residence(StrEnum):
    """Where a chain keeps the intermediate: the register file or shared memory."""

    RF = "rf"
    SMEM = "smem"


@irdl_attr_definition
class ResidenceAttr(EnumAttribute[Residence], SpacedOpaqueSyntaxAttribute):
    name = "fused.residence"


@irdl_op_definition
class ChainOp(IRDLOperation):
    """Dependent matrix products or convolutions in one kernel

    The region holds the anchors in order; each takes the one before it as its first input, and no
    other operation sees an intermediate. Between two of them may be a reshape that keeps the columns: it moves nothing.
    """

    name = "fused.chain"
    inputs = var_operand_def(TensorType)
    residence = prop_def(ResidenceAttr)
    output = result_def(TensorType)
    body = region_def("single_block")
    traits = traits_def(Pure(), IsolatedFromAbove())
    irdl_options = (ParsePropInAttrDict(),)

    assembly_format = "`(` $inputs `:` type($inputs) `)` attr-dict `->` type($output) $body"

    @property
    def anchors(self) -> tuple[FusedOp, ...]:
        return tuple(op for op in self.body.block.ops if isinstance(op, FusedOp))

    def verify_(self) -> None:
        check_attributes(self)
        for value in (*self.inputs, self.output):
            check_tensor(value)
        given = [argument.type for argument in self.body.block.args]
        if given != [value.type for value in self.inputs]:
            raise VerifyException("the chain's block arguments must have the types of its inputs")
        stages, last = list(self.body.block.ops)[:-1], self.body.block.last_op
        if not isinstance(last, YieldOp) or len(last.values) != 1:
            raise VerifyException("a chain must end with fused.yield of one value")
        for stage in stages:
            if not isinstance(stage, GemmOp | Conv2dOp | ReshapeOp):
                raise VerifyException(f"a chain holds fused.gemm and fused.conv2d, not {stage.name}")
        if len(self.anchors) < 2:
            raise VerifyException("a chain needs at least two anchors")
        self._verify_links(last)

    def _verify_links(self, last: YieldOp) -> None:
        anchors = self.anchors
        for op in anchors:
            if len(op.outputs) != 1 or op.has_stores:
                raise VerifyException("an anchor of a chain has one output, of which it stores all elements")
        for producer, consumer in pairwise(anchors):
            if not _feeds(producer.outputs[0], consumer):
                raise VerifyException("each anchor of a chain must feed the next one's first input, and nothing else")
        if last.values[0] is not anchors[-1].outputs[0] or last.values[0].type != self.output.type:
            raise VerifyException("a chain yields the result of its last anchor")


def _feeds(value: SSAValue, consumer: FusedOp) -> bool:
    """Whether the first input of `consumer`, and nothing else, reads `value`, perhaps with other rows."""
    while (use := value.get_user_of_unique_use()) is not None:
        if use is consumer:
            return consumer.inputs[0] is value
        if not isinstance(use, ReshapeOp) or static_shape(use.output)[-1:] != static_shape(value)[-1:]:
            return False
        value = use.output
    return False
