"""`lower-precision`: store floats in the precision that was asked for; kernels accumulate in f32 whichever it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from xdsl.builder import Builder
from xdsl.context import Context
from xdsl.dialects.builtin import AnyFloat, ModuleOp, SymbolRefAttr, TensorType, UnknownLoc, bf16, f16, f32
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
from boltir.dialects.graph.quantization import QuantizationOp
from boltir.dialects.graph.values import ConstantOp, WeightOp
from boltir.dialects.tensors import element_type, static_shape
from boltir.passes.support.rewriting import erase_unused, functions
from boltir.precision import Precision
from boltir.remarks import Remarks
from boltir.weights import WeightStore

if TYPE_CHECKING:
    from boltir.interpreters.arrays import Array

ELEMENTS: dict[str, Attribute] = {"f16": f16, "bf16": bf16, "f32": f32}


@dataclass
class PrecisionLowering:
    """Gives the floats of functions one type; signatures stay.

    Arguments and whatever is computed from weights alone keep their type and are cast where another
    operation reads them, so that folding goes on exactly; results are cast back where they are
    returned.
    """

    precision: Precision
    weights: WeightStore
    remarks: Remarks
    sources: set[SSAValue] = field(default_factory=set[SSAValue])
    lowered: dict[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])
    limited: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def element(self) -> Attribute:
        return ELEMENTS[self.precision.name]

    def _is_other(self, value: SSAValue) -> bool:
        """Whether `value` holds floats of another type."""
        element = element_type(value)
        return isinstance(element, AnyFloat) and element != self.element

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
        if isinstance(op, QuantizationOp):
            self._lower_quantization(op)
            return
        if not isinstance(op, CastOp):
            op.operands = [self._low(value) for value in op.operands]
        elif all(isinstance(use.operation, ReturnOp) for use in op.result.uses):
            return
        if self._is_other(op.result):
            Rewriter.replace_value_with_new_type(op.result, TensorType(self.element, static_shape(op.result)))

    def _lower_quantization(self, op: QuantizationOp) -> None:
        """A known scale keeps its type, which a dequantized result has: rounding it would move every value."""
        op.operands = [self._low(op.input), op.scale, op.zero_point]
        Rewriter.replace_value_with_new_type(op.result, op.infer_type())
        self.sources.add(op.result)

    def _low(self, value: SSAValue) -> SSAValue:
        """`value` in the precision; a source gets one cast, a constant is converted."""
        if value not in self.sources or not self._is_other(value):
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
        """Keep the weight's finite values finite in the precision."""
        from boltir.interpreters.arrays import widen

        name = op.weight_name
        if not self._is_other(op.result) or name not in self.weights:
            return
        if name not in self.limited:
            array = widen(self.weights.get(name))
            limited = _limited(array, self.precision.largest)
            self.limited[name] = name if limited is array else self.weights.add(name, limited)
        if self.limited[name] != name:
            self._explain_limit(op, f"weight @{name}")
            op.symbol = SymbolRefAttr(self.limited[name])

    def _convert(self, op: ConstantOp, build: GraphBuilder) -> SSAValue:
        from boltir.interpreters.arrays import convert, dense_array, numpy_dtype, widen

        array = widen(dense_array(op.value))
        limited = _limited(array, self.precision.largest)
        low = convert(limited, numpy_dtype(self.element))
        if limited is not array:
            self._explain_limit(op, "constant")
        if ((array != 0) & (low == 0)).any():
            self.remarks.note(
                LowerPrecisionPass.name, op, f"constant is too small for {self.precision.name}: it becomes 0"
            )
        return build.insert(array_constant(low, TensorType(self.element, static_shape(op.result))))

    def _explain_limit(self, op: GraphOp, what: str) -> None:
        message = f"{what} has values beyond {self.precision.name}: they become +-{self.precision.largest:g}"
        self.remarks.note(LowerPrecisionPass.name, op, message)


def _limited(array: Array, limit: float) -> Array:
    """`array` with finite values up to `limit`, itself if it has no others; an infinity, as of a mask, stays one."""
    import numpy as np

    if -limit <= array.min(initial=0) and array.max(initial=0) <= limit:
        return array
    beyond = np.isfinite(array) & (np.abs(array) > limit)
    return np.where(beyond, array.clip(-limit, limit), array) if beyond.any() else array


@dataclass(frozen=True)
class LowerPrecisionPass(ModulePass):
    """The floats inside functions become f16, bf16 or f32."""

    name: ClassVar[str] = "lower-precision"

    dtype: str = "f16"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        lowering = PrecisionLowering(Precision.named(self.dtype), weights_of(ctx), remarks_of(ctx))
        for function in functions(op):
            lowering.lower(function)
