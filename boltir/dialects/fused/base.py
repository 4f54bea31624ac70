"""What every `fused` operation is: one kernel to be, an anchor followed by a scalar epilogue."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Self

from xdsl.dialects.builtin import ArrayAttr, LocationAttr, NoneType, TensorType
from xdsl.interfaces import HasCanonicalizationPatternsInterface
from xdsl.ir import Attribute, Block, Region, SSAValue
from xdsl.irdl import (
    AttrSizedOperandSegments,
    IRDLOperation,
    ParsePropInAttrDict,
    prop_def,
    region_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.pattern_rewriter import RewritePattern
from xdsl.rewriter import Rewriter
from xdsl.traits import IsolatedFromAbove, Pure
from xdsl.utils.exceptions import VerifyException

from boltir.dialects.fused.broadcast import BroadcastAttr, BroadcastList, broadcasts_attr
from boltir.dialects.fused.epilogue import YieldOp, verify_epilogue, yield_of
from boltir.dialects.properties import check_attributes
from boltir.dialects.tensors import Shape, check_tensor, compute_type, element_type, static_shape, tensor_type


class FusedOp(IRDLOperation, HasCanonicalizationPatternsInterface, ABC):
    """One kernel: an anchor computes an accumulator per output element, the epilogue the stored value.

    The epilogue is scalar code over compute types (f32 for every float). Its block arguments are the
    accumulator and one element of each epilogue operand; it yields one value per output, which is
    converted to that output's element type on store.
    """

    inputs = var_operand_def(TensorType)
    epilogue_operands = var_operand_def(TensorType)
    outputs = var_result_def(TensorType)
    broadcasts = prop_def(ArrayAttr[BroadcastAttr], default_value=ArrayAttr[BroadcastAttr]([]))
    epilogue = region_def("single_block")

    traits = traits_def(Pure(), IsolatedFromAbove())
    irdl_options = (AttrSizedOperandSegments(as_property=True), ParsePropInAttrDict())
    custom_directives = (BroadcastList,)
    assembly_format = (
        "(`(` $inputs^ `:` type($inputs) `)`)?"
        " (`epilogue` `(` $epilogue_operands^ `:` type($epilogue_operands) `)` custom<BroadcastList>($broadcasts))?"
        " attr-dict `->` type($outputs) $epilogue"
    )

    @abstractmethod
    def infer_shape(self) -> Shape:
        """The shape of every output.

        Raises:
            VerifyException: the inputs and properties do not fit together.
        """

    @classmethod
    def get_canonicalization_patterns(cls) -> tuple[RewritePattern, ...]:
        from boltir.dialects.fused.canonicalization import SimplifyOperands

        return (SimplifyOperands(),)

    def accumulator_type(self) -> Attribute | None:
        """The type of the epilogue's first argument; None for an anchor without accumulator."""
        return compute_type(element_type(self.inputs[0]))

    def require_inputs(self, count: int) -> None:
        if len(self.inputs) != count:
            raise VerifyException(f"expected {count} inputs, got {len(self.inputs)}")

    @property
    def result_shape(self) -> Shape:
        return static_shape(self.outputs[0])

    @property
    def epilogue_yield(self) -> YieldOp:
        """The terminator of the epilogue."""
        return yield_of(self.epilogue)

    def epilogue_argument_types(self) -> list[Attribute]:
        """The block argument types the epilogue must have."""
        accumulator = self.accumulator_type()
        operands = [compute_type(element_type(value)) for value in self.epilogue_operands]
        return operands if accumulator is None else [accumulator, *operands]

    def verify_(self) -> None:
        check_attributes(self)
        for value in (*self.operands, *self.outputs):
            check_tensor(value)
        if not self.outputs:
            raise VerifyException("a kernel needs at least one output")
        shape = self.infer_shape()
        for output in self.outputs:
            if static_shape(output) != shape:
                raise VerifyException(f"output type is {output.type}, the kernel computes shape {list(shape)}")
        self._verify_broadcasts(shape)
        verify_epilogue(self.epilogue, self.epilogue_argument_types(), len(self.outputs))

    def _verify_broadcasts(self, shape: Shape) -> None:
        given = self.broadcasts
        expected = broadcasts_attr([static_shape(value) for value in self.epilogue_operands], shape)
        if given != expected:
            listed = (", ".join(kind.data.value for kind in kinds) for kinds in (given, expected))
            raise VerifyException("broadcast kinds are [{}], the shapes give [{}]".format(*listed))

    @classmethod
    def build_kernel(
        cls,
        inputs: Sequence[SSAValue],
        properties: Mapping[str, Attribute] | None = None,
        *,
        result_element_types: Sequence[Attribute],
        epilogue_operands: Sequence[SSAValue] = (),
        epilogue: Region | None = None,
        location: LocationAttr | None = None,
    ) -> Self:
        """Build the kernel with inferred result shape and broadcast kinds.

        Without `epilogue` the accumulator is stored as it is.

        Raises:
            VerifyException: the inputs and properties do not fit together.
        """
        op = cls(
            operands=[inputs, epilogue_operands],
            result_types=[[NoneType()] * len(result_element_types)],
            properties=dict(properties or {}),
            regions=[Region(Block()) if epilogue is None else epilogue],
        )
        if location is not None:
            op.location = location
        shape = op.infer_shape()
        op.broadcasts = broadcasts_attr([static_shape(value) for value in epilogue_operands], shape)
        for result, element in zip(tuple(op.outputs), result_element_types, strict=True):
            Rewriter.replace_value_with_new_type(result, TensorType(element, shape))
        if epilogue is None:
            block = Block(arg_types=op.epilogue_argument_types())
            block.add_op(YieldOp(operands=[[block.args[0]]]))
            op.detach_region(0)
            op.add_region(Region(block))
        return op


def output_type(op: FusedOp) -> TensorType[Attribute]:
    """The type of the first output."""
    return tensor_type(op.outputs[0])
