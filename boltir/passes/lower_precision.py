"""`lower-precision`: store floats in 16 bits; kernels go on accumulating in f32."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from xdsl.builder import Builder
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, SymbolRefAttr, TensorType, UnknownLoc, bf16, f16, f32
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Attribute, Block, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter
from xdsl.utils.hints import isa

from boltir.context import remarks_of, weights_of
from boltir.dialects.graph.base import GraphOp
from boltir.dialects.graph.builder import GraphBuilder
from boltir.dialects.graph.constants import array_constant
from boltir.dialects.graph.elementwise import CastOp
from boltir.dialects.graph.values import ConstantOp, WeightOp
from boltir.dialects.tensors import element_type, static_shape
from boltir.errors import BoltError
from boltir.passes.support.rewriting import erase_unused, functions
from boltir.remarks import Remarks
from boltir.weights import WeightStore

LOW_PRECISIONS: dict[str, Attribute] = {"f16": f16, "bf16": bf16}
LARGEST = {"f16": 65504.0, "bf16": 3.3895313892515355e38}
"""The largest finite number of each type."""


@dataclass
class PrecisionLowering:
    """Gives the f32 values of functions a 16-bit type; signatures stay.

    Arguments and whatever is computed from weights alone keep f32 and are cast where another
    operation reads them, so that folding goes on exactly; results are cast back where they are
    returned.
    """

    dtype: str
    weights: WeightStore
    remarks: Remarks
    sources: set[SSAValue] = field(default_factory=set[SSAValue])
    lowered: dict[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])
    limited: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def element(self) -> Attribute:
        return LOW_PRECISIONS[self.dtype]

    def lower(self, function: FuncOp) -> None:
        block = function.body.block
        ops = [op for op in block.ops if isinstance(op, GraphOp)]
        constant: set[SSAValue] = set()
        for op in ops:
            if isinstance(op, WeightOp):
                self._limit_weight(op)
            if all(operand in constant for operand in op.operands):
                constant.add(op.result)
        self.sources = constant.union(block.args)
        for op in ops:
            if op.result not in constant:
                self._lower_op(op)
        if isinstance(block.last_op, ReturnOp):
            self._restore_results(block.last_op, function)
        erase_unused([op for op in ops if isinstance(op, ConstantOp)])

    def _lower_op(self, op: GraphOp) -> None:
        if not isinstance(op, CastOp):
            op.operands = [self._low(value) for value in op.operands]
        elif all(isinstance(use.operation, ReturnOp) for use in op.result.uses):
            return
        if element_type(op.result) == f32:
            Rewriter.replace_value_with_new_type(op.result, TensorType(self.element, static_shape(op.result)))

    def _low(self, value: SSAValue) -> SSAValue:
        """`value` in low precision; a source gets one cast, a constant is converted."""
        if value not in self.sources or element_type(value) != f32:
            return value
        if value not in self.lowered:
            owner = value.owner
            place = InsertPoint.at_start(owner) if isinstance(owner, Block) else InsertPoint.after(owner)
            location = UnknownLoc() if isinstance(owner, Block) else owner.location
            build = GraphBuilder(Builder(place), location)
            is_constant = isinstance(owner, ConstantOp)
            self.lowered[value] = self._convert(owner, build) if is_constant else build.cast(value, self.element)
        return self.lowered[value]

    def _restore_results(self, op: ReturnOp, function: FuncOp) -> None:
        build = GraphBuilder.before(op)
        wanted = function.function_type.outputs.data
        for index, (value, result) in enumerate(zip(op.operands, wanted, strict=True)):
            if value.type != result and isa(result, TensorType[Attribute]):
                op.operands[index] = build.cast(value, result.element_type)

    def _limit_weight(self, op: WeightOp) -> None:
        """Make the weight's values finite in low precision."""
        name = op.weight_name
        if element_type(op.result) != f32 or name not in self.weights:
            return
        if name not in self.limited:
            array = self.weights.get(name)
            limit = LARGEST[self.dtype]
            fits = not array.size or (array.max() <= limit and array.min() >= -limit)
            self.limited[name] = name if fits else self.weights.add(name, array.clip(-limit, limit))
        if self.limited[name] != name:
            self._explain_limit(op, f"weight @{name}")
            op.symbol = SymbolRefAttr(self.limited[name])

    def _convert(self, op: ConstantOp, build: GraphBuilder) -> SSAValue:
        from boltir.interpreters.arrays import convert, dense_array, numpy_dtype

        array, limit = dense_array(op.value), LARGEST[self.dtype]
        low = convert(array.clip(-limit, limit), numpy_dtype(self.element))
        if (abs(array) > limit).any():
            self._explain_limit(op, "constant")
        if ((array != 0) & (low == 0)).any():
            self.remarks.note(LowerPrecisionPass.name, op, f"constant is too small for {self.dtype}: it becomes 0")
        return build.insert(array_constant(low, TensorType(self.element, static_shape(op.result))))

    def _explain_limit(self, op: GraphOp, what: str) -> None:
        message = f"{what} has values beyond {self.dtype}: they become +-{LARGEST[self.dtype]:g}"
        self.remarks.note(LowerPrecisionPass.name, op, message)


@dataclass(frozen=True)
class LowerPrecisionPass(ModulePass):
    """f32 values inside functions become f16 or bf16."""

    name: ClassVar[str] = "lower-precision"

    dtype: str = "f16"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        if self.dtype not in LOW_PRECISIONS:
            names = " or ".join(LOW_PRECISIONS)
            raise BoltError(f"cannot lower to '{self.dtype}'", where=f"pass '{self.name}'", hint=f"dtype is {names}")
        lowering = PrecisionLowering(self.dtype, weights_of(ctx), remarks_of(ctx))
        for function in functions(op):
            lowering.lower(function)
