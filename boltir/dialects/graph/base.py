"""What every `graph` operation is: one result whose type follows from operands and properties."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Self

from xdsl.dialects.builtin import LocationAttr, NoneType, TensorType
from xdsl.interfaces import HasCanonicalizationPatternsInterface
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import IRDLOperation, ParsePropInAttrDict, operand_def, result_def, traits_def
from xdsl.pattern_rewriter import RewritePattern
from xdsl.rewriter import Rewriter
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

from boltir.dialects.properties import check_attributes
from boltir.dialects.tensors import Shape, check_tensor, static_shape, tensor_type


class GraphOp(IRDLOperation, HasCanonicalizationPatternsInterface, ABC):
    """One framework operator: pure, with one result called `result`."""

    result = result_def(TensorType)

    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "operands attr-dict `:` functional-type(operands, results)"

    @abstractmethod
    def infer_type(self) -> TensorType[Attribute]:
        """The type the result must have.

        Raises:
            VerifyException: the operands and properties do not fit together.
        """

    @property
    def result_type(self) -> TensorType[Attribute]:
        return tensor_type(self.result)

    def verify_(self) -> None:
        check_attributes(self)
        for operand in self.operands:
            check_tensor(operand)
        expected = self.infer_type()
        if expected != self.result.type:
            raise VerifyException(f"result type is {self.result.type}, the operands and attributes give {expected}")
        check_tensor(self.result)

    @classmethod
    def get_canonicalization_patterns(cls) -> tuple[RewritePattern, ...]:
        from boltir.dialects.graph.canonicalization import patterns_of

        return patterns_of(cls)

    @classmethod
    def operand_groups(cls, operands: Sequence[SSAValue]) -> Sequence[SSAValue | Sequence[SSAValue]]:
        """`operands` as xDSL's constructors take them: those of a variadic definition in one list."""
        return operands

    @classmethod
    def build_inferred(
        cls,
        operands: Sequence[SSAValue],
        properties: Mapping[str, Attribute] | None = None,
        location: LocationAttr | None = None,
    ) -> Self:
        """Build the operation with the result type that `infer_type` gives.

        Raises:
            VerifyException: the operands and properties do not fit together.
        """
        op = cls(operands=cls.operand_groups(operands), result_types=[NoneType()], properties=dict(properties or {}))
        if location is not None:
            op.location = location
        Rewriter.replace_value_with_new_type(op.results[0], op.infer_type())
        return op


class UnaryOp(GraphOp, ABC):
    """An operation of one tensor."""

    input = operand_def(TensorType)

    assembly_format = "$input attr-dict `:` functional-type(operands, results)"

    @property
    def shape(self) -> Shape:
        """The operand's shape."""
        return static_shape(self.input)

    @property
    def element_type(self) -> Attribute:
        """The operand's element type."""
        return tensor_type(self.input).element_type
