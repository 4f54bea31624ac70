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
    opt_prop_def,
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
from boltir.dialects.fused.store import ElementsAttr, StoreAttr
from boltir.dialects.properties import check_attributes
from boltir.dialects.tensors import Shape, check_tensor, compute_type, element_type, static_shape


class FusedOp(IRDLOperation, HasCanonicalizationPatternsInterface, ABC):
    """One kernel: an anchor computes an accumulator per output element, the epilogue the stored value.

    The epilogue is scalar code over compute types (f32 for every float). Its block arguments are the
    accumulators and one element of each epilogue operand; it yields one value per output, which is
    converted to that output's element type on store. `stores` says for each output what becomes of those values;
    without it every element is stored where it is.
    """

    inputs = var_operand_def(TensorType)
    epilogue_operands = var_operand_def(TensorType)
    outputs = var_result_def(TensorType)
    broadcasts = prop_def(ArrayAttr[BroadcastAttr], default_value=ArrayAttr[BroadcastAttr]([]))
    stores = opt_prop_def(ArrayAttr[StoreAttr])
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
        """The shape of the result; every output has it that stores its elements.

        Raises:
            VerifyException: the inputs and properties do not fit together.
        """

    @classmethod
    def get_canonicalization_patterns(cls) -> tuple[RewritePattern, ...]:
        from boltir.dialects.fused.canonicalization import DropUnusedOutputs, SimplifyOperands

        return (SimplifyOperands(), DropUnusedOutputs())

    def accumulator_types(self) -> tuple[Attribute, ...]:
        """The types of the epilogue's first arguments, one per accumulator of the anchor."""
        return (compute_type(element_type(self.inputs[0])),)

    def require_inputs(self, count: int) -> None:
        if len(self.inputs) != count:
            raise VerifyException(f"expected {count} inputs, got {len(self.inputs)}")

    @property
    def result_shape(self) -> Shape:
        """The shape over which the epilogue computes."""
        return self.infer_shape() if self.has_stores else static_shape(self.outputs[0])

    @property
    def has_stores(self) -> bool:
        """Whether an output is anything but all elements of the result."""
        return self.stores is not None and any(not isinstance(store, ElementsAttr) for store in self.stores)

    @property
    def output_stores(self) -> tuple[StoreAttr, ...]:
        """One store per output."""
        return (ElementsAttr(),) * len(self.outputs) if self.stores is None else self.stores.data

    @property
    def stores_accumulator(self) -> bool:
        """Whether there is no epilogue and nothing is converted: the output is what the anchor computes."""
        return (
            list(self.epilogue_yield.values) == list(self.epilogue.block.args)
            and not self.epilogue_operands
            and not self.has_stores
            and element_type(self.outputs[0]) == element_type(self.inputs[0])
        )

    @property
    def epilogue_yield(self) -> YieldOp:
        """The terminator of the epilogue."""
        return yield_of(self.epilogue)

    def epilogue_argument_types(self) -> list[Attribute]:
        """The block argument types the epilogue must have."""
        return [*self.accumulator_types(), *(compute_type(element_type(value)) for value in self.epilogue_operands)]

    def verify_(self) -> None:
        check_attributes(self)
        for value in (*self.operands, *self.outputs):
            check_tensor(value)
        if not self.outputs:
            raise VerifyException("a kernel needs at least one output")
        shape = self.infer_shape()
        self._verify_outputs(shape)
        self._verify_broadcasts(shape)
        verify_epilogue(self.epilogue, self.epilogue_argument_types(), len(self.outputs))

    def _verify_outputs(self, shape: Shape) -> None:
        if len(self.output_stores) != len(self.outputs):
            raise VerifyException(f"{len(self.outputs)} outputs need as many stores, got {len(self.output_stores)}")
        for store, output in zip(self.output_stores, self.outputs, strict=True):
            stored = store.stored_shape(shape)
            if static_shape(output) != stored:
                computed = "computes" if isinstance(store, ElementsAttr) else f"stores {store.description}, which has"
                raise VerifyException(f"output type is {output.type}, the kernel {computed} shape {list(stored)}")

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
        """Build the kernel with inferred output shapes and broadcast kinds.

        Without `epilogue` every output stores the (first) accumulator as it is.

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
        outputs = zip(tuple(op.outputs), op.output_stores, result_element_types, strict=True)
        for result, store, element in outputs:
            Rewriter.replace_value_with_new_type(result, TensorType(element, store.stored_shape(shape)))
        if epilogue is None:
            block = Block(arg_types=op.epilogue_argument_types())
            block.add_op(YieldOp(operands=[[block.args[0]] * len(op.outputs)]))
            op.detach_region(0)
            op.add_region(Region(block))
        return op
