"""Kernels that combine many input elements into an output element: pooling, reductions, normalisations."""

from collections.abc import Mapping

from xdsl.dialects.builtin import IntAttr
from xdsl.dialects.utils import EnumAttribute
from xdsl.ir import SpacedOpaqueSyntaxAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.utils.str_enum import StrEnum

from boltir.dialects.cutlass.matrix import is_power_of_two, require
from boltir.dialects.cutlass.simt import SimtAttr, WindowAttr, check_float_inputs, check_input_count
from boltir.dialects.cutlass.template import FlagAttr, KernelSignature
from boltir.dialects.fused.reduction import ReductionKind, ReductionKindAttr
from boltir.target import Target

MAX_ELEMENTS = 64
"""Elements of a row that a thread keeps in registers."""


class RowAlgorithm(StrEnum):
    """row: `lanes` threads share a row whose elements are adjacent. column: threads lie along the inner dimension."""

    ROW = "row"
    COLUMN = "column"


@irdl_attr_definition
class RowAlgorithmAttr(EnumAttribute[RowAlgorithm], SpacedOpaqueSyntaxAttribute):
    name = "cutlass.row_algorithm"


def check_row_lanes(lanes: int) -> None:
    require(is_power_of_two(lanes) and 4 <= lanes <= 1024, f"lanes must be a power of two from 4 to 1024, got {lanes}")


def check_elements(elements: int, vector: int) -> None:
    require(
        0 <= elements <= MAX_ELEMENTS and elements % vector == 0,
        f"elements must be a multiple of the vector up to {MAX_ELEMENTS}, got {elements}",
    )


@irdl_attr_definition
class Pool2dAttr(WindowAttr):
    """Pooling; a mean counts the padding only with `include_padding`."""

    name = "cutlass.pool2d"
    kind: ReductionKindAttr
    include_padding: FlagAttr

    @property
    def own_parameters(self) -> tuple[str, ...]:
        return ("n", "h", "w", "c", "pad_top", "pad_left", "pad_bottom", "pad_right", "p", "q")

    def verify(self) -> None:
        super().verify()
        kind = self.kind.data
        require(kind in (ReductionKind.MAX, ReductionKind.MEAN), f"pooling takes max or mean, not {kind}")
        registers = self.outputs.data * self.vector.data
        require(registers <= 64, f"{self.outputs.data} outputs of {self.vector.data} channels exceed 64 registers")

    def check_legal(self, target: Target, signature: KernelSignature) -> None:
        super().check_legal(target, signature)
        check_input_count(signature, 1)
        check_float_inputs(signature)


@irdl_attr_definition
class ReduceAttr(SimtAttr):
    """Reduction of [outer, reduce, inner] over the middle."""

    name = "cutlass.reduce"
    kind: ReductionKindAttr
    algorithm: RowAlgorithmAttr
    lanes: IntAttr

    @property
    def own_parameters(self) -> tuple[str, ...]:
        return ("outer", "reduce", "inner", "columns")

    @property
    def divisors(self) -> Mapping[str, int]:
        return {("reduce" if self.algorithm.data is RowAlgorithm.ROW else "inner"): self.vector.data}

    def verify(self) -> None:
        super().verify()
        lanes = self.lanes.data
        if self.algorithm.data is RowAlgorithm.ROW:
            check_row_lanes(lanes)
        else:
            require(lanes in (8, 16, 32), f"lanes must be 8, 16 or 32 along the inner dimension, got {lanes}")

    def check_legal(self, target: Target, signature: KernelSignature) -> None:
        super().check_legal(target, signature)
        check_input_count(signature, 1)


@irdl_attr_definition
class SoftmaxAttr(SimtAttr):
    """Softmax of [outer, axis, inner] over the middle; algorithm row with elements = 0 takes rows of any length."""

    name = "cutlass.softmax"
    algorithm: RowAlgorithmAttr
    lanes: IntAttr
    elements: IntAttr

    @property
    def own_parameters(self) -> tuple[str, ...]:
        return ("outer", "axis", "inner", "columns")

    @property
    def divisors(self) -> Mapping[str, int]:
        return {("axis" if self.algorithm.data is RowAlgorithm.ROW else "inner"): self.vector.data}

    def verify(self) -> None:
        super().verify()
        check_elements(self.elements.data, self.vector.data)
        if self.algorithm.data is RowAlgorithm.ROW:
            check_row_lanes(self.lanes.data)

    def check_legal(self, target: Target, signature: KernelSignature) -> None:
        super().check_legal(target, signature)
        check_input_count(signature, 1)
        check_float_inputs(signature)


@irdl_attr_definition
class LayerNormAttr(SimtAttr):
    """Normalisation of the rows of [outer, axis]; elements = 0 takes rows of any length. `epsilon` is an f32's bits."""

    name = "cutlass.layer_norm"
    lanes: IntAttr
    elements: IntAttr

    @property
    def own_parameters(self) -> tuple[str, ...]:
        return ("outer", "axis", "columns", "epsilon")

    @property
    def divisors(self) -> Mapping[str, int]:
        return {"axis": self.vector.data}

    def verify(self) -> None:
        super().verify()
        check_elements(self.elements.data, self.vector.data)
        check_row_lanes(self.lanes.data)

    def check_legal(self, target: Target, signature: KernelSignature) -> None:
        super().check_legal(target, signature)
        check_input_count(signature, 1)
        check_float_inputs(signature)
