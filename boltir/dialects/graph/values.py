"""Where values come from that no operand carries: weights and small constants."""

from typing import ClassVar

from xdsl.dialects.builtin import DenseIntOrFPElementsAttr, SymbolRefAttr, TensorType
from xdsl.ir import Attribute
from xdsl.irdl import AnyAttr, ParamAttrConstraint, VarConstraint, irdl_op_definition, prop_def, result_def
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.hints import isa

from boltir.dialects.graph.base import GraphOp
from boltir.dialects.tensors import tensor_type


@irdl_op_definition
class WeightOp(GraphOp):
    """Reads the weight of that symbol; its bytes live in the side file"""

    name = "graph.weight"
    symbol = prop_def(SymbolRefAttr)

    assembly_format = "$symbol attr-dict `:` type($result)"

    def infer_type(self) -> TensorType[Attribute]:
        if self.symbol.nested_references.data:
            raise VerifyException(f"a weight's symbol is one name, got {self.symbol}")
        return tensor_type(self.results[0])

    @property
    def weight_name(self) -> str:
        return self.symbol.root_reference.data


@irdl_op_definition
class ConstantOp(GraphOp):
    """A small constant, held in the IR's text"""

    _T: ClassVar = VarConstraint("T", AnyAttr())

    name = "graph.constant"
    value = prop_def(ParamAttrConstraint(DenseIntOrFPElementsAttr, (_T, AnyAttr())))
    result = result_def(_T)

    assembly_format = "$value attr-dict"

    def infer_type(self) -> TensorType[Attribute]:
        if not isa(self.value.type, TensorType[Attribute]):
            raise VerifyException(f"a constant is a tensor, got {self.value.type}")
        return self.value.type
